/** The final dot (RFC 5321 §4.1.1.4, §4.5.2): only one sequence ends a message, in whatever packets it comes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ContentReader } from '../../src/smtp/dot.ts'

type Read = { readonly content: string; readonly rest: string | null; readonly reader: ContentReader }

/** `rest` is null while the end has not come; else all that followed it. */
const readPieces = (pieces: readonly string[]): Read => {
  const slices: Buffer[] = []
  const reader = new ContentReader((slice) => slices.push(Buffer.from(slice)))
  let rest: string | null = null
  for (const piece of pieces) {
    if (rest !== null) rest += piece
    else {
      const pushed = reader.push(Buffer.from(piece, 'latin1'))
      if (pushed.done) rest = pushed.rest.toString('latin1')
    }
  }
  return { content: Buffer.concat(slices).toString('latin1'), rest, reader }
}

/** The same by the words of the RFC: slow, plain, on the whole text. */
const readPlainly = (text: string): { content: string; rest: string } | null => {
  const all = `\r\n${text}`
  const end = all.indexOf('\r\n.\r\n')
  if (end === -1) return null
  return {
    content: all
      .slice(0, end + 2)
      .replaceAll('\r\n.', '\r\n')
      .slice(2),
    rest: all.slice(end + 5),
  }
}

const cutEverywhere = (text: string, check: (read: Read) => void): void => {
  check(readPieces([text]))
  check(readPieces([...text]))
  for (let one = 0; one <= text.length; one++) {
    for (let other = one; other <= text.length; other++) {
      check(readPieces([text.slice(0, one), text.slice(one, other), text.slice(other)]))
    }
  }
}

const dialogues: readonly (readonly [string, string, string])[] = [
  ['.\r\n', '', ''],
  ['.\r\nQUIT\r\n', '', 'QUIT\r\n'],
  ['\r\n.\r\n', '\r\n', ''],
  ['a\r\n.\r\n', 'a\r\n', ''],
  ['a\r\n.\r\nMAIL FROM:<>\r\n', 'a\r\n', 'MAIL FROM:<>\r\n'],
  ['a\r\n..\r\n.\r\n', 'a\r\n.\r\n', ''],
  ['..\r\n.\r\n', '.\r\n', ''],
  ['.a\r\n.\r\n', 'a\r\n', ''],
  ['...\r\n.\r\n', '..\r\n', ''],
  ['a..b\r\n.\r\n', 'a..b\r\n', ''],
  ['.\r\n.\r\n', '', '.\r\n'],
  ['.\ra\r\n.\r\n', '\ra\r\n', ''],
  ['.\r\r\n.\r\n', '\r\r\n', ''],
  ['a\r\n.\r.\r\n.\r\n', 'a\r\n\r.\r\n', ''],
]
for (const [given, content, rest] of dialogues) {
  test(`ends: ${JSON.stringify(given)}`, () => {
    cutEverywhere(given, (read) => assert.deepEqual([read.content, read.rest], [content, rest]))
  })
}

const smuggled = [
  '\n.\n',
  '\r\n.\n',
  '\n.\r\n',
  '\r.\r',
  '\r.\r\n',
  '\r\n.\r',
  '\n\n.\n\n',
  '\r\n\0.\r\n',
  '\r\n .\r\n',
  '\r\n.\0\r\n',
  '\r\r\n.\n',
]
for (const trick of smuggled) {
  test(`does not end: ${JSON.stringify(trick)}`, () => {
    const text = `a${trick}MAIL FROM:<x@y>`
    cutEverywhere(text, (read) => assert.equal(read.rest, null))
    cutEverywhere(`${trick}b`, (read) => assert.equal(read.rest, null))
    cutEverywhere(`${text}\r\n.\r\n`, (read) => {
      assert.equal(read.rest, '')
      assert.ok(read.content.endsWith('MAIL FROM:<x@y>\r\n'))
    })
  })
}

const octet = fc.constantFrom('\r', '\n', '.', 'a', '\0', '\r\n', '\r\n.', '\r\n.\r\n')
const pieces = fc.array(
  fc.array(octet, { maxLength: 8 }).map((parts) => parts.join('')),
  { maxLength: 8 },
)

test('any content in any packets is read as the RFC says, and never ends early', () => {
  fc.assert(
    fc.property(pieces, (cut) => {
      const { content, rest, reader } = readPieces(cut)
      const wanted = readPlainly(cut.join(''))
      assert.equal(rest, wanted?.rest ?? null)
      if (wanted === null) return
      assert.equal(content, wanted.content)
      assert.equal(reader.notes.size, content.length)
      assert.equal(reader.notes.nul, content.includes('\0'))
      assert.equal(reader.notes.bare, /\r(?!\n)|(?<!\r)\n/.test(content))
    }),
    { seed: 5321, numRuns: 50_000 },
  )
})

test('what is stuffed by the sender arrives as it was, whatever it is', () => {
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 9 }), (parts, size) => {
      const content = `${parts.join('')}\r\n`
      const sent = `${`\r\n${content}`.replaceAll('\r\n.', '\r\n..').slice(2)}.\r\nQUIT\r\n`
      const read = readPieces(sent.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [])
      assert.deepEqual([read.content, read.rest], [content, 'QUIT\r\n'])
    }),
    { seed: 5321, numRuns: 20_000 },
  )
})

test('content without stuffed dots is not copied', () => {
  const packet = Buffer.from('Subject: x\r\n\r\nhello\r\n')
  const slices: Buffer[] = []
  new ContentReader((slice) => slices.push(slice)).push(packet)
  assert.deepEqual(
    slices.map((slice) => slice === packet),
    [true],
  )
})

test('the longest line is known, its line end not counted', () => {
  const lines = ['a', 'b'.repeat(1_000), '', 'c'.repeat(998)]
  const text = `${lines.join('\r\n')}\r\n.\r\n`
  for (const size of [1, 7, 999, 1_001, text.length]) {
    const { reader } = readPieces(text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [])
    assert.equal(reader.notes.longestLine, 1_000)
  }
})
