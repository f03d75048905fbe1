/** Receipts: who is owed one as soon as mail is accepted, what it says, and that there is one of it, whatever happens in between. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import PostalMime from 'postal-mime'
import type { EventOf, MessageAccepted, Place } from '../../../machines/vocabulary/events.ts'
import { receiptsOf } from '../../../machines/vocabulary/notices.ts'
import { givenAddress, onwardOf, recipientsFor } from '../../../machines/vocabulary/recipients.ts'
import type { NoticerOptions } from '../../../src/delivery/noticer.ts'
import { Receipts, type ReceiptsOptions } from '../../../src/delivery/receipts.ts'
import { tapped } from '../../../src/delivery/tap.ts'
import { openMemoryLog } from '../../../src/log/memory.ts'
import { type EventLog, kindOf, LogFull } from '../../../src/log/port.ts'
import { eventually } from '../../eventually.ts'
import { requireProgram } from '../../programs.ts'

const at = Date.UTC(2026, 0, 1)
const asked = { notify: ['SUCCESS'] }

const home = (mailbox: string): Place => ({ kind: 'mailbox', mailbox })
const away: Place = { kind: 'foreign', nextHop: 'far.example' }
const target = (address: string) => ({
  address,
  destination: address.endsWith('@example.org')
    ? ({ kind: 'mailbox', mailbox: address } as const)
    : ({ kind: 'nextHop', nextHop: 'far.example' } as const),
})
const alias = (name: string, ...addresses: readonly string[]): Place => ({
  ...{ kind: 'alias', alias: name },
  targets: addresses.map(target),
})
const one = alias('info@example.org', 'ann@example.org')
const leadingAway = alias('info@example.org', 'zoe@far.example')
const several = alias('sales@example.org', 'ann@example.org', 'zoe@far.example')

const message = (
  recipients: MessageAccepted['recipients'],
  more: Partial<MessageAccepted> = {},
): MessageAccepted => ({
  ...{ message: '01hx000000000000000m', sender: 'bob@far.example', user: null, recipients, received: 0 },
  ...{ size: 1, sha256: '', subject: 'Hello', from: null, messageId: '<1@far.example>' },
  trace: { by: 'mx', helo: '', peer: { address: '', port: 0, name: null }, protocol: 'ESMTP', tls: null },
  ...more,
})
const toldOf = (accepted: MessageAccepted): readonly string[] =>
  receiptsOf(accepted).map((recipient) => `${recipient.receipt} ${givenAddress(recipient)}`)

for (const [what, recipients, told] of [
  ['a mailbox', recipientsFor('Ann@example.org', home('ann'), asked), ['delivered Ann@example.org']],
  ['a mailbox, where success is not asked for', recipientsFor('ann@example.org', home('ann')), []],
  [
    'a mailbox, where failure and delay are',
    recipientsFor('ann@example.org', home('ann'), { notify: ['FAILURE', 'DELAY'] }),
    [],
  ],
  ['a mailbox, where nothing is', recipientsFor('a@example.org', home('a'), { notify: ['NEVER'] }), []],
  ['another host, which is answered for later', recipientsFor('zoe@far.example', away, asked), []],
  ['an alias of a mailbox', recipientsFor('info@example.org', one, asked), ['delivered info@example.org']],
  ['an alias of an address elsewhere', recipientsFor('info@example.org', leadingAway, asked), []],
  [
    'an alias of several',
    recipientsFor('Sales+x@example.org', several, asked),
    ['expanded Sales+x@example.org'],
  ],
  ['an alias of several, not asked for', recipientsFor('sales@example.org', several), []],
  [
    'addresses given twice',
    [
      ...recipientsFor('sales@example.org', several, asked),
      ...recipientsFor('ann@example.org', home('ann'), asked),
      ...recipientsFor('sales@example.org', several, asked),
      ...recipientsFor('ann@example.org', home('ann'), asked),
    ],
    ['expanded sales@example.org', 'delivered ann@example.org'],
  ],
] as const)
  test(`${what}: ${told.join(', ') || 'nothing'}`, () => {
    assert.deepEqual(toldOf(message(recipients)), told)
    assert.deepEqual(toldOf(message(recipients, { sender: '' })), [])
  })

test('what an alias of several sends on asks nobody for success', () => {
  const [way] = onwardOf(recipientsFor('sales@example.org', several, { notify: ['SUCCESS', 'FAILURE'] }))
  assert.deepEqual(way?.recipients, [
    { address: 'zoe@far.example', notify: ['FAILURE'], orcpt: 'rfc822;sales@example.org' },
  ])
})

const original = 'Subject: Hello\r\nX-Odd: 1\r\n\r\nsecret body\r\n'

type Given = {
  readonly log?: EventLog
  readonly place?: (address: string) => Place
  readonly backlog?: Partial<ReceiptsOptions['backlog']>
  readonly append?: NoticerOptions['log']['append']
}

/** A desk at a log, and what it warned of; it is told of what is appended to its own log. */
const deskAt = ({ log: shared = openMemoryLog(), place = home, backlog, append }: Given = {}) => {
  const warnings: string[] = []
  const log = tapped(shared, (accepted) => receipts.accepted(accepted))
  const receipts: Receipts = new Receipts({
    log: { readStream: log.readStream.bind(log), append: append ?? log.append.bind(log) },
    ...{ hostname: 'mx.example.org', directory: { place } },
    warn: (what, error) => warnings.push(`${what}: ${error?.message}`),
    content: {
      stream: async () => Readable.from([Buffer.from(original)]),
      begin: async () => assert.fail('it is small'),
      remove: async () => {},
    },
    backlog: { caughtUp: async () => {}, receiptsDue: () => [], ...backlog },
  })
  return { log, receipts, warnings }
}

const accept = (log: EventLog, accepted: MessageAccepted): Promise<unknown> =>
  log.append([
    {
      ...{ stream: 'smtp_session-s1', expected: -1 },
      events: [{ id: 'e1', kind: kindOf('MessageAccepted', 1, {}), at, data: accepted, meta: {} }],
    },
  ])
const dueNow = { message: '01hx000000000000000m', stream: 'smtp_session-s1', revision: 0, at }
const receiptStream = 'notice-01hx000000000000000m_delivered'

const receiptIn = async (log: EventLog): Promise<EventOf | undefined> => {
  const events: EventOf[] = []
  for await (const page of log.readStream(receiptStream)) events.push(...(page as readonly EventOf[]))
  assert.ok(events.length <= 1)
  return events[0]
}
const receiptAt = (log: EventLog): Promise<EventOf> =>
  eventually(() => receiptIn(log), { what: 'the receipt' })
const bytesOf = async (log: EventLog): Promise<Uint8Array> => {
  const event = await receiptAt(log)
  assert.equal(event.type, 'MessageAccepted')
  return (await log.content(event.data.message)) ?? assert.fail('it has no content')
}

const toBoth = message(
  [
    ...recipientsFor('ann@example.org', home('ann'), { ...asked, orcpt: 'rfc822;Ann.First@list.example' }),
    ...recipientsFor('sales@example.org', several, asked),
    ...recipientsFor('eve@example.org', home('eve')),
  ],
  { ret: 'FULL', envid: 'x=1' },
)

test('accepted by this process, it is composed at once: from nobody, about the message, to the sender', async () => {
  const { log, warnings } = deskAt({ place: () => away })
  await accept(log, toBoth)
  const event = await receiptAt(log)
  assert.equal(event.type, 'MessageAccepted')
  const { data, meta } = event
  assert.deepEqual(data.cause, { message: toBoth.message, kind: 'delivered' })
  assert.deepEqual([data.sender, meta.$causationId], ['', toBoth.message])
  assert.deepEqual(data.recipients, [
    { address: 'bob@far.example', destination: { kind: 'nextHop', nextHop: 'far.example' } },
  ])
  assert.deepEqual(receiptsOf(data), [])
  const mail = await PostalMime.parse(await bytesOf(log), { forceRfc822Attachments: true })
  assert.equal(mail.subject, 'Delivered: Hello')
  assert.deepEqual([mail.to?.[0]?.address, mail.inReplyTo], ['bob@far.example', '<1@far.example>'])
  const text = mail.text!.replace(/\s+/g, ' ')
  assert.match(text, /<ann@example\.org>, for <Ann\.First@list\.example>/)
  assert.match(text, /<sales@example\.org> This address stands for several others, and your message goes on/)
  assert.doesNotMatch(text, /zoe|eve@|does not report/)
  assert.deepEqual(warnings, [])
})

test('Python reads each recipient with its action; of the mail nothing but its header goes back', async (t) => {
  const python = requireProgram(t, 'python3')
  if (python === null) return
  const { log } = deskAt()
  await accept(log, toBoth)
  const bytes = await bytesOf(log)
  const script = new URL('report.py', import.meta.url).pathname
  const { stdout, stderr } = spawnSync(python, [script], { input: bytes, encoding: 'utf8' })
  assert.notEqual(stdout, '', stderr)
  const { defects, parts, groups } = JSON.parse(stdout)
  assert.deepEqual(defects, [])
  assert.deepEqual(parts, ['text/plain', 'message/delivery-status', 'text/rfc822-headers'])
  const [ofMessage, ...recipients] = groups
  assert.equal(ofMessage['Original-Envelope-Id'], 'x=1')
  assert.equal(ofMessage['Reporting-MTA'], 'dns; mx.example.org')
  const last = 'Thu, 1 Jan 2026 00:00:00 +0000'
  assert.deepEqual(recipients, [
    {
      'Original-Recipient': 'rfc822; Ann.First@list.example',
      'Final-Recipient': 'rfc822; ann@example.org',
      ...{ Action: 'delivered', Status: '2.0.0', 'Last-Attempt-Date': last },
    },
    {
      'Original-Recipient': 'rfc822; sales@example.org',
      'Final-Recipient': 'rfc822; sales@example.org',
      ...{ Action: 'expanded', Status: '2.0.0', 'Last-Attempt-Date': last },
    },
  ])
  assert.doesNotMatch(Buffer.from(bytes).toString(), /secret body|zoe@/)
})

test('of an alias of several alone it does not say that it was delivered', async () => {
  const { log } = deskAt()
  await accept(log, message(recipientsFor('sales@example.org', several, asked)))
  const { subject, text } = await PostalMime.parse(await bytesOf(log))
  assert.equal(subject, 'Passed on to everyone behind sales@example.org: Hello')
  assert.match(text!.replace(/\s+/g, ' '), /has reached the mail system of the address below/)
})

test('accepted, and the process ended: found by what is owed, and made once', async () => {
  const shared = openMemoryLog()
  await accept(shared, toBoth)
  const backlog = { receiptsDue: () => [dueNow] }
  const desks = [deskAt({ log: shared, backlog }), deskAt({ log: shared, backlog })]
  await receiptAt(shared)
  const tail = await shared.tail()
  // Again, and by another start.
  for (const { receipts } of [...desks, deskAt({ log: shared, backlog })]) receipts.takeOver()
  await Promise.all(desks.map(({ receipts }) => receipts.stop()))
  assert.equal(await shared.tail(), tail)
  assert.equal(tail, 2)
})

test('told of at once, and found by others at the same moment: there is one', async () => {
  const shared = openMemoryLog()
  const desks = [1, 2, 3].map(() => deskAt({ log: shared, backlog: { receiptsDue: () => [dueNow] } }))
  await accept(desks[0]!.log, toBoth)
  for (const { receipts } of desks) receipts.takeOver()
  await receiptAt(shared)
  await Promise.all(desks.map(({ receipts }) => receipts.stop()))
  assert.equal(await shared.tail(), 2)
})

test('what is owed is looked for when the views know everything, and not before', async () => {
  const shared = openMemoryLog()
  await accept(shared, toBoth)
  const ready = Promise.withResolvers<void>()
  let isAsked = false
  const receiptsDue = () => {
    isAsked = true
    return [dueNow]
  }
  deskAt({ log: shared, backlog: { caughtUp: () => ready.promise, receiptsDue } })
  await new Promise(setImmediate)
  assert.equal(isAsked, false)
  ready.resolve()
  await receiptAt(shared)
})

test('a sender that nobody here has hears nothing, and neither does the postmaster; that is recorded', async () => {
  const place = (address: string): Place =>
    address === 'postmaster' ? home('root') : { kind: 'unknown', domain: 'example.org' }
  const { log } = deskAt({ place })
  await accept(log, message(toBoth.recipients, { sender: 'gone@example.org' }))
  const event = await receiptAt(log)
  assert.equal(event.type, 'NoticeDropped')
  assert.deepEqual(event.data, {
    cause: { message: toBoth.message, kind: 'delivered' },
    ...{ sender: 'gone@example.org', reason: 'nobody-to-tell' },
  })
})

test('a log that does not take it: said, and owed after the next start', async () => {
  const shared = openMemoryLog()
  await accept(shared, toBoth)
  const backlog = { receiptsDue: () => [dueNow] }
  const { warnings } = deskAt({
    ...{ log: shared, backlog },
    append: async () => {
      throw new LogFull('no room')
    },
  })
  await eventually(() => warnings.length > 0, { what: 'a warning' })
  assert.match(
    warnings[0]!,
    /owed of the arrival of message 01hx000000000000000m could not be made; it is tried again: no room/,
  )
  assert.equal(await receiptIn(shared), undefined)
  deskAt({ log: shared, backlog })
  await receiptAt(shared)
})

test('stopped, nothing is begun any more', async () => {
  const { log, receipts } = deskAt()
  await receipts.stop()
  await accept(log, toBoth)
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
  assert.equal(await receiptIn(log), undefined)
})
