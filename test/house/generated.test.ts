/** Pages made from the code say what the code says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventsPage } from '../../scripts/events-doc.ts'
import { allMarks, rfcPage, standards } from '../../scripts/rfc-table.ts'
import { read } from './sources.ts'

test('docs/events.md is made from the vocabulary (else: node scripts/events-doc.ts)', () => {
  assert.equal(read('docs/events.md'), eventsPage())
})

test('docs/rfc.md is made from the marks in the code (else: node scripts/rfc-table.ts)', () => {
  assert.equal(read('docs/rfc.md'), rfcPage())
})

test('every standard that the code names is on the list of machines/README.md', () => {
  const listed = new Set(standards().map(({ rfc }) => rfc))
  const missing = new Set(
    allMarks()
      .filter(({ rfc }) => !listed.has(rfc))
      .map(({ rfc, file }) => `RFC ${rfc} in ${file}`),
  )
  assert.deepEqual([...missing], [])
})
