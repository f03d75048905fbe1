/** Ids and times when the clock does what clocks do. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Clock } from '../../src/actors/clock.ts'
import { idsUpTo, Names, newEventId, newId, notBefore, now } from '../../src/actors/identity.ts'
import { type Due, Timetable } from '../../src/delivery/timetable.ts'

const start = 1_800_000_000_000
const hour = 3_600_000

/** A clock whose sources stand still until a test moves them. */
const house = () => {
  const at = { wall: start, steady: 1000 }
  const clock = new Clock({ wall: () => at.wall, steady: () => at.steady })
  return {
    clock,
    names: new Names({ clock, chance: Buffer.from('01234567') }),
    /** Time passes. */
    pass: (ms: number) => {
      at.wall += ms
      at.steady += ms
    },
    /** Somebody sets the clock. */
    set: (ms: number) => {
      at.wall += ms
    },
  }
}

const increasing = (values: readonly string[]): boolean =>
  values.every((value, at) => at === 0 || values[at - 1]! < value)

test('time is the time of the system while that goes forward, by steps, too', () => {
  const { clock, pass, set } = house()
  assert.equal(clock.now(), start)
  pass(50)
  assert.equal(clock.now(), start + 50)
  set(hour)
  assert.equal(clock.now(), start + 50 + hour)
})

test('after a jump ahead and back time goes on, until the system has caught up', () => {
  const { clock, pass, set } = house()
  set(hour)
  const ahead = clock.now()
  set(-hour)
  assert.equal(clock.now(), ahead)
  pass(1000)
  assert.equal(clock.now(), ahead + 900)
  pass(5 * hour - 1000)
  assert.equal(clock.now() - (start + 5 * hour), hour / 2)
  pass(5 * hour + 1)
  assert.equal(clock.now(), start + 10 * hour + 1)
  pass(7)
  assert.equal(clock.now(), start + 10 * hour + 8)
})

test('time that nobody asked for passes all the same', () => {
  const { clock, pass, set } = house()
  const before = clock.now()
  pass(hour)
  set(-2 * hour)
  assert.equal(clock.now(), before + 0.9 * hour)
})

test('time is whole milliseconds, and never earlier than before, wherever the sources go', () => {
  const steps = [0.3, -5, 0.4, 12.5, -86_400_000, 0.2, 0.9, 40, 3, 0.7]
  const { clock, pass, set } = house()
  let last = clock.now()
  for (let round = 0; round < 1000; round++) {
    const step = steps[(round * 7) % steps.length]!
    if (round % 3 === 0) set(step)
    else pass(Math.abs(step) % 50)
    const time = clock.now()
    assert.ok(Number.isInteger(time) && time >= last, `${time} after ${last}`)
    last = time
  }
})

test('nothing is before the end of the log, and time goes on from there', () => {
  const { clock, pass } = house()
  clock.notBefore(start + hour)
  assert.equal(clock.now(), start + hour)
  clock.notBefore(start)
  pass(10)
  assert.equal(clock.now(), start + hour + 9)
})

test('what is due comes, although the clock jumped ahead and back', async () => {
  const { clock, pass, set } = house()
  set(hour)
  const due: Due = { id: 'a', nextHop: 'b', sender: '', at: clock.now() + 20, isRetry: true }
  set(-hour)
  const rung = new AbortController()
  const timetable = new Timetable({
    now: () => {
      pass(10)
      return clock.now()
    },
    ring: () => rung.abort(),
  })
  // The timetable's own timer keeps no process alive.
  const alive = setTimeout(() => assert.fail('it never rang'), 60_000)
  const heard = once(rung.signal, 'abort')
  timetable.add(due)
  await heard
  clearTimeout(alive)
})

test('ids are 20 characters of one alphabet, and sort in the order in which they were made', () => {
  const ids = Array.from({ length: 5000 }, newId)
  for (const id of ids) assert.match(id, /^[0-9a-hjkmnp-tv-z]{20}$/)
  assert.ok(increasing(ids))
  assert.equal(new Set(ids).size, ids.length)
})

test('ids keep their order when the clock jumps back by a day', () => {
  const { names, pass, set } = house()
  const ids = [names.id(), names.id()]
  set(-24 * hour)
  ids.push(names.id(), names.id())
  pass(1)
  ids.push(names.id())
  pass(1)
  ids.push(names.id())
  set(24 * hour)
  ids.push(names.id())
  assert.ok(increasing(ids), ids.join(' '))
})

test('more ids in a millisecond than it has room for take the next one', () => {
  const { names } = house()
  let last = names.id()
  for (let count = 0; count < 2 ** 20 + 10; count++) {
    const id = names.id()
    if (id <= last) assert.fail(`${id} came after ${last}`)
    last = id
  }
})

test('the one clock of this process', () => {
  const before = Date.now()
  assert.ok(now() >= before)
  const later = Date.now() + 1_000_000
  notBefore(later)
  assert.ok(now() >= later)
})

test('event ids are UUIDs of version 7, and none is twice', () => {
  const ids = Array.from({ length: 5000 }, () => newEventId(now()))
  for (const id of ids)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(new Set(ids).size, ids.length)
})

test('ids that were given by a time are told from later ones', () => {
  const { names, pass } = house()
  const first = names.id()
  const last = names.id()
  pass(1)
  const later = names.id()
  const bound = idsUpTo(start)
  assert.ok(first < bound && last < bound && bound <= later, `${last} ${bound} ${later}`)
  assert.ok(idsUpTo(start - 1) <= first)
  assert.ok(later < idsUpTo(Number.POSITIVE_INFINITY))
  assert.ok(idsUpTo(-1) <= first)
})
