import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByKey } from '../../src/views/by-key.ts'

const key = fc.tuple(
  fc.constantFrom('a', 'b', ''),
  fc.constantFrom(0, 1),
  fc.constantFrom('', 'a', 'a\u0000b'),
)
type Key = readonly [string, number, string]
const act = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), key, row: fc.nat() }),
  fc.record({ kind: fc.constant('delete' as const), key }),
)

const told = (key: readonly (string | number)[]): string => JSON.stringify(key)

test('what is kept by keys of several values is what a map of the whole keys would keep', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      const kept = new ByKey<{ readonly key: Key; readonly row: number }>(3)
      const wanted = new Map<string, { readonly key: Key; readonly row: number }>()
      for (const one of acts)
        if (one.kind === 'set') {
          kept.set(one.key, one)
          wanted.set(told(one.key), one)
        } else {
          kept.delete(one.key)
          wanted.delete(told(one.key))
        }
      assert.equal(kept.size, wanted.size)
      for (const { key } of acts) {
        assert.equal(kept.get(key), wanted.get(told(key)))
        for (let length = 0; length <= 3; length++) {
          const beginning = key.slice(0, length)
          const found = [...kept.under(beginning)].map((row) => told(row.key)).toSorted()
          const under = [...wanted.values()].filter(
            ({ key }) => told(key.slice(0, length)) === told(beginning),
          )
          assert.deepEqual(found, under.map((row) => told(row.key)).toSorted())
        }
      }
    }),
  )
})

test('what is under a beginning can be deleted while it is gone through', () => {
  const kept = new ByKey<readonly [string, string]>(2)
  for (const key of [
    ['a', 'x'],
    ['a', 'y'],
    ['b', 'x'],
  ] as const)
    kept.set(key, key)
  for (const key of kept.under(['a'])) kept.delete(key)
  assert.deepEqual([...kept.under()], [['b', 'x']])
  kept.clear()
  assert.equal(kept.size, 0)
  assert.equal(kept.get(['b', 'x']), undefined)
})
