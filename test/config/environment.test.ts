// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are what is tested
/** Placeholders in a configuration: what the environment has, what stands there otherwise, and what is said where neither is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDocument } from '../../src/config/document.ts'
import { faultText } from '../../src/config/fault.ts'

const environment = { NODE: 'one.example.org', SECRET: 'hush', EMPTY: '' }
const read = (text: string) => readDocument(text, 'fsmtp.yaml', environment)

const filled: readonly (readonly [string, unknown])[] = [
  ['a: ${NODE}', { a: 'one.example.org' }],
  ['a: kurrentdb://me:${SECRET}@${NODE}:2113', { a: 'kurrentdb://me:hush@one.example.org:2113' }],
  ['a: ["${NODE}", { b: "x${NODE}" }]', { a: ['one.example.org', { b: 'xone.example.org' }] }],
  ['a: ${ABSENT:-mx.example.org}', { a: 'mx.example.org' }],
  ['a: ${NODE:-mx.example.org}', { a: 'one.example.org' }],
  ['a: "${EMPTY:-otherwise}${EMPTY}"', { a: 'otherwise' }],
  ['a: "${ABSENT:-}"', { a: '' }],
  // What is filled in is not looked at again.
  ['a: "${ABSENT:-$}{NODE}"', { a: '${NODE}' }],
  ['a: "$${NODE} $5 {b} $"', { a: '${NODE} $5 {b} $' }],
  ['${NODE}: 1', { '${NODE}': 1 }],
  ['a: 25', { a: 25 }],
]
for (const [text, value] of filled)
  test(`${text} is ${JSON.stringify(value)}`, () => {
    const document = read(text)
    assert.deepEqual(document.faults, [])
    assert.deepEqual(document.value, value)
  })

test('every variable that is missing is named with its place, and no value of another', () => {
  const { faults } = read('a: ${NODE}\nlist:\n  - "${SECRET}${GONE}"\nb: { c: "${also gone}" }\n')
  assert.deepEqual(faults.map(faultText), [
    'fsmtp.yaml:3:5: list[0]: the environment has no GONE; set it, or write ${GONE:-otherwise}',
    "fsmtp.yaml:4:6: b.c: '${also gone}' names no variable; write ${NAME} or ${NAME:-otherwise}, and $${ for a dollar before a brace",
  ])
})
