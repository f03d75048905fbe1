/** A file is one idea. Flat tables of words and of a machine's actions may be longer than anything that does something. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourcesOf } from './sources.ts'

const longest = 350

test(`no file in src/ has more than ${longest} lines`, () => {
  const long = sourcesOf('src')
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > longest)
  assert.deepEqual(long, [])
})
