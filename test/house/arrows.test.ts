/** Arrows point inward: vocabulary <- machines, projections <- src <- test. The inner rooms know no clock and no world. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Import, importsOf, type Source, sourcesOf } from './sources.ts'

const within =
  (...rooms: readonly string[]) =>
  ({ target }: Import): boolean =>
    rooms.some((room) => target.startsWith(`${room}/`))

/** `path: imports target` for each import that is not allowed. */
const strays = (sources: readonly Source[], allowed: (imported: Import) => boolean): readonly string[] =>
  sources.flatMap((source) =>
    importsOf(source)
      .filter((imported) => !allowed(imported))
      .map(({ target }) => `${source.path} imports ${target}`),
  )

test('the vocabulary imports only itself, and of xstate only types', () => {
  const inVocabulary = within('machines/vocabulary')
  const sources = sourcesOf('machines/vocabulary')
  assert.ok(sources.length > 0)
  assert.deepEqual(
    strays(sources, (found) => inVocabulary(found) || (found.target === 'xstate' && found.typeOnly)),
    [],
  )
})

test('machines import machines and xstate', () => {
  const inMachines = within('machines')
  assert.deepEqual(
    strays(sourcesOf('machines'), (found) => inMachines(found) || found.target === 'xstate'),
    [],
  )
})

test('projections import projections, the vocabulary and rxjs', () => {
  const allowed = within('projections', 'machines/vocabulary')
  const sources = sourcesOf('projections')
  assert.ok(sources.length > 0)
  assert.deepEqual(
    strays(sources, (found) => allowed(found) || found.target === 'rxjs'),
    [],
  )
})

test('what runs never imports what tests, measures or builds it', () => {
  const outer = within('test', 'bench', 'scripts', 'dist')
  assert.deepEqual(
    strays(sourcesOf('machines', 'projections', 'src', 'bin'), (found) => !outer(found)),
    [],
  )
})

const worldly = [
  /\bDate\.now\b/,
  /\bnew Date\(\s*\)/,
  /\bMath\.random\b/,
  /\bprocess\./,
  /\bperformance\./,
  /\bcrypto\b/,
  /\bset(Timeout|Interval|Immediate)\b/,
  /\bfetch\(/,
  /\bconsole\./,
  /\bglobalThis\b/,
  /['"]node:/,
]

test('machines and projections read no clock, no chance, no file and no network', () => {
  const found = sourcesOf('machines', 'projections').flatMap(({ path, code }) =>
    worldly.filter((word) => word.test(code)).map((word) => `${path} has ${word}`),
  )
  assert.deepEqual(found, [])
})

test('these rules would notice', () => {
  const code = "import type { A } from 'xstate'\nexport { b } from '../../src/b.ts'\nawait import('node:fs')"
  const imports = importsOf({ path: 'machines/session/x.ts', text: code, code })
  assert.deepEqual(imports, [
    { target: 'xstate', typeOnly: true },
    { target: 'src/b.ts', typeOnly: false },
    { target: 'node:fs', typeOnly: false },
  ])
})
