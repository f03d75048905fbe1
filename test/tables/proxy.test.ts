import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseProxyHeader } from '../../src/smtp/proxy-protocol.ts'
import { parseXclient } from '../../src/smtp/xclient.ts'
import { eachRow, rowsOf } from './table.ts'

const table = new URL('proxy.md', import.meta.url)
const signature = '0D0A0D0A000D0A515549540A'

const shown = (octets: Buffer): string => {
  const header = parseProxyHeader(octets)
  if (header.kind !== 'header') return header.kind
  return header.source === null
    ? `own ${header.length}`
    : `${header.source.address} ${header.source.port} ${header.length}`
}
const version1 = (text: string): Buffer => Buffer.from(text, 'latin1')
const version2 = (digits: string): Buffer => Buffer.from(signature + digits.replaceAll(' ', ''), 'hex')

eachRow(table, 'PROXY, version 1', ({ cell }) =>
  assert.equal(shown(version1(cell('octets'))), cell('result')),
)
eachRow(table, 'PROXY, version 2', ({ cell }) =>
  assert.equal(shown(version2(cell('octets'))), cell('result')),
)

eachRow(table, 'XCLIENT', ({ cell }) => {
  const got = parseXclient(cell('argument'))
  assert.equal(got.ok ? JSON.stringify(got.attributes) : got.fault, cell('result'))
})

test('a header that is not all there yet is waited for, whatever is missing', () => {
  const whole = [
    ...rowsOf(table, 'PROXY, version 1').map(({ cell }) => version1(cell('octets'))),
    ...rowsOf(table, 'PROXY, version 2').map(({ cell }) => version2(cell('octets'))),
  ]
  for (const octets of whole) {
    const header = parseProxyHeader(octets)
    if (header.kind !== 'header') continue
    for (let length = 0; length < header.length; length++) {
      assert.equal(parseProxyHeader(octets.subarray(0, length)).kind, 'incomplete', octets.toString('latin1'))
    }
    assert.deepEqual(parseProxyHeader(octets.subarray(0, header.length)), header)
  }
})
