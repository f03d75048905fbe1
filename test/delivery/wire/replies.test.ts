/** The reply reader: what is a reply, what is none, however the bytes are cut. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Read, ReplyReader, replyBounds } from '../../../src/delivery/wire/replies.ts'

const read = (...chunks: readonly (string | Buffer)[]): readonly Read[] => {
  const reader = new ReplyReader()
  return chunks.flatMap((chunk) => [...reader.push(Buffer.from(chunk))])
}

/** The replies, with their words line by line. */
const replies = (...chunks: readonly string[]) =>
  read(...chunks).map((each) => {
    assert.ok(each.ok, 'it is a reply')
    const { code, enhanced, lines } = each.reply
    return { code, enhanced, words: lines.map(({ words }) => words) }
  })

/** Every line, as it came. */
const lines = (...chunks: readonly (string | Buffer)[]): readonly string[] =>
  read(...chunks)
    .flatMap((each) => (each.ok ? each.reply.lines : each.lines))
    .map(({ label, words }) => `${label}${words}`)

const refusal = (...chunks: readonly string[]): string => {
  const last = read(...chunks).at(-1)
  assert.ok(last !== undefined && !last.ok, 'it is refused')
  return last.text
}

test('one line, several lines, a bare code, an enhanced code', () => {
  const text = '220 hi\r\n250-2.1.0 a\r\n250 2.1.0 b\r\n354\r\n550 5.1.1  no \r\n'
  assert.deepEqual(replies(text), [
    { code: 220, enhanced: '', words: ['hi'] },
    { code: 250, enhanced: '2.1.0', words: ['a', 'b'] },
    { code: 354, enhanced: '', words: [''] },
    { code: 550, enhanced: '5.1.1', words: ['no'] },
  ])
  assert.deepEqual(lines(text), ['220 hi', '250-2.1.0 a', '250 2.1.0 b', '354', '550 5.1.1  no'])
})

test('a bare LF ends a line', () => {
  assert.deepEqual(replies('250-a\n250 b\n'), [{ code: 250, enhanced: '', words: ['a', 'b'] }])
})

test('an enhanced code of another class is words', () => {
  assert.deepEqual(replies('550 2.0.0 odd\r\n'), [{ code: 550, enhanced: '', words: ['2.0.0 odd'] }])
})

test('lines of a reply that has not come whole can be had', () => {
  const reader = new ReplyReader()
  assert.deepEqual(reader.push(Buffer.from('250-2.0.0 a\r\n250-b\r\n250')), [])
  const unfinished = [
    { label: '250-2.0.0 ', words: 'a' },
    { label: '250-', words: 'b' },
  ]
  assert.deepEqual([reader.unfinished, reader.midway], [unfinished, true])
  assert.equal(reader.push(Buffer.from(' c\r\n')).length, 1)
  assert.deepEqual([reader.unfinished, reader.midway], [[], false])
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
  const chunks = ['nonsense\r\n250 fine\r\n', '250 fine\r\n']
  assert.equal(read(...chunks).length, 1)
  assert.deepEqual(lines(...chunks), ['nonsense'])
})

test('an endless reply is refused after a bounded number of lines, and of bytes', () => {
  assert.match(refusal('250-x\r\n'.repeat(replyBounds.lines)), /does not end/)
  assert.equal(read(`${'250-x\r\n'.repeat(replyBounds.lines - 1)}250 x\r\n`)[0]?.ok, true)
  const long = `250-${'x'.repeat(10_000)}\r\n`
  assert.match(refusal(long.repeat(7)), /does not end/)
})

test('of a long line the beginning is kept; a line beyond the bound is refused', () => {
  const long = `250 ${'x'.repeat(60_000)}\r\n250 y\r\n`
  assert.equal(replies(long).length, 2)
  assert.equal(lines(long)[0]?.length, replyBounds.kept)
  assert.match(refusal(`250 ${'x'.repeat(70_000)}`), /does not end/)
  assert.match(refusal(...Array<string>(70).fill('x'.repeat(1000))), /does not end/)
})

test('control characters become spaces, bytes that are no UTF-8 are marked', () => {
  const bytes = Buffer.from([0x32, 0x35, 0x30, 0x20, 0xff, 0x0d, 0x0a])
  assert.deepEqual(lines('250 a\u001b[31m\0b\rc\r\n', bytes), ['250 a [31m b c', '250 \ufffd'])
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
