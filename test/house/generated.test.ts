/** Pages made from the code say what the code says. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { machines } from '../../machines/index.ts'
import { eventsPage } from '../../scripts/events-doc.ts'
import { picture, pictureOf, readmeOf, withPicture } from '../../scripts/machine-pictures.ts'
import { allMarks, rfcPage, standards } from '../../scripts/rfc-table.ts'
import { read } from './sources.ts'

test('docs/events.md is made from the vocabulary (else: node scripts/events-doc.ts)', () => {
  assert.equal(read('docs/events.md'), eventsPage())
})

test('docs/rfc.md is made from the marks in the code (else: node scripts/rfc-table.ts)', () => {
  assert.equal(read('docs/rfc.md'), rfcPage())
})

for (const module of machines) {
  test(`docs/${module.name}-machine.svg shows the machine as it is (else: node scripts/machine-pictures.ts)`, async () => {
    assert.equal(readFileSync(pictureOf(module), 'utf8'), await picture(module))
  })

  test(`the README of the ${module.name} machine shows it as it is (else: node scripts/machine-pictures.ts)`, () => {
    assert.equal(readFileSync(readmeOf(module), 'utf8'), withPicture(module))
  })
}

test('every standard that the code names is on the list of machines/README.md', () => {
  const listed = new Set(standards().map(({ rfc }) => rfc))
  const missing = new Set(
    allMarks()
      .filter(({ rfc }) => !listed.has(rfc))
      .map(({ rfc, file }) => `RFC ${rfc} in ${file}`),
  )
  assert.deepEqual([...missing], [])
})
