/** Words that have no place in the sources: what is unfinished, and what silences the type checker. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourcesOf } from './sources.ts'

// Put together here, so that this file does not hold them itself.
const unfinished = ['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].map(
  (word) => new RegExp(`\\b${word}\\b`),
)
const silencing = [
  /\bas any\b/,
  /(?<=[\w)\]?]): any(?=\s*(?:[,;)=\]}>|[]|$))/,
  /<any>/,
  new RegExp(`@ts-(${'ignore'}|${'nocheck'}|${'expect-error'})`),
  new RegExp(`as ${'unknown'} as`),
]

const lines = (words: readonly RegExp[], pick: 'text' | 'code'): readonly string[] =>
  sourcesOf('machines', 'projections', 'src', 'test', 'bench', 'scripts', 'bin')
    .filter(({ path }) => path !== 'test/house/words.test.ts')
    .flatMap((source) =>
      source[pick]
        .split('\n')
        .map((line, at) => ({ line, place: `${source.path}:${at + 1}` }))
        .filter(({ line }) => words.some((word) => word.test(line)))
        .map(({ line, place }) => `${place}: ${line.trim()}`),
    )

test('nothing is left for later in a comment', () => {
  assert.deepEqual(lines(unfinished, 'text'), [])
})

test('the type checker is never silenced', () => {
  assert.deepEqual(lines(silencing, 'code'), [])
})

const drawers = /(^|\/)(utils?|core|helpers?|common|misc|manager)(\.ts|\/)/

test('no drawer without a name', () => {
  const sources = sourcesOf('machines', 'projections', 'src', 'test', 'bench', 'scripts')
  assert.deepEqual(
    sources.map(({ path }) => path).filter((path) => drawers.test(path)),
    [],
  )
})
