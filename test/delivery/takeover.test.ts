/** Several servers on one log: each delivers what it has, and what others left once they live no more; nobody else's. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryLog } from '../../src/log/memory.ts'
import type { Membership } from '../../src/nodes/membership.ts'
import type { DueAsked } from '../../src/views/answers/deliveries.ts'
import { accepts, begun, type FarSide, farSide } from './far-side.ts'

type Fleet = { lives: boolean; life?: number; others: readonly string[] | null }
const member = (node: string, fleet: Fleet): Membership => ({
  node,
  isAlive: () => fleet.lives,
  life: () => fleet.life ?? 1,
  others: () => fleet.others,
  leave: async () => {},
})

const due = (id: string) => ({ id, nextHop: 'example.net', sender: '', at: begun, isRetry: true })

test('an attempt of a server that lives is left alone; of one that lives no more it is made again', async () => {
  const log = openMemoryLog()
  const a = await farSide(() => ({ send: () => new Promise(() => {}) }), { log, node: 'a' })
  a.queue('d1')
  await a.until('d1', 'Connected')
  const fleet: Fleet = { lives: true, others: ['a'] }
  const b = await farSide(() => ({}), {
    ...{ log, node: 'b', members: member('b', fleet) },
    backlog: { underWay: () => [{ id: 'd1', node: 'a' }] },
  })
  await b.courier.begin()
  await b.outbox.settled()
  assert.equal((await b.types('d1')).at(-1), 'Connected')
  // In its first lease it cannot know who lives.
  fleet.others = null
  await b.courier.takeOver()
  assert.equal((await b.types('d1')).at(-1), 'Connected')
  fleet.others = []
  await b.courier.takeOver()
  await b.until('d1', 'Delivered')
  const lost = (await b.events('d1')).find(({ type }) => type === 'AttemptLost')!
  assert.equal(lost.data.uncertain, true)
  await b.courier.stop(0)
})

test('what was recorded by another meanwhile cannot be overwritten by one that wakes up late', async () => {
  const log = openMemoryLog()
  let wakeUp: () => void = () => {}
  const asleep = new Promise<void>((resolve) => {
    wakeUp = resolve
  })
  const a = await farSide(
    () => ({
      send: async (envelope) => {
        await asleep
        return accepts(envelope)
      },
    }),
    { log, node: 'a' },
  )
  a.queue('d1')
  await a.until('d1', 'Connected')
  const b = await farSide(() => ({}), {
    ...{ log, node: 'b', members: member('b', { lives: true, others: [] }) },
    backlog: { underWay: () => [{ id: 'd1', node: 'a' }] },
  })
  await b.courier.begin()
  await b.until('d1', 'Delivered')
  const before = await b.types('d1')
  wakeUp()
  await a.courier.stop(1_000)
  assert.deepEqual(await b.types('d1'), before)
  assert.deepEqual(a.warnings, [])
  await b.courier.stop(0)
})

test('the backlog is asked for its own while others may live, and for what nobody alive has afterwards', async () => {
  const asked: DueAsked[] = []
  const fleet: Fleet = { lives: true, others: null }
  const b = await farSide(() => ({}), {
    ...{ node: 'b', members: member('b', fleet) },
    backlog: {
      due: (_, about) => {
        asked.push(about)
        return []
      },
    },
  })
  await b.courier.begin()
  fleet.others = ['a', 'c']
  await b.courier.takeOver()
  assert.deepEqual(
    asked.map(({ only, others }) => ({ only, others })),
    [
      { only: 'b', others: undefined },
      { only: undefined, others: ['a', 'c'] },
    ],
  )
  await b.courier.stop(0)
})

test('two that take over the same delivery: one sends it', async () => {
  const log = openMemoryLog()
  const left = await farSide(() => ({ noRoute: { ...temporary } }), { log, node: 'gone' })
  left.queue('d1')
  await left.until('d1', 'Deferred')
  const survivors: FarSide[] = []
  for (const node of ['a', 'b']) {
    const one = await farSide(() => ({}), {
      ...{ log, node, members: member(node, { lives: true, others: [] }) },
      backlog: { due: () => [due('d1')] },
    })
    one.advance(3_600_000)
    survivors.push(one)
  }
  await Promise.all(survivors.map(({ courier }) => courier.begin()))
  await survivors[0]!.until('d1', 'Delivered')
  await Promise.all(survivors.map(({ courier }) => courier.stop(1_000)))
  assert.equal(
    survivors.reduce((sum, { sent }) => sum + sent.length, 0),
    1,
  )
  assert.deepEqual(
    survivors.map(({ warnings }) => warnings),
    [[], []],
  )
})
const temporary = { kind: 'dns-failed', during: 'route', text: 'no answer', reply: null, temporary: true }

test('one that is taken for dead begins nothing, and does not finish what it was sending', async () => {
  const fleet: Fleet = { lives: false, others: [] }
  const far = await farSide(() => ({}), { node: 'a', members: member('a', fleet) })
  far.queue('d1')
  await far.outbox.settled()
  assert.deepEqual(await far.types('d1'), ['DeliveryQueued'])
  assert.equal(far.connections.length, 0)
  fleet.lives = true
  const second = await farSide(
    () => ({
      connect: () => {
        fleet.lives = false
      },
    }),
    { node: 'a', members: member('a', fleet) },
  )
  second.queue('d2')
  await assert.rejects(second.until('d2', 'Delivered'))
  assert.equal(second.sent.length, 0)
})

test('one that was taken for dead and is alive again does not finish what it began before', async () => {
  const fleet: Fleet = { lives: true, life: 1, others: [] }
  let attempts = 0
  const far = await farSide(
    () => ({
      connect: () => {
        // Asleep for longer than its lease, between the connection and the final dot, the first time.
        if (attempts++ === 0) fleet.life = 2
      },
    }),
    { node: 'a', members: member('a', fleet) },
  )
  far.queue('d1')
  await far.until('d1', 'Deferred')
  assert.equal(far.sent.length, 0)
  await far.courier.act('d1', 'RETRY', 'test')
  await far.until('d1', 'Delivered')
  assert.equal(far.sent.length, 1)
})
