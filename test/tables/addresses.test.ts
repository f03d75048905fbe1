import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  canonicalLocal,
  isAscii,
  octetsOf,
  parseAddress,
  parsePath,
  sameAddress,
  splitAddress,
  withoutTag,
} from '../../machines/vocabulary/address.ts'
import { eachRow } from './table.ts'

const table = new URL('addresses.md', import.meta.url)
const faults = ['syntax', 'no-domain', 'too-long', 'characters']

eachRow(table, 'Paths', ({ cell }) => {
  for (const [column, kind] of [
    ['from', 'reverse'],
    ['to', 'forward'],
  ] as const) {
    const wanted = cell(column)
    const got = parsePath(cell('path'), { kind })
    if (faults.includes(wanted)) assert.deepEqual(got, { ok: false, fault: wanted }, column)
    else {
      const address = wanted === 'null' ? '' : wanted
      assert.deepEqual(got, { ok: true, address, utf8: !isAscii(address), rest: cell('rest') }, column)
    }
  }
})

eachRow(table, 'Local parts', ({ cell }) => {
  assert.equal(canonicalLocal(cell('local part')), cell('written plainly'))
  assert.equal(withoutTag(cell('local part')), cell('without tag'))
})

eachRow(table, 'The same mailbox', ({ cell }) => {
  const same = cell('same') === 'yes'
  assert.equal(sameAddress(cell('one'), cell('other')), same)
  assert.equal(sameAddress(cell('other'), cell('one')), same)
})

test('an address has two halves, the last @ between them', () => {
  assert.deepEqual(splitAddress('bob@example.org'), { local: 'bob', domain: 'example.org' })
  assert.deepEqual(splitAddress('"a@b"@example.org'), { local: '"a@b"', domain: 'example.org' })
  assert.deepEqual(splitAddress('postmaster'), { local: 'postmaster', domain: '' })
  assert.deepEqual(splitAddress(''), { local: '', domain: '' })
})

test('an address alone has no brackets, no route, nothing behind it', () => {
  assert.equal(parseAddress('Bob@Example.org'), 'Bob@example.org')
  for (const text of ['', '<bob@example.org>', 'bob', 'postmaster', 'bob@example.org ', 'a@b> c@d', '>']) {
    assert.equal(parseAddress(text), null, text)
  }
  assert.equal(parseAddress('@a:bob@example.org'), null)
})

test('octets are those of UTF-8', () => {
  for (const text of ['', 'abc', 'é', '€', '😀', 'aé€😀'])
    assert.equal(octetsOf(text), Buffer.byteLength(text), text)
})
