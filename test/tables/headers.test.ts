import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headerFacts, headerWindow } from '../../src/smtp/header-facts.ts'
import { eachRow } from './table.ts'

const table = new URL('headers.md', import.meta.url)
const orNull = (cell: string): string | null => (cell === '-' ? null : cell)
const wordsOf = (cell: string): string[] => cell.match(/"[^"]*"@\S+|\S+/g) ?? []

eachRow(table, 'Facts', ({ cell }) => {
  const { deliveredTo, tlsOptional, ...facts } = headerFacts(Buffer.from(cell('content')))
  assert.deepEqual([deliveredTo, tlsOptional], [[], false])
  assert.deepEqual(facts, {
    subject: orNull(cell('subject').replaceAll('`', '')),
    from: orNull(cell('from').replaceAll('`', '')),
    messageId: orNull(cell('message id')),
    date: cell('date') === 'yes',
    fromAddresses: wordsOf(cell('addresses')),
    receivedLines: Number(cell('received')),
  })
})

eachRow(table, 'Delivered-To', ({ cell }) => {
  assert.deepEqual(headerFacts(Buffer.from(cell('content'))).deliveredTo, wordsOf(cell('addresses')))
})

eachRow(table, 'TLS-Required', ({ cell }) => {
  const { tlsOptional } = headerFacts(Buffer.from(cell('content')))
  assert.equal(tlsOptional ? 'no' : '', cell('TLS'))
})

test('of Delivered-To lines without end the topmost hundred are kept', () => {
  const lines = Array.from({ length: 5000 }, (_, at) => `Delivered-To: a${at}@example.org\r\n`)
  const { deliveredTo } = headerFacts(Buffer.from(`${lines.join('')}\r\n`))
  assert.equal(deliveredTo.length, 100)
  assert.equal(deliveredTo[99], 'a99@example.org')
})

test('octets that are no UTF-8 are shown as Latin-1', () => {
  assert.equal(headerFacts(Buffer.from('Subject: h\xe9llo\r\n\r\n', 'latin1')).subject, 'héllo')
})

test('what lies beyond the window is not looked at', () => {
  const field = (name: string, octets: number) => `${name}: ${'x'.repeat(octets - name.length - 4)}\r\n`
  const within = Buffer.from(`${field('X-A', headerWindow - 20)}Subject: seen\r\n\r\n`)
  const beyond = Buffer.from(`${field('X-A', headerWindow)}Subject: not seen\r\n\r\n`)
  assert.equal(headerFacts(within).subject, 'seen')
  assert.equal(headerFacts(beyond).subject, null)
})

test('every Received line counts, however many', () => {
  const content = Buffer.from(`${'Received: by a\r\n\tfor b\r\n'.repeat(500)}\r\nReceived: not me\r\n`)
  assert.equal(headerFacts(content).receivedLines, 500)
})

test('a From field too long to be meant gives more addresses rather than fewer', () => {
  const names = Array.from({ length: 400 }, (_, at) => `"x" <a${at}@example.org>`)
  const { fromAddresses } = headerFacts(Buffer.from(`From: ${names.join(',\r\n ')}\r\n\r\n`))
  for (let at = 0; at < 400; at++) assert.ok(fromAddresses.includes(`a${at}@example.org`), String(at))
})

test('no header takes more than a glance to read', () => {
  const unkind = [
    '<',
    '"',
    '(',
    'a:',
    'a@',
    ' <@',
    '\\"',
    '=?utf-8?q?a',
    'a@b ',
    '\t',
    ',',
    '=?',
    '\r\n ',
    'From:a:\r\n',
    's\n',
    'subject\n',
  ]
  for (const piece of unkind) {
    for (const start of ['From: ', 'Subject: ', '']) {
      const content = Buffer.from(start + piece.repeat(headerWindow / piece.length))
      const before = process.cpuUsage()
      headerFacts(content)
      const { user } = process.cpuUsage(before)
      // A quadratic reader needs minutes for a quarter of a megabyte; this bound is far from both.
      assert.ok(user < 5_000_000, `${start}${JSON.stringify(piece)}: ${user} µs`)
    }
  }
})
