/** Whatever others wrote into addresses, subjects and answers, a notice keeps its shape. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fieldOf, notice, parsed, partsOf, refused, reportOf } from './letters.ts'

/** Line ends of every kind, what ends a header or a part, and words that look like fields. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\r\n',
        '\r',
        '\n',
        '\r\n\r\n',
        '\r\n.\r\n',
        '\0',
        '\x85',
        '\u2028',
        '\u202e',
        '\t',
        'Bcc: eve@example.com',
        '--notice-01hx0000000000000009',
        '"',
        '<',
        '>',
        ',',
        ';',
        '\\',
        '=?utf-8?q?=0D=0ABcc:_eve?=',
        '\ud800',
        'J\u00fcrgen',
      ),
      fc.string({ unit: 'grapheme', maxLength: 200 }),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''))

const topNames = [
  'auto-submitted',
  'content-type',
  'date',
  'from',
  'message-id',
  'mime-version',
  'subject',
  'to',
]
const reportNames =
  /^(?:original-recipient|final-recipient|action|status|remote-mta|diagnostic-code|last-attempt-date)$/

test('nothing that others wrote becomes a field, a line, or a part', async () => {
  await fc.assert(
    fc.asyncProperty(nasty, nasty, nasty, nasty, async (text, host, subject, odd) => {
      const composed = await notice({
        original: { subject, envid: odd, messageId: odd, sender: `"bob${odd}"@example.org` },
        recipients: [
          {
            ...refused,
            address: `a${odd}@example.net`,
            orcpt: `rfc822;${odd}`,
            host,
            reply: { code: 550, enhanced: odd.slice(0, 9), text, command: 'RCPT' },
          },
        ],
      })
      const wire = composed.bytes.toString('latin1')
      assert.doesNotMatch(wire, /\r(?!\n)|(?<!\r)\n|\0/, 'a bare line end')
      for (const line of wire.split('\r\n')) assert.ok(line.length <= 998, `${line.length}`)
      const { headers } = await parsed(composed)
      const names = headers.map(({ key }) => key).filter((key) => !/^(?:in-reply-to|references)$/.test(key))
      assert.deepEqual(names.sort(), topNames)
      assert.equal(partsOf(composed).length, 3)
      const groups = reportOf(composed)
      assert.equal(groups.length, 2)
      for (const [name, value] of groups[1]!) {
        assert.match(name, reportNames)
        assert.match(value, /^[ -~\t]+$/)
      }
    }),
    { numRuns: 150 },
  )
})

test('an address beyond ASCII is written as RFC 6533 has it, and its notice needs SMTPUTF8', async () => {
  const composed = await notice({
    original: { sender: 'j\u00fcrgen@example.org', smtputf8: true },
    recipients: [
      { ...refused, address: 'r\u00fcdi+x@b\u00fccher.example', orcpt: 'utf-8;\u96ea@example.com' },
    ],
  })
  assert.equal(fieldOf(composed, 'final-recipient'), 'utf-8; r\\x{FC}di\\x{2B}x@b\\x{FC}cher.example')
  assert.equal(fieldOf(composed, 'original-recipient'), 'utf-8; \\x{96EA}@example.com')
  assert.equal(composed.smtputf8, true)
  assert.match(composed.bytes.toString('utf8'), /^To: <?j\u00fcrgen@example\.org>?\r$/m)
})

test('a sender with spaces, quotes and marks of a list stays one address', async () => {
  for (const sender of [
    '"a, b"@example.org',
    `"${'long '.repeat(12)}"@example.org`,
    '"<eve@example.com>"@example.org',
  ])
    assert.deepEqual((await parsed(await notice({ original: { sender } }))).to?.length, 1, sender)
  const { to } = await parsed(await notice({ original: { sender: 'bob\r\nBcc: eve@example.com' } }))
  assert.deepEqual(to, [{ name: 'undisclosed-recipients', group: [] }])
})

test('an international domain alone needs no SMTPUTF8 in the header', async () => {
  const composed = await notice({ original: { sender: 'bob@b\u00fccher.example' } })
  assert.match(composed.bytes.toString('latin1'), /^To: bob@xn--bcher-kva\.example\r$/m)
})

test('an endless answer is cut', async () => {
  const reply = { code: 550, enhanced: '5.7.1', text: 'no '.repeat(100_000), command: 'RCPT' }
  const composed = await notice({ recipients: [{ ...refused, reply }] })
  assert.ok(composed.bytes.length < 6000)
  assert.ok(fieldOf(composed, 'diagnostic-code')!.length < 1000)
})
