import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { networkAround } from '../../machines/vocabulary/network.ts'
import { Rates, type Sending } from '../../src/reputation/rates.ts'
import { rowsOf } from '../tables/table.ts'

const minute = 60_000
const from = (address: string, sender = 'alice@example.net', account: string | null = null): Sending => ({
  ...{ address, sender, account },
})
const file = new URL('./rates.md', import.meta.url)

for (const row of rowsOf(file, 'Networks'))
  test(`rates.md:${row.line} ${row.cell('address')} lies in ${row.cell('network')}`, () => {
    assert.equal(networkAround(row.cell('address')), row.cell('network'))
  })

for (const row of rowsOf(file, 'Windows'))
  test(`rates.md:${row.line} ${row.cell('at seconds')}`, () => {
    const rates = new Rates({ windows: [{ of: 'address', per: minute }] })
    const counts = row
      .cell('at seconds')
      .split(' ')
      .map((at) => rates.enter(from('192.0.2.1'), Number(at) * 1_000).counts[0]?.messages)
    assert.equal(counts.join(' '), row.cell('counts'))
  })

test('each rule counts its own subject in its own time; of rules that want the same there is one count', () => {
  const rates = new Rates({
    windows: [
      { of: 'senderDomain', per: minute },
      { of: 'address', per: 2 * minute },
      { of: 'address', per: minute },
      { of: 'network', per: minute },
      { of: 'account', per: minute },
      { of: 'address', per: minute },
    ],
  })
  assert.equal(rates.longest, 2 * minute)
  rates.enter(from('192.0.2.1', 'a@Example.NET', 'alice'), 0)
  rates.enter(from('192.0.2.2', 'b@example.net', 'alice'), 1_000)
  assert.deepEqual(rates.enter(from('192.0.2.1', 'c@example.org', 'alice'), 61_000).counts, [
    { of: 'address', subject: '192.0.2.1', messages: 1, per: minute },
    { of: 'address', subject: '192.0.2.1', messages: 2, per: 2 * minute },
    { of: 'network', subject: '192.0.2.0/24', messages: 1, per: minute },
    { of: 'account', subject: 'alice', messages: 1, per: minute },
    {
      ...{ of: 'senderDomain', subject: 'example.org', messages: 1, per: minute },
      ...{ vouched: false, ifVouched: 1 },
    },
  ])
})

test('who has no account, and the null sender, are counted as nobody', () => {
  const rates = new Rates({
    windows: [
      { of: 'account', per: minute },
      { of: 'senderDomain', per: minute },
    ],
  })
  assert.deepEqual(rates.enter(from('192.0.2.1', ''), 0).counts, [])
  assert.equal(rates.size, 0)
})

test('what did not become a message is counted no longer, however often that is said', () => {
  const rates = new Rates({ windows: [{ of: 'address', per: minute }] })
  const { leave } = rates.enter(from('192.0.2.1'), 0)
  rates.enter(from('192.0.2.1'), 1_000)
  leave()
  leave()
  assert.equal(rates.enter(from('192.0.2.1'), 2_000).counts[0]?.messages, 2)
})

test('who was silent longest is forgotten first', () => {
  const rates = new Rates({ windows: [{ of: 'address', per: minute }], most: 2 })
  rates.enter(from('a'), 0)
  const forgotten = rates.enter(from('b'), 0)
  rates.enter(from('a'), 0)
  rates.enter(from('c'), 0)
  assert.equal(rates.size, 2)
  forgotten.leave()
  assert.equal(rates.enter(from('a'), 0).counts[0]?.messages, 3)
  assert.equal(rates.enter(from('b'), 0).counts[0]?.messages, 1)
})

test('rules that change keep the counts of those that stay', () => {
  const rates = new Rates({ windows: [{ of: 'address', per: minute }] })
  rates.enter(from('192.0.2.1'), 0)
  rates.use([
    { of: 'address', per: 2 * minute },
    { of: 'address', per: minute },
  ])
  assert.deepEqual(
    rates.enter(from('192.0.2.1'), 0).counts.map(({ messages }) => messages),
    [2, 1],
  )
  rates.use([])
  assert.deepEqual([rates.longest, rates.size, rates.enter(from('x'), 0).counts], [0, 0, []])
})

test('messages of before are counted in their own time, among those that came meanwhile', () => {
  const rates = new Rates({
    windows: [
      { of: 'address', per: minute },
      { of: 'address', per: 10 * minute },
    ],
  })
  const now = 20 * minute
  const counts = (at: number) => rates.enter(from('x'), at).counts.map(({ messages }) => messages)
  assert.deepEqual(counts(now), [1, 1])
  for (const ago of [11, 9, 5, 0.5]) rates.recount(from('x'), { at: now - ago * minute, now })
  assert.deepEqual(counts(now), [3, 5])
  assert.deepEqual(counts(now + 2 * minute), [1, 5])
})

test('never more than came within the window, never less than came within 95 % of it', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 2 * minute }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(steps, (pauses) => {
      const rates = new Rates({ windows: [{ of: 'address', per: minute }] })
      let now = 1_700_000_000_000
      const times: number[] = []
      for (const pause of pauses) {
        now += pause
        times.push(now)
        const counted = rates.enter(from('x'), now).counts[0]!.messages
        const within = (time: number) => times.filter((at) => now - at < time).length
        assert.ok(counted <= within(minute) && counted >= within(0.95 * minute))
      }
    }),
  )
})

test('whose messages came to nothing does not push out whose count', () => {
  const rates = new Rates({ windows: [{ of: 'senderDomain', per: minute }], most: 10 })
  for (let at = 0; at < 5; at++) rates.enter(from('192.0.2.1', 'a@busy.example'), 0)
  for (let at = 0; at < 50; at++) rates.enter(from('192.0.2.1', `a@d${at}.example`), 0).leave()
  assert.equal(rates.size, 1)
  assert.equal(rates.enter(from('192.0.2.1', 'a@busy.example'), 0).counts[0]?.messages, 6)
})

test('a domain in two spellings is one', () => {
  const rates = new Rates({ windows: [{ of: 'senderDomain', per: minute }] })
  rates.enter(from('192.0.2.1', 'a@xn--bcher-kva.example'), 0)
  const [count] = rates.enter(from('192.0.2.1', 'a@bücher.example'), 0).counts
  assert.deepEqual(count, {
    of: 'senderDomain',
    subject: 'xn--bcher-kva.example',
    messages: 2,
    per: minute,
    vouched: false,
    ifVouched: 1,
  })
})

test('messages that a domain vouches for are counted apart from those that only bear its name', () => {
  const rates = new Rates({ windows: [{ of: 'senderDomain', per: minute }] })
  const enter = (vouched: boolean) => rates.enter({ ...from('192.0.2.1', 'a@x.example'), vouched }, 0)
  const about = ({ counts: [count] }: ReturnType<typeof enter>) => [
    count?.messages,
    count?.vouched,
    count?.ifVouched,
  ]
  for (let forged = 0; forged < 5; forged++) enter(false)
  assert.deepEqual(about(enter(true)), [1, true, undefined])
  const late = enter(false)
  assert.deepEqual(about(late), [6, false, 2])
  late.vouch()
  late.vouch()
  assert.deepEqual(about(late), [2, true, undefined])
  assert.deepEqual(about(enter(false)), [6, false, 3])
  late.leave()
  assert.deepEqual(about(enter(true)), [2, true, undefined])
})

test('names that somebody makes up push out no domain that vouches for its mail', () => {
  const rates = new Rates({ windows: [{ of: 'senderDomain', per: minute }], most: 3 })
  rates.enter({ ...from('192.0.2.1', 'a@x.example'), vouched: true }, 0)
  for (let at = 0; at < 20; at++) rates.enter(from('192.0.2.1', `a@d${at}.example`), 0)
  const { counts } = rates.enter({ ...from('192.0.2.1', 'a@x.example'), vouched: true }, 0)
  assert.equal(counts[0]?.messages, 2)
  assert.equal(rates.size, 4)
})

test('who has no domain to vouch for is counted as before', () => {
  const rates = new Rates({ windows: [{ of: 'address', per: minute }] })
  const entered = rates.enter(from('192.0.2.1'), 0)
  entered.vouch()
  assert.deepEqual(entered.counts, [{ of: 'address', subject: '192.0.2.1', messages: 1, per: minute }])
})
