import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ContentNotes } from '../../src/smtp/content-notes.ts'
import { NewlineRepairer, repairNewlines } from '../../src/smtp/newlines.ts'
import { eachRow } from './table.ts'

const table = new URL('newlines.md', import.meta.url)

const inPieces = (pieces: readonly Buffer[]): { text: string; repaired: boolean; bare: boolean } => {
  const slices: Buffer[] = []
  const repairer = new NewlineRepairer((slice) => slices.push(slice))
  const notes = new ContentNotes()
  for (const piece of pieces) {
    repairer.push(piece)
    notes.see(piece)
  }
  repairer.end()
  return { text: Buffer.concat(slices).toString(), repaired: repairer.repaired, bare: notes.bare }
}

eachRow(table, 'Repaired', ({ cell }) => {
  const content = Buffer.from(cell('content'))
  const repaired = content.toString() !== cell('repaired')
  const wanted = { text: cell('repaired'), repaired, bare: repaired }
  for (let at = 0; at <= content.length; at++) {
    assert.deepEqual(inPieces([content.subarray(0, at), content.subarray(at)]), wanted, `cut at ${at}`)
  }
  assert.deepEqual(inPieces([...content].map((octet) => Buffer.from([octet]))), wanted, 'octet by octet')
  assert.equal(repairNewlines(content).toString(), cell('repaired'))
})

test('what needs no repair is given back as it is, not copied', () => {
  const content = Buffer.from('a\r\n\r\nb\r\n')
  assert.equal(repairNewlines(content), content)
})

test('any content in any pieces: every line ends in CRLF, and repairing twice changes nothing', () => {
  const pieces = fc.array(fc.array(fc.constantFrom('\r', '\n', 'a'), { maxLength: 6 }), { maxLength: 6 })
  fc.assert(
    fc.property(pieces, (cut) => {
      const buffers = cut.map((piece) => Buffer.from(piece.join('')))
      const before = cut.flat().join('')
      const { text, repaired, bare } = inPieces(buffers)
      assert.equal(text, before.replace(/\r\n|\r|\n/g, '\r\n'))
      assert.equal(repaired, text !== before)
      assert.equal(bare, text !== before)
      assert.equal(repairNewlines(Buffer.from(text)).toString(), text)
    }),
    { seed: 5321, numRuns: 20_000 },
  )
})
