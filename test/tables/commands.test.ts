import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faults, heloIsValid, helpLines, parseCommand, verbs } from '../../machines/session/commands.ts'
import { reasonText } from '../../machines/vocabulary/reasons.ts'
import { eachRow, type Row } from './table.ts'

const table = new URL('commands.md', import.meta.url)

/** `fault command` for what was refused; else JSON, since the order of keys is part of the promise. */
const shown = (line: string, extended: boolean): string => {
  const input = parseCommand(line, { extended })
  return input.type === 'MALFORMED' ? `${input.fault} ${input.command}` : JSON.stringify(input)
}

const check =
  ({ extended }: { extended: boolean }) =>
  ({ cell }: Row) =>
    assert.equal(shown(cell('line'), extended), cell('input'))

eachRow(table, 'After EHLO', check({ extended: true }))
eachRow(table, 'After HELO', check({ extended: false }))
eachRow(table, 'HELO names', ({ cell }) => assert.equal(heloIsValid(cell('name')), cell('valid') === 'yes'))

test('every fault has a permanent code that goes with its enhanced code, and one printable line', () => {
  for (const [name, { code, enhanced, text }] of Object.entries(faults)) {
    assert.ok(code >= 500 && code <= 599, name)
    assert.match(enhanced, name.startsWith('helo-') ? /^$/ : /^5\.\d\.\d$/, name)
    assert.match(text, /^[ -~]{1,100}$/, name)
  }
})

test('every fault has a sentence for the one who reads the history', () => {
  for (const name of Object.keys(faults)) assert.notEqual(reasonText(name), name)
})

test('HELP names every verb, in lines a client can take', () => {
  for (const { verb } of verbs)
    assert.ok(
      helpLines.some((line) => line.startsWith(verb)),
      verb,
    )
  // RFC 5321 §4.5.3.1.5, with room for the code in front.
  for (const line of helpLines) assert.ok(line.length <= 490, line)
})

test('every verb is understood in any case, and no input has a key without a value', () => {
  for (const { verb } of verbs) {
    for (const line of [verb, verb.toLowerCase(), `${verb} x`, `${verb} FROM:<a@b>`, `${verb} TO:<a@b>`]) {
      const input = parseCommand(line, { extended: true })
      assert.notEqual(input.type, 'UNKNOWN', line)
      assert.ok(!Object.values(input).includes(undefined), line)
    }
  }
})
