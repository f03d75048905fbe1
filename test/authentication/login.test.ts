import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { delayAfter, Login } from '../../src/authentication/login.ts'
import { networkOf } from '../../src/authentication/network.ts'
import { hashPassword } from '../../src/authentication/passwords.ts'
import { Tally } from '../../src/authentication/tally.ts'
import { added, Book, configured } from './events.ts'

const minute = 60_000
const secret = 'correct horse'
let hash = ''
before(async () => {
  hash = await hashPassword(secret)
})

/** A login whose clock and pauses are the test's. */
const lodge = (limits: Partial<{ perAddress: number; perAccount: number; window: number }> = {}) => {
  const { directory } = new Book(configured(), [
    added('alice@example.org', ['alice@example.org', 'a.smith@example.org'], hash),
    added('bob@example.org', ['bob@example.org'], hash),
  ])
  const clock = { now: 1_000_000 }
  const waits: number[] = []
  const login = new Login({
    directory,
    limits: { perAddress: 5, perAccount: 3, window: 15 * minute, ...limits },
    now: () => clock.now,
    wait: async (milliseconds) => waits.push(milliseconds),
  })
  const attempt = async (user: string, password: string, peer = '192.0.2.1') =>
    (await login.verify({ user, password, peer })).verdict
  return { login, attempt, clock, waits }
}

test('the right password is let in, by any address of the account', async () => {
  const { login, waits } = lodge()
  for (const user of ['alice@example.org', 'ALICE@Example.org', 'a.smith@example.org']) {
    const verdict = await login.verify({ user, password: secret, peer: '192.0.2.1' })
    assert.deepEqual(verdict, {
      verdict: 'ok',
      user: 'alice@example.org',
      addresses: ['alice@example.org', 'a.smith@example.org'],
    })
  }
  assert.deepEqual(waits, [])
})

test('an unknown name gets the answer of a wrong password, after the same work; what was typed is not repeated', async () => {
  const { login, waits } = lodge()
  const wrong = await login.verify({ user: 'alice@example.org', password: 'x', peer: '192.0.2.1' })
  const unknown = await login.verify({ user: secret, password: 'x', peer: '192.0.2.2' })
  assert.deepEqual(wrong, { verdict: 'bad-credentials', user: 'alice@example.org' })
  assert.deepEqual(unknown, { verdict: 'bad-credentials', user: null })
  assert.deepEqual(waits, [100, 100])
})

test('each failure is answered later than the one before', async () => {
  const { attempt, waits } = lodge({ perAddress: 100, perAccount: 100 })
  for (let at = 0; at < 8; at++) await attempt('alice@example.org', 'x')
  assert.deepEqual(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000])
  assert.equal(delayAfter(10_000), 5000)
})

test('an address that failed too often is not heard until the window is over, whatever it says', async () => {
  const { attempt, clock } = lodge({ perAddress: 2, perAccount: 100 })
  assert.equal(await attempt('x@example.org', 'x'), 'bad-credentials')
  assert.equal(await attempt('y@example.org', 'x'), 'bad-credentials')
  assert.equal(await attempt('alice@example.org', secret), 'throttled')
  assert.equal(await attempt('alice@example.org', secret, '192.0.2.9'), 'ok')
  clock.now += 15 * minute
  assert.equal(await attempt('alice@example.org', secret), 'ok')
})

test('an account that is guessed at from everywhere is closed, but not to those who logged in before', async () => {
  const { attempt } = lodge({ perAddress: 100, perAccount: 2 })
  assert.equal(await attempt('alice@example.org', secret, '198.51.100.1'), 'ok')
  assert.equal(await attempt('alice@example.org', 'x', '192.0.2.1'), 'bad-credentials')
  assert.equal(await attempt('a.smith@example.org', 'x', '192.0.2.2'), 'bad-credentials')
  assert.equal(await attempt('alice@example.org', secret, '192.0.2.3'), 'throttled')
  assert.equal(await attempt('alice@example.org', secret, '198.51.100.1'), 'ok')
  assert.equal(await attempt('bob@example.org', secret, '192.0.2.3'), 'ok')
})

test('a name that is no account is closed like one that is', async () => {
  const { attempt } = lodge({ perAddress: 100, perAccount: 2 })
  assert.equal(await attempt('nobody@example.org', 'x', '192.0.2.1'), 'bad-credentials')
  assert.equal(await attempt('NOBODY@example.org', 'x', '192.0.2.2'), 'bad-credentials')
  assert.equal(await attempt('nobody@example.org', 'x', '192.0.2.3'), 'throttled')
})

test('many guesses at once are not more than the limit', async () => {
  const { login } = lodge({ perAddress: 3, perAccount: 100 })
  const guesses = Array.from({ length: 12 }, (_, at) =>
    login.verify({ user: `user${at}@example.org`, password: 'x', peer: '192.0.2.1' }),
  )
  const verdicts = (await Promise.all(guesses)).map(({ verdict }) => verdict)
  assert.equal(verdicts.filter((verdict) => verdict === 'bad-credentials').length, 3)
  assert.equal(verdicts.filter((verdict) => verdict === 'throttled').length, 9)
})

test('logging in with an account of one’s own does not forgive guesses at another', async () => {
  const { attempt } = lodge({ perAddress: 3, perAccount: 100 })
  for (let at = 0; at < 3; at++) {
    assert.equal(await attempt('bob@example.org', secret), 'ok')
    assert.equal(await attempt('alice@example.org', 'x'), 'bad-credentials')
  }
  assert.equal(await attempt('alice@example.org', 'x'), 'throttled')
})

test('a clock set back keeps nobody out', async () => {
  const { attempt, clock } = lodge({ perAddress: 1 })
  assert.equal(await attempt('alice@example.org', 'x'), 'bad-credentials')
  assert.equal(await attempt('alice@example.org', secret), 'throttled')
  clock.now -= minute
  assert.equal(await attempt('alice@example.org', secret), 'ok')
})

test('neighbours in one IPv6 network are one, IPv4 is IPv4 in any dress', () => {
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), networkOf('2001:db8:1:2::1'))
  assert.notEqual(networkOf('2001:db8:1:2::1'), networkOf('2001:db8:1:3::1'))
  assert.equal(networkOf('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(networkOf('fe80::1%eth0'), networkOf('fe80::2'))
  assert.equal(networkOf('192.0.2.1'), '192.0.2.1')
  assert.equal(networkOf('not an address'), 'not an address')
})

test('a tally never holds more than it may, and forgets what was used longest ago', () => {
  const tally = new Tally({ window: minute, most: 3 })
  for (const key of ['a', 'b', 'c', 'a', 'd']) tally.add(key, 0)
  assert.equal(tally.size, 3)
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => tally.count(key, 1)),
    [2, 0, 1, 1],
  )
  for (let at = 0; at < 1000; at++) tally.add(`key ${at}`, 2)
  assert.equal(tally.size, 3)
  tally.subtract('key 999')
  tally.subtract('key 999')
  assert.equal(tally.count('key 999', 3), 0)
  assert.equal(tally.count('key 998', minute + 2), 0)
})
