/** Answers that are long in the making. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inTurns } from '../../../src/http/api/turns.ts'

/** Keeps the thread for so many milliseconds. */
const busy = (milliseconds: number): void => {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

test('while a long answer is made, everything else has its turn, and nothing of it is lost', async () => {
  let turns = 0
  const other = setInterval(() => turns++, 1)
  const slow = function* (): Generator<number> {
    for (let at = 0; at < 100; at++) {
      busy(2)
      yield at
    }
  }
  const found: number[] = []
  for await (const at of inTurns(slow())) found.push(at)
  clearInterval(other)
  assert.deepEqual(
    found,
    Array.from({ length: 100 }, (_, at) => at),
  )
  // 200 ms of work, ten at a time. All at once there would be none.
  assert.ok(turns >= 5, String(turns))
})
