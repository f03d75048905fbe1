/** What the package brings along: from any registry, under licences that fit, running nothing at install but Node's own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from './sources.ts'

type Locked = {
  readonly resolved?: string
  readonly license?: string
  readonly dev?: boolean
  readonly hasInstallScript?: boolean
}
const lock: { readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(read('package-lock.json'))
type Manifest = {
  readonly files: readonly string[]
  readonly version: string
  readonly allowScripts: Readonly<Record<string, boolean>>
}
const manifest: Manifest = JSON.parse(read('package.json'))

/** Everything but ourselves, by its place: `node_modules/xstate`. */
const brought = Object.entries(lock.packages).filter(([place]) => place !== '')
const inProduction = brought.filter(([, { dev }]) => dev !== true)

test('the lock names no registry, so that any mirror can serve it', () => {
  const named = brought.filter(([, { resolved }]) => resolved !== undefined)
  assert.deepEqual(
    named.map(([place]) => place),
    [],
  )
})

const free = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  '(BSD-3-Clause AND Apache-2.0)',
])
/** Used as it is, never changed: the terms for that are kept by naming it. */
const asItIs = new Map([
  ['node_modules/elkjs', 'EPL-2.0 OR GPL-3.0-or-later'],
  ['node_modules/mx-connect', 'EUPL-1.1+'],
])

test('every production dependency has a licence that fits MIT', () => {
  const others = inProduction.filter(
    ([place, { license = 'none' }]) => !free.has(license) && asItIs.get(place) !== license,
  )
  assert.ok(inProduction.length > 10)
  assert.deepEqual(
    others.map(([place, { license }]) => `${place}: ${license}`),
    [],
  )
})

test('nothing but Node itself runs a script when it is installed', () => {
  const scripted = inProduction.filter(([, { hasInstallScript }]) => hasInstallScript === true)
  assert.deepEqual(
    scripted.map(([place]) => place),
    // protobufjs compares two version numbers and may print a warning; here it is told not to.
    ['node_modules/node', 'node_modules/protobufjs'],
  )
  assert.equal(manifest.allowScripts.protobufjs, false)
})

test('the package carries no tests and no sources', () => {
  const unwanted = manifest.files.filter((name) =>
    /^(test|bench|scripts|src|machines|projections)/.test(name),
  )
  assert.deepEqual(unwanted, [])
})

test('the changelog has a section for this version', () => {
  assert.match(read('CHANGELOG.md'), new RegExp(`^## ${manifest.version.replaceAll('.', '\\.')}\\b`, 'm'))
})
