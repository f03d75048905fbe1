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

test('an alias stands for a hundred addresses at most, those of its aliases counted', () => {
  const some = (count: number) => Array.from({ length: count }, (_, at) => `a${at}@remote.example`)
  const text = (aliases: object) =>
    `hostname: mx.example.org\ndomains: ${JSON.stringify([{ name: 'example.org', aliases }])}\n`
  assert.deepEqual(faultsOf(text({ sales: [...some(99), 'info'], info: 'anna' })), [])
  assert.deepEqual(faultsOf(text({ sales: [...some(99), 'info'], info: ['anna', 'ben'] })), [
    '2:44: domains[0].aliases.sales: stands for 101 addresses; 100 are the most',
  ])
})

test('what an alias is written as is what it stands for', () => {
  const { config } = parse(
    'hostname: mx.example.org\ndomains: [{ name: a.org, aliases: { Sales: [Anna, ben@B.org], 451: x } }]\n',
  )
  assert.deepEqual(config.domains[0]?.aliases, { Sales: ['Anna', 'ben@b.org'], 451: ['x'] })
})

test('an alias is followed, and a fault behind it is placed', () => {
  const text = 'hostname: mx.example.org\nlimits: &bounds\n  errors: 0\n'
  assert.deepEqual(faultsOf(text), ['3:3: limits.errors: must be at least 1'])
})
