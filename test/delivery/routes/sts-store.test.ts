/** How long a policy is believed, with a clock, a name server and a policy host that do as they are told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Lookup, LookupFailed } from '../../../src/delivery/routes/lookup.ts'
import { PolicyUnavailable } from '../../../src/delivery/routes/sts-fetch.ts'
import { type InForce, StsStore } from '../../../src/delivery/routes/sts-store.ts'
import { policyText } from './policy-host.ts'

const minute = 60_000
const day = 86_400_000
const week = 604_800

class World {
  now = Date.parse('2026-01-01')
  /** What is published; null: nothing; an error: DNS fails. */
  id: string | null | LookupFailed = '1'
  text: string | PolicyUnavailable = policyText('enforce', ['mx.a.test'], week)
  /** Until it is settled, a policy host says nothing. */
  busy: Promise<void> = Promise.resolve()
  /** Signals of the requests so far. */
  readonly fetched: AbortSignal[] = []
  readonly store: StsStore

  constructor(most?: number) {
    this.store = new StsStore({ now: () => this.now, ...(most !== undefined && { most }) })
  }

  policyOf(domain = 'a.test', signal = new AbortController().signal): Promise<InForce> {
    const records: Lookup['records'] = async (name) => {
      if (this.id instanceof LookupFailed) throw this.id
      if (this.id === null) throw new LookupFailed('ENODATA', `TXT of ${name}`)
      return [[`v=STSv1; id=${this.id}`]]
    }
    return this.store.policyOf(domain, {
      signal,
      openLookup: () => ({ records, addresses: async () => [] }),
      fetch: async (_domain, { signal: ended }) => {
        this.fetched.push(ended)
        await this.busy
        ended.throwIfAborted()
        if (typeof this.text === 'string') return this.text
        throw this.text
      },
    })
  }

  /** `enforce 1`, with what went wrong; and how often the policy host was asked so far. */
  async told(): Promise<readonly [string, number]> {
    const { policy, fault } = await this.policyOf()
    const told = policy === null ? 'nothing' : `${policy.mode} ${policy.id}`
    return [fault === null ? told : `${told}: ${fault}`, this.fetched.length]
  }
}

const gone = new PolicyUnavailable('gone')
const dnsFails = new LookupFailed('ETIMEOUT', 'TXT of _mta-sts.a.test')
const noAnswer = 'TXT of _mta-sts.a.test: no answer in time'

test('a policy is fetched once while its id stays', async () => {
  const world = new World()
  assert.deepEqual(await world.told(), ['enforce 1', 1])
  assert.deepEqual(await world.told(), ['enforce 1', 1])
  world.now += 12 * 60 * minute
  assert.deepEqual(await world.told(), ['enforce 1', 1])
})

test('a new id: fetched again', async () => {
  const world = new World()
  await world.told()
  world.id = '2'
  world.text = policyText('testing', ['mx.a.test'])
  assert.deepEqual(await world.told(), ['testing 2', 2])
  assert.deepEqual(await world.told(), ['testing 2', 2])
})

for (const [name, breaks, fault] of [
  ['its record is gone', { id: null }, '_mta-sts.a.test has no usable record'],
  ['its record is malformed', { id: 'a-b' }, '_mta-sts.a.test has no usable record'],
  ['DNS fails', { id: dnsFails }, noAnswer],
  ['its host is gone, and the id a new one', { id: '2', text: gone }, 'gone'],
  ['the new text is none', { id: '2', text: 'nonsense' }, 'the policy cannot be read: Invalid version field'],
] as const)
  test(`a policy holds as long as it says, when ${name}`, async () => {
    const world = new World()
    await world.told()
    Object.assign(world, breaks)
    world.now += 6 * day
    assert.equal((await world.told())[0], `enforce 1: ${fault}`)
    world.now += day
    assert.match((await world.told())[0], /^nothing/)
  })

test('a policy of a day ago is fetched again, and stays in force where that fails', async () => {
  const world = new World()
  await world.told()
  world.now += day
  world.text = gone
  assert.deepEqual(await world.told(), ['enforce 1: gone', 2])
  world.text = policyText('enforce', ['mx.a.test'], week)
  assert.deepEqual(await world.told(), ['enforce 1: gone', 2], 'not again within five minutes')
  world.now += 5 * minute
  assert.deepEqual(await world.told(), ['enforce 1', 3])
  world.now += 6 * day
  world.text = gone
  assert.equal((await world.told())[0], 'enforce 1: gone', 'it holds for a week from the last time')
})

test('a policy that holds for a minute is fetched again before its end', async () => {
  const world = new World()
  world.text = policyText('enforce', ['mx.a.test'], 60)
  await world.told()
  world.now += minute / 2
  assert.deepEqual(await world.told(), ['enforce 1', 2])
})

test('a policy for no time holds for the mail that asked for it', async () => {
  const world = new World()
  world.text = policyText('enforce', ['mx.a.test'], 0)
  assert.deepEqual(await world.told(), ['enforce 1', 1])
  world.id = null
  assert.deepEqual(await world.told(), ['nothing', 1])
})

test('one that cannot be had is asked for every five minutes, or when it has another id', async () => {
  const world = new World()
  world.text = gone
  assert.deepEqual(await world.told(), ['nothing: gone', 1])
  assert.deepEqual(await world.told(), ['nothing: gone', 1])
  world.id = '2'
  assert.deepEqual(await world.told(), ['nothing: gone', 2])
  world.now += 5 * minute
  assert.deepEqual(await world.told(), ['nothing: gone', 3])
})

test('a domain that gives its policy up', async () => {
  const world = new World()
  await world.told()
  world.id = '2'
  world.text = policyText('none', [], week)
  assert.deepEqual(await world.told(), ['none 2', 2])
})

test('deliveries that ask at the same time share one request', async () => {
  const world = new World()
  const answers = await Promise.all([world.policyOf(), world.policyOf(), world.policyOf()])
  assert.deepEqual(
    answers.map(({ policy }) => policy?.id),
    ['1', '1', '1'],
  )
  assert.equal(world.fetched.length, 1)
})

test('who is stopped goes; the request ends with the last of them, and is no fault of the domain', async () => {
  const world = new World()
  const busy = Promise.withResolvers<void>()
  world.busy = busy.promise
  const [one, two] = [new AbortController(), new AbortController()]
  const answers = [world.policyOf('a.test', one.signal), world.policyOf('a.test', two.signal)]
  while (world.fetched.length === 0) await new Promise((done) => setImmediate(done))
  one.abort()
  assert.deepEqual(await answers[0], { policy: null, fault: null })
  assert.equal(world.fetched[0]?.aborted, false)
  two.abort()
  assert.deepEqual(await answers[1], { policy: null, fault: null })
  assert.equal(world.fetched[0]?.aborted, true)
  const next = world.told()
  busy.resolve()
  assert.deepEqual(await next, ['enforce 1', 2])
})

test('so many domains are remembered, those asked for last', async () => {
  const world = new World(2)
  for (const domain of ['a.test', 'b.test', 'a.test', 'c.test']) await world.policyOf(domain)
  assert.deepEqual([world.store.size, world.fetched.length], [2, 3])
  await world.policyOf('a.test')
  assert.equal(world.fetched.length, 3)
  await world.policyOf('b.test')
  assert.equal(world.fetched.length, 4)
})

test('domains without a policy take no room', async () => {
  const world = new World()
  world.id = null
  await world.policyOf()
  assert.equal(world.store.size, 0)
})
