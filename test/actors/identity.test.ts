/** Ids and times when the clock does what clocks do. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newEventId, newId, notBefore, now } from '../../src/actors/identity.ts'

/** Runs `work` while the clock says these times, one after another, then the last one for ever. */
const withClock = (times: readonly number[], work: () => void): void => {
  const real = Date.now
  let reading = 0
  Date.now = () => times[Math.min(reading++, times.length - 1)]!
  try {
    work()
  } finally {
    Date.now = real
  }
}

const increasing = (values: readonly string[]): boolean =>
  values.every((value, at) => at === 0 || values[at - 1]! < value)

test('time never goes backwards, whatever the clock does', () => {
  const start = Date.now()
  withClock([start, start + 50, start - 86_400_000, start - 1, start + 10, start + 60], () => {
    const times = Array.from({ length: 8 }, now)
    assert.deepEqual(times, [
      start,
      ...Array<number>(4).fill(start + 50),
      ...Array<number>(3).fill(start + 60),
    ])
  })
})

test('ids are 20 characters of one alphabet, and sort in the order in which they were made', () => {
  const ids = Array.from({ length: 5000 }, newId)
  for (const id of ids) assert.match(id, /^[0-9a-hjkmnp-tv-z]{20}$/)
  assert.ok(increasing(ids))
  assert.equal(new Set(ids).size, ids.length)
})

test('ids keep their order when the clock jumps back by a day', () => {
  const start = Date.now() + 1000
  const ids: string[] = []
  withClock([start], () => ids.push(newId(), newId()))
  withClock([start - 86_400_000], () => ids.push(newId(), newId()))
  withClock([start + 1], () => ids.push(newId()))
  assert.ok(increasing(ids), ids.join(' '))
})

test('more ids in a millisecond than it has room for take the next one', () => {
  const start = Date.now() + 100_000
  withClock([start], () => {
    let last = newId()
    for (let count = 0; count < 2 ** 20 + 10; count++) {
      const id = newId()
      if (id <= last) assert.fail(`${id} came after ${last}`)
      last = id
    }
  })
})

test('nothing is before the end of the log', () => {
  const later = Date.now() + 1_000_000
  notBefore(later)
  assert.ok(now() >= later)
  notBefore(0)
  assert.ok(now() >= later)
})

test('event ids are UUIDs of version 7, and none is twice', () => {
  const ids = Array.from({ length: 5000 }, () => newEventId(now()))
  for (const id of ids)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(new Set(ids).size, ids.length)
})
