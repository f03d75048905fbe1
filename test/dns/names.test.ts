import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { printedName, wireName } from '../../src/dns/names.ts'
import { rowsOf } from '../tables/table.ts'
import { placeWith, said } from './place.ts'

for (const { cell, line } of rowsOf(new URL('names.md', import.meta.url), 'What a server is asked'))
  test(`names.md:${line}`, async (context) => {
    const { resolver, server } = await placeWith(context, {})
    assert.equal(await said(resolver, cell('name'), 'TXT'), 'ENOTFOUND')
    assert.deepEqual(server.asked, cell('asked') === '' ? [] : [`udp TXT ${cell('asked')}`])
  })

test('the root is a name', async (context) => {
  const { resolver } = await placeWith(context, { '': { NS: ['a.test'] } })
  assert.equal(await said(resolver, '.', 'NS'), 'a.test')
})

test('a name of an answer is printable, and can be asked for', () => {
  const labels = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 15 }), {
    minLength: 1,
    maxLength: 4,
  })
  fc.assert(
    fc.property(labels, (given) => {
      const printed = printedName(given.join('.'))
      assert.match(printed, /^[\x21-\x7e]+$/)
      const octets = wireName(printed)
      // Where a label had dots, an empty one may be left over.
      if (octets !== null && given.every((label) => !label.includes('.')))
        assert.deepEqual(
          octets,
          Buffer.concat([
            ...given.map((label) => Buffer.concat([Buffer.of(Buffer.byteLength(label)), Buffer.from(label)])),
            Buffer.of(0),
          ]),
        )
    }),
  )
})
