import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { differences, jsonEqual } from '../../src/history/equal.ts'
import { type Operation, patchBetween } from '../../src/history/patch.ts'

/** RFC 6902 as its text says it, for what we make: add, replace and remove. */
const apply = (document: unknown, operations: readonly Operation[]): unknown => {
  let root = structuredClone(document)
  for (const operation of operations) {
    const keys = operation.path
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    const last = keys.pop()
    if (last === undefined) {
      root = operation.op === 'remove' ? null : operation.value
      continue
    }
    let place = root as Record<string, unknown>
    for (const key of keys) place = place[key] as Record<string, unknown>
    if (Array.isArray(place)) applyToArray(place, Number(last), operation)
    else if (operation.op === 'remove') delete place[last]
    else
      Object.defineProperty(place, last, {
        value: operation.value,
        enumerable: true,
        writable: true,
        configurable: true,
      })
  }
  return root
}
const applyToArray = (place: unknown[], at: number, operation: Operation): void => {
  assert.ok(at <= place.length)
  if (operation.op === 'remove') place.splice(at, 1)
  else place.splice(at, operation.op === 'replace' ? 1 : 0, operation.value)
}

test('a patch makes the one value of the other, whatever they are', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (before, after) => {
      const patched = apply(before, patchBetween(before, after))
      assert.ok(jsonEqual(patched, after), JSON.stringify([before, after, patched]))
    }),
    { seed: 6902, numRuns: 2000 },
  )
})

test('a patch is small: what is equal is not in it', () => {
  const before = { policy: { a: [1, 2] }, recipients: [{ address: 'a' }], 'x/y~z': 1, gone: true }
  const after = { policy: { a: [1, 2] }, recipients: [{ address: 'a' }, { address: 'b' }], 'x/y~z': 2 }
  assert.deepEqual(patchBetween(before, after), [
    { op: 'remove', path: '/gone' },
    { op: 'add', path: '/recipients/1', value: { address: 'b' } },
    { op: 'replace', path: '/x~1y~0z', value: 2 },
  ])
})

test('undefined is as good as absent', () => {
  assert.ok(jsonEqual({ a: 1, b: undefined }, { a: 1 }))
  assert.ok(!jsonEqual({ a: 1 }, { a: 1, b: null }))
  assert.ok(!jsonEqual([1], { 0: 1 }))
  assert.deepEqual(patchBetween({ a: undefined }, {}), [])
  assert.deepEqual(differences({ a: 1, b: 2 }, { a: 1, b: 3, c: 4 }), [
    { b: 2, c: null },
    { b: 3, c: 4 },
  ])
})
