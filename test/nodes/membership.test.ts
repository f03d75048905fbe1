/** Servers on one log hear of each other, take each other for dead in time and never too early, and bear one name once. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as soon } from 'node:timers/promises'
import { openMemoryLog } from '../../src/log/memory.ts'
import { type EventLog, LogUnavailable } from '../../src/log/port.ts'
import { join, type Membership, type MembershipOptions, NodeNameTaken } from '../../src/nodes/membership.ts'

const lease = 9_000

type Joined = Membership & { readonly log: string[] }

/** One clock and one set of timers for all servers of a test. */
const world = (context: TestContext, log: EventLog = openMemoryLog()) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  let time = 0
  /** What was appended has been heard. */
  const settle = async () => {
    for (let turn = 0; turn < 20; turn++) await soon()
  }
  return {
    log,
    settle,
    pass: async (milliseconds: number) => {
      for (let at = 0; at < milliseconds; at += 100) {
        time += 100
        context.mock.timers.tick(100)
        await settle()
      }
    },
    enter: async (node: string, more: Partial<MembershipOptions> = {}): Promise<Joined> => {
      const said: string[] = []
      const membership = await join({
        ...{ log, node, instance: `instance of ${node}`, lease, elapsed: () => time },
        vacated: () => said.push('vacated'),
        ousted: ({ message }) => said.push(message),
        warn: (what) => said.push(what),
        ...more,
      })
      context.after(() => membership.leave())
      return { ...bound(membership), log: said }
    },
  }
}
const bound = (membership: Membership): Membership => ({
  node: membership.node,
  isAlive: () => membership.isAlive(),
  life: () => membership.life(),
  others: () => membership.others(),
  leave: () => membership.leave(),
})

test('they hear of each other, and know who lives after one lease', async (context) => {
  const { enter, pass } = world(context)
  const [a, b] = [await enter('a'), await enter('b')]
  assert.equal(a.others(), null)
  await pass(lease)
  assert.deepEqual([a.others(), b.others()], [['b'], ['a']])
  assert.deepEqual(a.log, ['vacated'])
  assert.ok(a.isAlive() && b.isAlive())
})

test('one that ends in order leaves at once', async (context) => {
  const { enter, pass, settle } = world(context)
  const [a, b] = [await enter('a'), await enter('b')]
  await pass(lease)
  await b.leave()
  await settle()
  assert.deepEqual(a.others(), [])
  assert.deepEqual(a.log, ['vacated', 'vacated'])
  assert.ok(!b.isAlive())
})

test('one that cannot speak to the log stops before the others take over', async (context) => {
  const log = openMemoryLog()
  const append = log.append.bind(log)
  let isCutOff = false
  log.append = (appends) =>
    isCutOff && appends[0]?.stream === 'node-b'
      ? Promise.reject(new LogUnavailable('no way'))
      : append(appends)
  const { enter, pass } = world(context, log)
  const [a, b] = [await enter('a'), await enter('b')]
  await pass(lease)
  const lives = [a.life(), b.life()]
  isCutOff = true
  let stoppedAt: number | null = null
  let takenOverAt: number | null = null
  for (let at = 0; takenOverAt === null && at < 3 * lease; at += 100) {
    await pass(100)
    if (stoppedAt === null && !b.isAlive()) stoppedAt = at
    if (a.others()?.length === 0) takenOverAt = at
  }
  assert.ok(
    stoppedAt !== null && takenOverAt !== null && stoppedAt < takenOverAt,
    `${stoppedAt} ${takenOverAt}`,
  )
  assert.ok(takenOverAt <= lease + 1_000, String(takenOverAt))
  isCutOff = false
  await pass(lease)
  assert.ok(b.isAlive())
  assert.deepEqual(a.others(), ['b'])
  // Who was taken for dead knows it, although it is alive again.
  assert.deepEqual([a.life() - lives[0]!, b.life() - lives[1]!], [0, 1])
})

test('a name is borne once: the second is turned away, whoever lives goes on', async (context) => {
  const { enter, pass } = world(context)
  const a = await enter('a')
  const second = enter('a', { instance: 'another' }).then(
    () => 'joined',
    (error: Error) => error,
  )
  await pass(lease)
  assert.ok((await second) instanceof NodeNameTaken)
  assert.ok(a.isAlive())
})

test('the same server that starts again after a crash has its name at once', async (context) => {
  const { enter, settle } = world(context)
  await enter('a')
  const again = await enter('a')
  await settle()
  assert.ok(again.isAlive())
})

test('a name whose bearer is silent is free after its lease', async (context) => {
  const log = openMemoryLog()
  const { enter, pass, settle } = world(context, log)
  const gone = await enter('a')
  await gone.leave()
  // As after a crash: the last that was said is that it lives.
  await log.append([
    {
      stream: 'node-a',
      expected: 1,
      events: [
        {
          ...{ id: '00000000-0000-4000-8000-000000000001', at: 0 },
          kind: { type: 'NodeAlive', version: 1, meta: {} },
          data: { node: 'a', instance: 'gone', lease },
        },
      ],
    },
  ])
  let joined: Joined | null = null
  void enter('a', { instance: 'another' }).then((membership) => {
    joined = membership
  })
  await pass(lease - 1_000)
  assert.equal(joined, null)
  await pass(2_000)
  await settle()
  assert.ok(joined !== null && (joined as Joined).isAlive())
})

test('one whose name was taken while it slept ends', async (context) => {
  const { enter, pass, log } = world(context)
  const a = await enter('a')
  await log.append([
    {
      stream: 'node-a',
      expected: 0,
      events: [
        {
          ...{ id: '00000000-0000-4000-8000-000000000002', at: 0 },
          kind: { type: 'NodeAlive', version: 1, meta: {} },
          data: { node: 'a', instance: 'another', lease },
        },
      ],
    },
  ])
  await pass(lease)
  assert.match(a.log.join('\n'), /another server on this log calls itself a/)
  assert.ok(!a.isAlive())
})

test('what was taken for lost and was written all the same is no other server', async (context) => {
  const log = openMemoryLog()
  const append = log.append.bind(log)
  let isLate = false
  log.append = async (appends) => {
    const stored = await append(appends)
    if (isLate && appends[0]?.stream === 'node-a') throw new LogUnavailable('no answer in time')
    return stored
  }
  const { enter, pass } = world(context, log)
  const a = await enter('a')
  await pass(lease)
  isLate = true
  await pass(2 * lease)
  assert.ok(!a.isAlive())
  isLate = false
  await pass(lease)
  assert.ok(a.isAlive())
  assert.ok(!a.log.some((line) => line.includes('calls itself')), a.log.join('\n'))
})

test('a log that is slow to answer is not asked twice at a time', async (context) => {
  const log = openMemoryLog()
  const append = log.append.bind(log)
  const held: (() => void)[] = []
  let isSlow = false
  log.append = async (appends) => {
    if (isSlow) await new Promise<void>((resolve) => held.push(resolve))
    return append(appends)
  }
  const { enter, pass, settle } = world(context, log)
  const a = await enter('a')
  isSlow = true
  await pass(2 * lease)
  assert.equal(held.length, 1)
  isSlow = false
  held[0]!()
  await settle()
  await pass(lease)
  assert.ok(a.isAlive())
  assert.ok(!a.log.some((line) => line.includes('calls itself')))
})

test('after the log was away nobody takes over from those who live', async (context) => {
  const log = openMemoryLog()
  const append = log.append.bind(log)
  let isAway = false
  log.append = (appends) => (isAway ? Promise.reject(new LogUnavailable('away')) : append(appends))
  const { enter, pass } = world(context, log)
  const [a, b] = [await enter('a'), await enter('b')]
  await pass(lease)
  isAway = true
  await pass(3 * lease)
  isAway = false
  const seen = new Set<string>()
  for (let at = 0; at < 2 * lease; at += 100) {
    await pass(100)
    for (const one of [a, b]) if (one.isAlive()) seen.add(JSON.stringify([one.node, one.others()]))
  }
  assert.ok(!seen.has('["a",[]]') && !seen.has('["b",[]]'), [...seen].join())
  assert.deepEqual([a.others(), b.others()], [['b'], ['a']])
})

test('a server that signs return paths with another key is named, once', async (context) => {
  const { enter, pass } = world(context)
  const a = await enter('a', { returnPaths: ['one', 'older'] })
  await enter('b', { returnPaths: ['older'] })
  await enter('c', { returnPaths: ['two'] })
  await enter('d')
  await pass(3 * lease)
  const named = a.log.filter((line) => line.includes('return paths'))
  assert.equal(named.length, 1)
  assert.match(named[0]!, /the server c signs .*returnPathKey/)
})

test('what a server says again and again is not kept for ever', async (context) => {
  const { enter, pass, log } = world(context)
  const a = await enter('a')
  const words = async (): Promise<number[]> => {
    const revisions: number[] = []
    for await (const page of log.readStream('node-a')) revisions.push(...page.map(({ revision }) => revision))
    return revisions
  }
  await pass(lease * 30)
  const first = await words()
  assert.ok(first.length <= 41, `${first.length} words`)
  assert.ok(first.at(-1)! > 80, `only ${first.at(-1)} were said`)
  // Whoever comes back finds its place, and others hear it.
  await a.leave()
  const b = await enter('b')
  const again = await enter('a')
  await pass(lease * 2)
  assert.deepEqual(b.others(), ['a'])
  assert.ok(again.isAlive())
  assert.ok((await words()).length <= 50)
})
