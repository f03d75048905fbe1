import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeLoginPart, decodePlain } from '../../src/authentication/sasl.ts'
import { eachRow } from '../tables/table.ts'

const table = new URL('sasl.md', import.meta.url)
const encoded = (text: string): string => Buffer.from(text).toString('base64')

eachRow(table, 'PLAIN, as text', ({ cell }) => {
  const got = decodePlain(encoded(cell('text')))
  if (cell('user') === 'refused') assert.deepEqual(got, { ok: false })
  else assert.deepEqual(got, { ok: true, user: cell('user'), password: cell('password') })
})

eachRow(table, 'Lines', ({ cell }) => {
  assert.deepEqual(decodePlain(cell('line')), { ok: false })
  assert.equal(decodeLoginPart(cell('line')), null)
})

test('an answer of LOGIN is a name or a password, without NUL, of bounded length', () => {
  assert.equal(decodeLoginPart(encoded('bob@example.org')), 'bob@example.org')
  assert.equal(decodeLoginPart(encoded('sécret')), 'sécret')
  assert.equal(decodeLoginPart(''), '')
  assert.equal(decodeLoginPart(encoded('a\0b')), null)
  assert.equal(decodeLoginPart(encoded('a'.repeat(1024)))?.length, 1024)
  assert.equal(decodeLoginPart(encoded('a'.repeat(1025))), null)
  assert.equal(decodeLoginPart('A'.repeat(12_292)), null)
})
