/** Whose turn it is: room in all and for each destination, no destination in the way of another, nothing forgotten. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pace } from '../../machines/delivery/pacing.ts'
import type { Destination } from '../../src/delivery/destination.ts'
import type { Due } from '../../src/delivery/timetable.ts'
import { Turns } from '../../src/delivery/turns.ts'
import { Wires } from '../../src/delivery/wires.ts'

type Asked = {
  readonly concurrency?: { readonly total: number; readonly perDestination: number }
  readonly destinationOf?: (nextHop: string) => string
  readonly paceOf?: (destination: string) => Pace | null
  readonly mayStart?: () => boolean
}

const begun = 1_800_000_000_000
/** Of a destination that answered before. */
const known: Pace = { answers: 1, failures: 0, failedAt: null }

const turnsWith = ({
  concurrency = { total: 4, perDestination: 2 },
  destinationOf = (nextHop) => nextHop,
  paceOf = () => known,
  mayStart = () => true,
}: Asked = {}) => {
  let now = begun
  const started: { readonly id: string; readonly destination: Destination }[] = []
  const turns = new Turns({
    ...{ concurrency, destinationOf, paceOf, wires: new Wires(), mayStart, now: () => now },
    start: ({ id }, destination) => started.push({ id, destination }),
  })
  const end = (id: string, answered: boolean): void => {
    const at = started.findIndex((one) => one.id === id)
    const [{ destination }] = started.splice(at, 1) as [(typeof started)[number]]
    const fault = { kind: 'timeout', during: 'connect', text: '', reply: null, temporary: true }
    destination.ended({ fault: answered ? null : fault, startedAt: now, endedAt: now })
    turns.left(destination)
  }
  return {
    ...{ turns, started, end },
    ids: () => started.map(({ id }) => id).join(' '),
    pass: (milliseconds: number) => {
      now += milliseconds
    },
  }
}

const due = (id: string, nextHop = 'x', more: Partial<Due> = {}): Due => ({
  ...{ id, nextHop, sender: '', at: begun, isRetry: false },
  ...more,
})

test('so many in all, so many for each destination; who leaves makes room', () => {
  const { turns, ids, end } = turnsWith()
  for (const id of ['x1', 'x2', 'x3']) turns.add(due(id, 'x'))
  for (const id of ['y1', 'y2', 'y3']) turns.add(due(id, 'y'))
  turns.add(due('z1', 'z'))
  assert.equal(ids(), 'x1 x2 y1 y2')
  end('x1', true)
  assert.equal(ids(), 'x2 y1 y2 z1')
  end('z1', true)
  end('y1', true)
  assert.equal(ids(), 'x2 y2 x3 y3')
})

test('next hops of one destination share its room', () => {
  const { turns, ids } = turnsWith({ destinationOf: () => 'relay' })
  for (const id of ['x1', 'x2', 'x3']) turns.add(due(id, id))
  assert.equal(ids(), 'x1 x2')
})

test('a destination begins with the pace that recorded attempts give it', () => {
  const { turns, ids, started } = turnsWith({ paceOf: () => ({ answers: 0, failures: 4, failedAt: begun }) })
  turns.add(due('x1'))
  assert.equal(ids(), 'x1')
  assert.equal(started[0]!.destination.restAt(begun), begun + 20_000)
})

test('after a rest one asks; when it is answered, the others follow', () => {
  const { turns, ids, end, pass } = turnsWith({
    paceOf: () => ({ answers: 0, failures: 3, failedAt: begun - 10_000 }),
  })
  for (const id of ['x1', 'x2', 'x3']) turns.add(due(id))
  assert.equal(ids(), 'x1')
  pass(1)
  end('x1', true)
  assert.equal(ids(), 'x2 x3')
})

test('a slow destination does not take the room of the others: what it leaves is asked of the backlog later', () => {
  const { turns, ids } = turnsWith({ concurrency: { total: 4, perDestination: 1 } })
  let taken = 0
  for (let at = 0; at < 6_000; at++) if (turns.add(due(`x${at}`))) taken++
  assert.ok(taken < 6_000, `${taken} held`)
  assert.deepEqual(turns.crowded(), ['x'])
  assert.ok(turns.room > 0)
  assert.ok(turns.add(due('y1', 'y')))
  assert.equal(ids(), 'x0 y1')
})

test('nobody is missing once the backlog gave all it has', () => {
  const { turns } = turnsWith()
  turns.add(due('x1'))
  turns.asked({ isAll: true })
  assert.equal(turns.room, 0)
  turns.asked({ isAll: false })
  assert.ok(turns.room > 0)
})

test('ways that lead elsewhere lose nobody who waits, and room that was given counts', () => {
  let target = 'old'
  const { turns, ids, end } = turnsWith({ destinationOf: () => target })
  for (const id of ['x1', 'x2', 'x3', 'x4', 'x5', 'x6']) turns.add(due(id))
  assert.equal(ids(), 'x1 x2')
  target = 'new'
  turns.reroute({ total: 5, perDestination: 3 })
  assert.equal(ids(), 'x1 x2 x3 x4 x5')
  end('x1', true)
  assert.equal(ids(), 'x2 x3 x4 x5')
  end('x3', true)
  assert.equal(ids(), 'x2 x4 x5 x6')
})

test('forgotten, it has no turn; stopped, nobody has', () => {
  const { turns, ids, end } = turnsWith()
  for (const id of ['x1', 'x2', 'x3', 'x4']) turns.add(due(id))
  turns.forget('x3')
  end('x1', true)
  assert.equal(ids(), 'x2 x4')
  turns.stop()
  assert.equal(turns.add(due('x5')), false)
  end('x2', true)
  assert.equal(ids(), 'x4')
})

test('a flood of one sender to many destinations does not hold up another, nor old mail new', () => {
  const { turns, started, end } = turnsWith({ concurrency: { total: 1, perDestination: 1 } })
  turns.add(due('busy', 'busy'))
  for (let at = 0; at < 50; at++) turns.add(due(`flood${at}`, `f${at}`, { sender: 'a@x' }))
  for (let at = 0; at < 50; at++) turns.add(due(`old${at}`, `o${at}`, { sender: 'c@x', isRetry: true }))
  turns.add(due('lone', 'quiet', { sender: 'b@x' }))
  const order: string[] = []
  while (started.length > 0) {
    order.push(started[0]!.id)
    end(started[0]!.id, true)
  }
  assert.equal(order.length, 102)
  assert.ok(order.indexOf('lone') < 6, `it had turn ${order.indexOf('lone')}`)
  // New and old by turns.
  const firsts = order.slice(3, 43).map((id) => id.startsWith('old'))
  assert.ok(firsts.filter(Boolean).length >= 18 && firsts.filter((isOld) => !isOld).length >= 18)
})

test('a configuration that is read again gives no destination its room twice', () => {
  const { turns, ids } = turnsWith({ concurrency: { total: 9, perDestination: 2 } })
  for (const id of ['x1', 'x2', 'x3', 'x4']) turns.add(due(id))
  for (let at = 0; at < 5; at++) turns.reroute({ total: 9, perDestination: 2 })
  assert.equal(ids(), 'x1 x2')
  turns.reroute({ total: 9, perDestination: 3 })
  assert.equal(ids(), 'x1 x2 x3')
})

test('destinations that never answered have half of the room; who works is not held up by them', () => {
  const { turns, ids, end } = turnsWith({
    concurrency: { total: 4, perDestination: 4 },
    paceOf: (destination) => (destination === 'good' ? known : null),
  })
  for (let at = 0; at < 9; at++) turns.add(due(`t${at}`, `tarpit${at}`))
  turns.add(due('g1', 'good'))
  assert.equal(ids(), 't0 t1 g1')
  end('t0', false)
  assert.equal(ids(), 't1 g1 t2')
})

test('taken for dead it begins nothing, however many wait; alive again, it goes on', () => {
  let isAlive = true
  const { turns, ids, end } = turnsWith({
    concurrency: { total: 1, perDestination: 1 },
    mayStart: () => isAlive,
  })
  for (let at = 0; at < 4_000; at++) turns.add(due(`x${at}`))
  isAlive = false
  end('x0', true)
  assert.equal(ids(), '')
  isAlive = true
  turns.look()
  assert.equal(ids(), 'x1')
})

test('turns that end at once are taken one after the other, not one within the other', () => {
  const started: string[] = []
  const turns: Turns = new Turns({
    ...{ concurrency: { total: 1, perDestination: 1 }, destinationOf: (hop) => hop, paceOf: () => known },
    ...{ wires: new Wires(), now: () => begun, mayStart: () => true },
    start: ({ id }, destination) => {
      started.push(id)
      if (id !== 'first') turns.left(destination)
    },
  })
  turns.add(due('first'))
  for (let at = 0; at < 4_900; at++) turns.add(due(`x${at}`))
  assert.equal(started.length, 1)
  turns.reroute({ total: 2, perDestination: 2 })
  assert.equal(started.length, 4_901)
})
