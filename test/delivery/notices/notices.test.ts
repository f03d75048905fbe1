/** What stands in a notice, who is told, and what comes back of the original. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { longestReturned } from '../../../src/delivery/notices/index.ts'
import {
  acceptedAt,
  content,
  fieldOf,
  fieldsOf,
  notice,
  parsed,
  partsOf,
  refused,
  reportOf,
} from './letters.ts'

test('a failure: three parts, people first', async () => {
  const composed = await notice({ original: { envid: 'QQ314159' } })
  const mail = await parsed(composed)
  const header = new Map(mail.headers.map(({ key, value }) => [key, value]))
  assert.match(header.get('content-type')!, /^multipart\/report; report-type=delivery-status; boundary=/)
  assert.equal(header.get('auto-submitted'), 'auto-replied')
  assert.equal(header.get('in-reply-to'), '<1@example.org>')
  assert.equal(header.get('message-id'), '<01hx0000000000000009@mx.example.org>')
  assert.equal(header.get('mime-version'), '1.0')
  assert.deepEqual(mail.from, { name: 'Mail Delivery System', address: 'postmaster@mx.example.org' })
  assert.deepEqual(mail.to, [{ name: '', address: 'bob@example.org' }])
  assert.equal(mail.subject, 'Not delivered to ann@example.net: Hello')
  assert.match(
    mail.text!,
    /<ann@example\.net>\n {4}mx\.example\.net said: 550 5\.1\.1 No such user here\n {4}Check/,
  )
  assert.deepEqual(
    partsOf(composed).map(({ type }) => type),
    ['text/plain', 'message/delivery-status', 'text/rfc822-headers'],
  )
  assert.deepEqual(reportOf(composed), [
    [
      ['original-envelope-id', 'QQ314159'],
      ['reporting-mta', 'dns; mx.example.org'],
      ['arrival-date', 'Thu, 1 Jan 2026 00:00:00 +0000'],
    ],
    [
      ['final-recipient', 'rfc822; ann@example.net'],
      ['action', 'failed'],
      ['status', '5.1.1'],
      ['remote-mta', 'dns; mx.example.net'],
      ['diagnostic-code', 'smtp; 550 5.1.1 No such user here'],
      ['last-attempt-date', 'Thu, 1 Jan 2026 00:01:00 +0000'],
    ],
  ])
  assert.deepEqual([composed.body, composed.smtputf8], ['7BIT', false])
})

test('the same options, the same bytes', async () => {
  assert.deepEqual((await notice()).bytes, (await notice()).bytes)
})

test('several recipients, each with its original one', async () => {
  const composed = await notice({
    recipients: [
      { ...refused, orcpt: 'rfc822;Ann+1@example.com' },
      { ...refused, address: 'cid@example.net' },
    ],
  })
  const [, ...recipients] = reportOf(composed)
  assert.deepEqual(
    recipients.map(([first, second]) => [first, second]),
    [
      [
        ['original-recipient', 'rfc822; Ann+1@example.com'],
        ['final-recipient', 'rfc822; ann@example.net'],
      ],
      [
        ['final-recipient', 'rfc822; cid@example.net'],
        ['action', 'failed'],
      ],
    ],
  )
})

test('a delay says until when it is tried', async () => {
  const composed = await notice({
    kind: 'delayed',
    recipients: [
      {
        ...refused,
        reply: { code: 451, enhanced: '4.7.1', text: 'Greylisted', command: 'RCPT' },
        nextAttemptAt: acceptedAt + 3_600_000,
        giveUpAt: acceptedAt + 5 * 86_400_000,
      },
    ],
  })
  assert.equal(fieldOf(composed, 'action'), 'delayed')
  assert.equal(fieldOf(composed, 'status'), '4.7.1')
  assert.equal(fieldOf(composed, 'will-retry-until'), 'Tue, 6 Jan 2026 00:00:00 +0000')
  const { text } = await parsed(composed)
  assert.match(
    text!.replace(/\s+/g, ' '),
    /next attempt is at Thu, 1 Jan 2026 01:00:00 .*given up at Tue, 6 Jan.*, and you are told/,
  )
})

test('success is relayed unless the host keeps the mailbox, and the text says so', async () => {
  const good = { ...refused, reply: { code: 250, enhanced: '2.1.5', text: 'Ok', command: 'content' } }
  const relayed = await notice({ kind: 'delivered', recipients: [good] })
  assert.deepEqual([fieldOf(relayed, 'action'), fieldOf(relayed, 'status')], ['relayed', '2.1.5'])
  assert.match(
    (await parsed(relayed)).text!,
    /has reached the mail system of the address below.*does not report what becomes of it/s,
  )
  const final = await notice({ kind: 'delivered', recipients: [{ ...good, final: true }] })
  assert.equal(fieldOf(final, 'action'), 'delivered')
  assert.doesNotMatch((await parsed(final)).text!, /mail system of the address|does not report/)
})

test('tried in vain to the end: how often, what was wrong last, and what was said before that', async () => {
  const composed = await notice({
    recipients: [
      {
        ...{ address: 'ann@example.net', reply: null, host: null, lastAttemptAt: acceptedAt + 86_400_000 },
        ...{ fault: 'mx.example.net: nobody listens', faultKind: 'connection-refused' },
        before: {
          reply: { code: 451, enhanced: '4.7.1', text: 'Greylisted', command: 'RCPT' },
          host: 'mx.example.net',
        },
      },
    ],
    options: { attempts: 12 },
  })
  assert.equal(fieldOf(composed, 'status'), '5.4.1')
  assert.equal(fieldOf(composed, 'diagnostic-code'), 'x-fsmtp; mx.example.net: nobody listens')
  assert.equal(fieldOf(composed, 'remote-mta'), undefined)
  const said = (await parsed(composed)).text!.replace(/\s+/g, ' ')
  assert.match(
    said,
    /nobody listens\. Before that, mx\.example\.net said: 451 4\.7\.1 Greylisted It was tried 12/,
  )
  assert.match(said, /tried 12 times, the last time at Fri, 2 Jan 2026 00:00:00 \+0000\./)
})

test('what to do, by who refused it', async () => {
  const refusal = { code: 550, enhanced: '5.7.1', text: 'No', command: 'RCPT' }
  const cases = [
    [{ reply: refusal }, /refused it by its own rules/],
    [{ reply: { ...refusal, code: 451, enhanced: '4.7.1' } }, /put it off each time/],
    [{ reply: null, fault: 'no TLS', faultKind: 'tls-not-offered' }, /over a secure connection only/],
    [{ reply: null, fault: 'no login', faultKind: 'login-failed' }, /tell the postmaster of this system/],
    [{ reply: null, fault: 'nobody', faultKind: 'connection-refused' }, /could not be reached/],
    [{ reply: null, fault: 'no such domain', faultKind: 'no-such-domain' }, /that domain does not exist/],
  ] as const
  for (const [given, expected] of cases) {
    const { text } = await parsed(await notice({ recipients: [{ ...refused, ...given }] }))
    assert.match(text!.replace(/\s+/g, ' '), expected)
  }
})

test('where the sender’s mail goes elsewhere, so does the notice', async () => {
  const { to } = await parsed(await notice({ options: { to: ['a@example.org', 'b@b\u00fccher.example'] } }))
  assert.deepEqual(
    to?.map(({ address }) => address),
    ['a@example.org', 'b@xn--bcher-kva.example'],
  )
})

test('the status where the host gave none, or one of another class', async () => {
  const reply = (code: number, enhanced: string) => ({ code, enhanced, text: 'x', command: 'RCPT' })
  const cases = [
    [reply(550, ''), null, '5.0.0'],
    [reply(550, '2.0.0'), null, '5.0.0'],
    [reply(451, '4.7.1'), null, '4.7.1'],
    [reply(451, ''), null, '4.4.7'],
    [null, 'null-mx', '5.1.10'],
    [null, 'no-such-domain', '5.1.2'],
    [null, null, '5.0.0'],
  ] as const
  for (const [given, faultKind, expected] of cases) {
    const composed = await notice({ recipients: [{ ...refused, reply: given, faultKind }] })
    assert.equal(fieldOf(composed, 'status'), expected)
  }
})

test('a fault no host put into words is told in ours', async () => {
  const composed = await notice({
    recipients: [{ ...refused, reply: null, host: null, fault: 'example.net takes no mail' }],
  })
  assert.equal(fieldOf(composed, 'diagnostic-code'), 'x-fsmtp; example.net takes no mail')
  assert.equal(fieldOf(composed, 'remote-mta'), undefined)
  assert.match((await parsed(composed)).text!, /\n {4}example\.net takes no mail\.\n/)
})

test('RET: headers unless all was asked for, and all only of what failed', async () => {
  const third = async (given: Parameters<typeof notice>[0]) => partsOf(await notice(given))[2]!
  for (const original of [{}, { ret: 'HDRS' }] as const) {
    const part = await third({ original })
    assert.equal(part.type, 'text/rfc822-headers')
    assert.deepEqual(
      fieldsOf(part.body).map(([name]) => name),
      ['from', 'to', 'subject', 'x-folded'],
    )
    assert.ok(!part.body.includes('secret'))
  }
  const full = await third({ original: { ret: 'FULL' } })
  assert.deepEqual([full.type, full.body], ['message/rfc822', content])
  const delayed = await third({
    kind: 'delayed',
    original: { ret: 'FULL' },
  })
  assert.equal(delayed.type, 'text/rfc822-headers')
})

test('REQUIRETLS: the notice wants it, too, and brings headers only (RFC 8689 §5)', async () => {
  const composed = await notice({ original: { ret: 'FULL', requiretls: true } })
  assert.deepEqual([composed.requiretls, partsOf(composed)[2]!.type], [true, 'text/rfc822-headers'])
  assert.equal((await notice({ original: { ret: 'FULL' } })).requiretls, false)
})

test('what is too large, or cannot stand in a mail, comes back as its header', async () => {
  const bodies = [
    'x'
      .repeat(76)
      .concat('\r\n')
      .repeat(longestReturned / 78 + 2),
    'x'.repeat(999),
    'a\0b',
    'a\rb',
  ]
  for (const body of bodies) {
    const composed = await notice({ original: { ret: 'FULL' }, content: `${content}${body}` })
    assert.equal(partsOf(composed)[2]!.type, 'text/rfc822-headers', body.slice(0, 5))
    assert.ok(composed.bytes.length < 10_000)
  }
})

test('an original beyond ASCII: whole it is 8 bit, its header is encoded', async () => {
  const text = content.replace('Hello', 'Gr\u00fc\u00dfe')
  const full = await notice({ original: { ret: 'FULL' }, content: text })
  assert.equal(full.body, '8BITMIME')
  assert.match(partsOf(full)[2]!.head, /Content-Transfer-Encoding: 8bit/)
  assert.ok(full.bytes.includes(Buffer.from(text)))
  const header = await notice({ content: text })
  assert.equal(header.body, '7BIT')
  assert.match(header.bytes.toString('latin1'), /^[\x00-\x7f]*$/)
  assert.match(partsOf(header)[2]!.body, /Subject: Gr=C3=BC=C3=9Fe/)
  const global = await notice({ content: text, original: { smtputf8: true } })
  assert.equal(partsOf(global)[2]!.type, 'message/global-headers')
})

test('no header, no third part', async () => {
  assert.equal(partsOf(await notice({ content: '\r\nbody' })).length, 2)
})

test('an original that is gone does not keep the sender from being told, and is not kept quiet about', async () => {
  const faults: string[] = []
  const unreadable = (error: Error) => faults.push(error.message)
  const broken = async function* () {
    yield Buffer.from('Subject: half a hea')
    throw new Error('the disk is broken')
  }
  for (const originalContent of [async () => null, async () => broken()])
    assert.equal(partsOf(await notice({ options: { originalContent, unreadable } })).length, 2)
  assert.deepEqual(faults, ['the content of message 01hx0000000000000001 is missing', 'the disk is broken'])
})

test('a boundary in the original does not end a part', async () => {
  const [, boundary] = /boundary="?([^"\r\n;]+)/.exec((await notice()).bytes.toString())!
  const text = `${content}--${boundary}--\r\nafter\r\n`
  const composed = await notice({ original: { ret: 'FULL' }, content: text })
  assert.equal(partsOf(composed).length, 3)
  assert.equal(partsOf(composed)[2]!.body, text)
})
