import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigFault, faultText } from '../../src/config/fault.ts'
import { loadConfig, parseConfig } from '../../src/config/load.ts'
import { eachRow } from '../tables/table.ts'

const table = new URL('faults.md', import.meta.url)

const parse = (text: string) =>
  parseConfig(text, { shown: 'fsmtp.yaml', file: '/etc/fsmtp.yaml', folder: '/etc', data: null })

/** Every fault as it is printed, without the name of the file. */
const faultsOf = (text: string): string[] => {
  try {
    parse(text)
  } catch (error) {
    assert.ok(error instanceof ConfigFault)
    const lines = error.faults.map(faultText)
    assert.equal(error.message, lines.join('\n'))
    return lines.map((line) => line.replace(/^fsmtp\.yaml: ?|^fsmtp\.yaml:/, ''))
  }
  return []
}

eachRow(table, 'One fault', ({ cell }) => {
  assert.deepEqual(faultsOf(`hostname: mx.example.org\n${cell('file')}\n`), [cell('fault')])
})

eachRow(table, 'Whole files', ({ cell }) => {
  assert.deepEqual(faultsOf(cell('file')), cell('faults').split('\n'))
})

test('a file that was asked for and is not there is a fault, not the playground', () => {
  assert.throws(
    () => loadConfig({ file: 'nowhere.yaml', cwd: '/nonexistent' }),
    (error) => error instanceof ConfigFault && /^nowhere\.yaml: there is no such file/.test(error.message),
  )
})

test('an alias is followed, and a fault behind it is placed', () => {
  const text = 'hostname: mx.example.org\nlimits: &bounds\n  errors: 0\n'
  assert.deepEqual(faultsOf(text), ['3:3: limits.errors: must be at least 1'])
})
