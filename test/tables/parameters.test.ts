import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMailParameters, parseRcptParameters } from '../../machines/vocabulary/parameters.ts'
import { decodeXtext, encodeXtext } from '../../machines/vocabulary/xtext.ts'
import { eachRow } from './table.ts'

const table = new URL('parameters.md', import.meta.url)

type Got = ReturnType<typeof parseMailParameters> | ReturnType<typeof parseRcptParameters>
/** As JSON, since the order of keys is part of the promise. */
const shown = (got: Got): string => (got.ok ? JSON.stringify(got.values) : got.fault)

eachRow(table, 'MAIL', ({ cell }) => {
  assert.equal(shown(parseMailParameters(cell('text'), { extended: true })), cell('result'))
})
eachRow(table, 'RCPT', ({ cell }) => {
  assert.equal(shown(parseRcptParameters(cell('text'), { extended: true })), cell('result'))
})
eachRow(table, 'After HELO', ({ cell }) => {
  assert.equal(shown(parseMailParameters(cell('text'), { extended: false })), cell('MAIL'))
  assert.equal(shown(parseRcptParameters(cell('text'), { extended: false })), cell('RCPT'))
})

test('xtext comes back as it went', () => {
  for (let code = 0x20; code < 0x7f; code++) {
    const text = `a${String.fromCharCode(code)}b`
    assert.match(encodeXtext(text), /^[!-*,-<>-~]+(\+[0-9A-F]{2})?[!-*,-<>-~]+$/)
    assert.equal(decodeXtext(encodeXtext(text)), text)
  }
})
