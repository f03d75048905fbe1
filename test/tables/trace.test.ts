/** The lines on top of a message (RFC 5321 §4.4). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MessageAccepted, TraceFacts } from '../../machines/vocabulary/events.ts'
import { literalOf, mailDate, traceLines } from '../../src/smtp/trace.ts'

const at = Date.UTC(2026, 1, 3, 4, 5, 6)
const trace: TraceFacts = {
  by: 'mx.example.org',
  helo: 'client.example.net',
  peer: { address: '192.0.2.1', port: 40_000, name: null },
  protocol: 'ESMTP',
  tls: null,
}
const to = (...addresses: string[]): MessageAccepted['recipients'] =>
  addresses.map((address) => ({ address, destination: { kind: 'mailbox', mailbox: address } }))
const accepted: MessageAccepted = {
  message: '01hx0000000000000000',
  sender: 'bob@example.net',
  user: null,
  recipients: to('alice@example.org'),
  received: 0,
  size: 10,
  sha256: '',
  subject: null,
  from: null,
  messageId: null,
  trace,
}

/** Header fields, folded lines joined. */
const fieldsOf = (lines: string): string[] => {
  assert.ok(lines.endsWith('\r\n'))
  assert.ok(!/\r(?!\n)|(?<!\r)\n/.test(lines), 'a bare CR or LF')
  return lines
    .slice(0, -2)
    .replace(/\r\n(?=[ \t])/g, '')
    .split('\r\n')
}

test('a plain mail for one', () => {
  assert.equal(
    traceLines(accepted, at),
    'Return-Path: <bob@example.net>\r\n' +
      'Received: from client.example.net ([192.0.2.1])\r\n' +
      '\tby mx.example.org with ESMTP id 01hx0000000000000000\r\n' +
      '\tfor <alice@example.org>; Tue, 3 Feb 2026 04:05:06 +0000\r\n',
  )
})

test('a name, TLS, and lines that were added', () => {
  const lines = traceLines(
    {
      ...accepted,
      added: 'Message-ID: <1@mx.example.org>\r\n',
      trace: {
        ...trace,
        protocol: 'ESMTPSA',
        peer: { ...trace.peer, name: 'host.example.net' },
        tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', servername: null },
      },
    },
    at,
  )
  const [, received, added] = fieldsOf(lines)
  assert.match(received!, /^Received: from client\.example\.net \(host\.example\.net \[192\.0\.2\.1\]\)\t/)
  assert.match(received!, /with ESMTPSA id \S+ \(version=TLSv1\.3 cipher=TLS_AES_256_GCM_SHA384\)/)
  assert.equal(added, 'Message-ID: <1@mx.example.org>')
})

test('the null sender is written as one', () => {
  assert.equal(fieldsOf(traceLines({ ...accepted, sender: '' }, at))[0], 'Return-Path: <>')
})

test('several recipients are not told of each other', () => {
  const several = { ...accepted, recipients: to('alice@example.org', 'carol@example.org') }
  assert.ok(!traceLines(several, at).includes('for <'))
  const copy = traceLines(several, at, { recipient: 'carol@example.org' })
  assert.ok(copy.includes('for <carol@example.org>;'))
  assert.ok(!copy.includes('alice'))
})

test('nothing a client says can add a field, close a comment, or start another', () => {
  const evil = 'x)\r\nBcc: victim@example.org\r\n\r\n(\\"\0\u2028'
  const lines = traceLines(
    {
      ...accepted,
      sender: evil,
      recipients: to(evil),
      trace: {
        by: evil,
        helo: evil,
        peer: { address: evil, port: 1, name: evil },
        protocol: evil,
        tls: { version: evil, cipher: evil, servername: null },
      },
    },
    at,
  )
  const fields = fieldsOf(lines)
  assert.deepEqual(
    fields.map((field) => field.slice(0, field.indexOf(':'))),
    ['Return-Path', 'Received'],
  )
  const beforeFor = fields[1]!.slice(0, fields[1]!.indexOf('for <'))
  assert.equal(beforeFor.split('(').length, 3)
  assert.equal(beforeFor.split(')').length, 3)
  assert.ok(!/[\0\\\u2028]/.test(beforeFor))
})

test('a HELO that is no name is told in the comment', () => {
  const strange = traceLines({ ...accepted, trace: { ...trace, helo: 'a{b}' } }, at)
  assert.match(strange, /^Received: from unknown \(helo=a\{b\} \[192\.0\.2\.1\]\)\r$/m)
  for (const helo of ['[192.0.2.9]', '[IPv6:2001:db8::1]', 'my_host', 'localhost']) {
    assert.ok(traceLines({ ...accepted, trace: { ...trace, helo } }, at).includes(`from ${helo} ([`), helo)
  }
})

test('addresses as literals', () => {
  assert.equal(literalOf('192.0.2.1'), '[192.0.2.1]')
  assert.equal(literalOf('2001:db8::1'), '[IPv6:2001:db8::1]')
  assert.equal(literalOf('::ffff:192.0.2.1'), '[192.0.2.1]')
  assert.equal(literalOf('fe80::1%eth0'), '[IPv6:fe80::1]')
})

test('dates of RFC 5322, in UTC', () => {
  assert.equal(mailDate(0), 'Thu, 1 Jan 1970 00:00:00 +0000')
  assert.equal(mailDate(Date.UTC(2024, 1, 29, 23, 59, 59, 999)), 'Thu, 29 Feb 2024 23:59:59 +0000')
  assert.equal(mailDate(Date.UTC(2026, 11, 31, 12)), 'Thu, 31 Dec 2026 12:00:00 +0000')
})
