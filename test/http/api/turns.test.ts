/** Answers that are long in the making. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { inTurns } from '../../../src/http/api/turns.ts'

const items = Array.from({ length: 100 }, (_, at) => at)

/** Makes all items, each of so many milliseconds of work by a clock that only work moves on. */
const made = async (t: TestContext, { each }: { readonly each: number }) => {
  let now = 0
  t.mock.method(performance, 'now', () => now)
  const slow = function* (): Generator<number> {
    for (const item of items) {
      now += each
      yield item
    }
  }
  const found: number[] = []
  /** How many items there were, each time that something else had its turn. */
  const turns = new Set<number>()
  let other = setImmediate(function again() {
    turns.add(found.length)
    other = setImmediate(again)
  })
  for await (const item of inTurns(slow())) found.push(item)
  clearImmediate(other)
  assert.deepEqual(found, items)
  return [...turns]
}

test('while a long answer is made, everything else has its turn, and nothing of it is lost', async (t) => {
  // After every ten milliseconds of work.
  assert.deepEqual(
    await made(t, { each: 2 }),
    Array.from({ length: 20 }, (_, at) => (at + 1) * 5),
  )
})

test('an answer that is soon made waits for nobody', async (t) => {
  assert.deepEqual(await made(t, { each: 0.05 }), [])
})
