/** The reply reader: what is a reply, what is none, however the bytes are cut. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Read, ReplyReader, replyBounds } from '../../../src/delivery/wire/replies.ts'

const read = (...chunks: readonly string[]): { reads: readonly Read[]; lines: readonly string[] } => {
  const lines: string[] = []
  const reader = new ReplyReader({ heard: (line) => lines.push(line) })
  return { reads: chunks.flatMap((chunk) => [...reader.push(Buffer.from(chunk))]), lines }
}

const refusal = (...chunks: readonly string[]): string => {
  const last = read(...chunks).reads.at(-1)
  assert.ok(last !== undefined && !last.ok, 'it is refused')
  return last.text
}

test('one line, several lines, a bare code, an enhanced code', () => {
  const { reads, lines } = read('220 hi\r\n250-2.1.0 a\r\n250 2.1.0 b\r\n354\r\n550 5.1.1 no\r\n')
  assert.deepEqual(reads, [
    { ok: true, reply: { code: 220, enhanced: '', lines: ['hi'] } },
    { ok: true, reply: { code: 250, enhanced: '2.1.0', lines: ['a', 'b'] } },
    { ok: true, reply: { code: 354, enhanced: '', lines: [''] } },
    { ok: true, reply: { code: 550, enhanced: '5.1.1', lines: ['no'] } },
  ])
  assert.deepEqual(lines, ['220 hi', '250-2.1.0 a', '250 2.1.0 b', '354', '550 5.1.1 no'])
})

test('a bare LF ends a line', () => {
  assert.deepEqual(read('250-a\n250 b\n').reads, [
    { ok: true, reply: { code: 250, enhanced: '', lines: ['a', 'b'] } },
  ])
})

test('an enhanced code of another class is words', () => {
  const [first] = read('550 2.0.0 odd\r\n').reads
  assert.deepEqual(first, { ok: true, reply: { code: 550, enhanced: '', lines: ['2.0.0 odd'] } })
})

test('what is no reply', () => {
  for (const line of [
    'HTTP/1.1 200 OK',
    '',
    '25 x',
    '2500 x',
    '199 x',
    '650 x',
    '250x',
    'SSH-2.0-x',
    '250_a',
  ])
    assert.match(refusal(`${line}\r\n`), /no SMTP reply/, line)
})

test('a code that contradicts itself', () => {
  assert.match(refusal('250-fine\r\n550 not fine\r\n'), /contradicts itself: 250, then 550/)
})

test('after a refusal nothing is read', () => {
  const { reads, lines } = read('nonsense\r\n250 fine\r\n', '250 fine\r\n')
  assert.equal(reads.length, 1)
  assert.deepEqual(lines, ['nonsense'])
})

test('an endless reply is refused after a bounded number of lines, and of bytes', () => {
  assert.match(refusal('250-x\r\n'.repeat(replyBounds.lines)), /does not end/)
  assert.equal(read(`${'250-x\r\n'.repeat(replyBounds.lines - 1)}250 x\r\n`).reads[0]?.ok, true)
  const long = `250-${'x'.repeat(10_000)}\r\n`
  assert.match(refusal(long.repeat(7)), /does not end/)
})

test('of a long line the beginning is kept; a line beyond the bound is refused', () => {
  const { reads, lines } = read(`250 ${'x'.repeat(60_000)}\r\n250 y\r\n`)
  assert.deepEqual(
    reads.map(({ ok }) => ok),
    [true, true],
  )
  assert.equal(lines[0]?.length, replyBounds.kept)
  assert.match(refusal(`250 ${'x'.repeat(70_000)}`), /does not end/)
  assert.match(refusal(...Array<string>(70).fill('x'.repeat(1000))), /does not end/)
})

test('control characters become spaces, bytes that are no UTF-8 are marked', () => {
  const lines: string[] = []
  const reader = new ReplyReader({ heard: (line) => lines.push(line) })
  reader.push(Buffer.from('250 a\u001b[31m\0b\rc\r\n'))
  reader.push(Buffer.from([0x32, 0x35, 0x30, 0x20, 0xff, 0x0d, 0x0a]))
  assert.deepEqual(lines, ['250 a [31m b c', '250 \ufffd'])
})

test('however the bytes are cut, the same is read', () => {
  const line = fc.constantFrom(
    '250 ok',
    '250-more',
    '550-5.1.1 x',
    '550 5.1.1 x',
    '421 bye',
    'junk',
    '354',
    '',
  )
  const text = fc.array(line, { maxLength: 8 }).map((lines) => lines.map((each) => `${each}\r\n`).join(''))
  fc.assert(
    fc.property(text, fc.array(fc.nat({ max: 60 })), (whole, cuts) => {
      const places = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length]
      const pieces = places.slice(1).map((place, at) => whole.slice(places[at], place))
      assert.deepEqual(read(...pieces), read(whole))
    }),
  )
})
