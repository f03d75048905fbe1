import assert from 'node:assert/strict'
import { test } from 'node:test'
import { session } from '../../machines/session/index.ts'
import type { Finding } from '../../src/history/findings.ts'
import { isSound } from '../../src/history/findings.ts'
import type { MailboxBooks } from '../../src/history/ledger.ts'
import { type ContentCheck, verifyLog } from '../../src/history/verify.ts'
import {
  type Append,
  type EventLog,
  kindOf,
  LogDamaged,
  type LogReader,
  type NewEvent,
} from '../../src/log/port.ts'
import { logFor } from './place.ts'
import { appendOf, policyAppend, record } from './recorder.ts'
import { policy, policyHash, sessionSaid } from './sessions.ts'
import { turnstile } from './turnstile.ts'

const machines = [session, turnstile]
const mail = (message: string, recipients = ['ann@example.org']) => ({
  message,
  size: 3,
  sha256: 'e'.repeat(64),
  recipients,
})
const sessionEvents = (message: string): NewEvent[] => record(session, policy, sessionSaid([mail(message)]))
const sessionAppend = (id: string, events = sessionEvents(`m${id}`)): Append =>
  appendOf(`smtp_session-${id}`, events)

type Options = { open?: number; content?: ContentCheck | null; books?: MailboxBooks | null }
const verified = async (log: Pick<LogReader, 'readAll' | 'readStream' | 'tail'>, options: Options = {}) => {
  const findings: Finding[] = []
  const { content = null, books = null, open } = options
  const summary = await verifyLog(log, {
    ...{ machines, content, books, found: (finding: Finding) => findings.push(finding) },
    ...(open !== undefined && { open }),
  })
  return { findings, summary }
}
const seeded = async (log: EventLog, ...appends: Append[]): Promise<EventLog> => {
  await log.append([policyAppend(policyHash, policy), ...appends])
  return log
}
/** One event of a life, changed. */
const changed = (
  events: readonly NewEvent[],
  at: number,
  change: (event: NewEvent) => Partial<NewEvent>,
): NewEvent[] => events.map((event, place) => (place === at ? { ...event, ...change(event) } : event))
const withMeta = (event: NewEvent, meta: Record<string, string>): Partial<NewEvent> => ({
  kind: kindOf(event.kind.type, event.kind.version, { ...event.kind.meta, ...meta }),
})

test('a sound log is sound, and is counted', async (t) => {
  const log = await seeded(await logFor(t), sessionAppend('a'), sessionAppend('b'))
  const { findings, summary } = await verified(log)
  assert.deepEqual(findings, [])
  const { ms, ...counts } = summary
  assert.ok(ms >= 0)
  assert.deepEqual(counts, {
    ...{ streams: 2, transitions: 14, ok: 2, diverged: 0, undecodable: 0, unknownVersion: 0 },
    ...{ messages: 2, unaccounted: 0, damaged: 0, contentFaults: 0, unchecked: 0, views: 0 },
  })
  assert.ok(isSound(summary))
})

const tamperings: readonly [string, number, (event: NewEvent) => Partial<NewEvent>, unknown, unknown][] = [
  [
    'a fact’s data',
    6,
    (event) => ({ data: { ...event.data, during: 'receiving' } }),
    { data: { during: 'receiving' } },
    { data: { during: 'identified' } },
  ],
  ['a state', 3, (event) => withMeta(event, { to: 'receiving' }), { to: 'receiving' }, { to: 'addressed' }],
  [
    'an effect',
    4,
    (event) => withMeta(event, { effects: 'reply' }),
    { effects: 'reply' },
    { effects: 'reply receiveContent' },
  ],
  [
    'a fact’s name',
    1,
    (event) => ({ kind: kindOf('SessionClosed', 1, event.kind.meta) }),
    { event: 'SessionClosed' },
    { event: 'ClientIdentified' },
  ],
  [
    'a reply',
    2,
    () => ({ meta: { dialogue: 'C: MAIL FROM:<bob@example.net>\nS: 250 2.1.0 Sender fine' } }),
    { replies: 'S: 250 2.1.0 Sender fine' },
    { replies: 'S: 250 2.1.0 Sender ok' },
  ],
  [
    'a reply put in',
    3,
    (event) => ({ meta: { dialogue: `S: 550 no\n${event.meta?.dialogue}` } }),
    { replies: 'S: 550 no\nS: 250 2.1.5 Recipient ok' },
    { replies: 'S: 250 2.1.5 Recipient ok' },
  ],
]
for (const [what, at, change, expected, got] of tamperings)
  test(`${what} that was changed is found, with its revision`, async (t) => {
    const log = await seeded(
      await logFor(t),
      sessionAppend('a', changed(sessionEvents('m1'), at, change)),
      sessionAppend('b'),
    )
    const { findings, summary } = await verified(log)
    assert.deepEqual(findings, [{ kind: 'diverged', stream: 'smtp_session-a', revision: at, expected, got }])
    assert.equal(summary.ok, 1)
    assert.equal(summary.diverged, 1)
    assert.ok(!isSound(summary))
  })

test('a challenge of a login in the dialogue is not taken for a reply', async (t) => {
  const spoken = (event: NewEvent) => ({
    meta: { dialogue: `S: 334 VXNlcm5hbWU6\nC: (secret)\n${event.meta?.dialogue}` },
  })
  const log = await seeded(await logFor(t), sessionAppend('a', changed(sessionEvents('m1'), 3, spoken)))
  assert.deepEqual((await verified(log)).findings, [])
})

test('an event after the end, an input nobody knows, a version nobody has, a policy that is missing', async (t) => {
  const events = sessionEvents('m1')
  const [first, second] = events
  const log = await seeded(
    await logFor(t),
    sessionAppend('a', [...events, { ...second!, id: crypto.randomUUID() }]),
    sessionAppend(
      'b',
      changed(sessionEvents('m2'), 2, (event) => withMeta(event, { input: 'SING' })),
    ),
    sessionAppend(
      'c',
      changed(sessionEvents('m3'), 0, (event) => withMeta(event, { machineVersion: '77' })),
    ),
    sessionAppend(
      'd',
      changed(sessionEvents('m4'), 0, (event) => ({ data: { ...event.data, policy: 'gone' } })),
    ),
    sessionAppend(
      'e',
      changed(sessionEvents('m5'), 0, (event) => withMeta(event, { fingerprint: 'other' })),
    ),
    appendOf('delivery-f', [
      { ...first!, id: crypto.randomUUID(), ...withMeta(first!, { machine: 'delivery' }) },
    ]),
  )
  const { findings, summary } = await verified(log)
  const short = findings.map((finding) =>
    'stream' in finding ? [finding.kind, finding.stream, finding.revision] : [finding.kind],
  )
  assert.deepEqual(short, [
    ['diverged', 'smtp_session-a', 7],
    ['undecodable', 'smtp_session-b', 2],
    ['unknownVersion', 'smtp_session-c', 0],
    ['undecodable', 'smtp_session-d', 0],
    ['unknownVersion', 'smtp_session-e', 0],
    ['unknownVersion', 'delivery-f', 0],
  ])
  assert.deepEqual(findings[0], {
    ...{ kind: 'diverged', stream: 'smtp_session-a', revision: 7 },
    expected: { event: 'ClientIdentified', to: 'identified' },
    got: { fault: 'the machine had come to its end' },
  })
  assert.deepEqual([summary.streams, summary.ok], [6, 0])
})

test('actors put away for want of room are made again, and a machine that fails is found', async (t) => {
  const log = await seeded(await logFor(t))
  const lives = ['a', 'b', 'c'].map((id) => ({
    stream: `smtp_session-${id}`,
    events: sessionEvents(`m${id}`),
  }))
  for (let at = 0; at < 7; at += 1)
    await log.append(lives.map(({ stream, events }) => ({ stream, expected: at - 1, events: [events[at]!] })))
  const price = { price: 2 }
  const turned = record(turnstile, price, [
    { input: { type: 'INSTALL', policy: 'p2' } },
    { input: { type: 'COIN', value: 1 } },
  ] as never)
  const broken = changed(turned, 1, () => ({ data: { value: -1, total: -1 } }))
  await log.append([policyAppend('p2', price), appendOf('turnstile-1', broken)])
  const { findings, summary } = await verified(log, { open: 1 })
  assert.deepEqual(findings, [
    {
      ...{ kind: 'diverged', stream: 'turnstile-1', revision: 1 },
      expected: { event: 'CoinTaken', to: 'standing.locked' },
      got: { fault: 'the machine failed: a coin of negative value' },
    },
  ])
  assert.deepEqual([summary.streams, summary.transitions, summary.ok], [4, 23, 3])
})

test('a body that is not the one that was accepted is named, with its message', async (t) => {
  const log = await seeded(await logFor(t), sessionAppend('a'), sessionAppend('b'))
  const asked: unknown[] = []
  const content: ContentCheck = async (...what) => {
    asked.push(what)
    return what[0] === 'mb' ? 'it is missing' : null
  }
  const { findings, summary } = await verified(log, { content })
  assert.deepEqual(asked, [
    ['ma', 3, 'e'.repeat(64)],
    ['mb', 3, 'e'.repeat(64)],
  ])
  assert.deepEqual(findings, [{ kind: 'content', message: 'mb', position: 14, detail: 'it is missing' }])
  assert.equal(summary.contentFaults, 1)
})

test('the ledger: a recipient without a place, and one that is in no mailbox', async (t) => {
  const lost = changed(sessionEvents('m1'), 5, (event) => ({
    data: {
      ...event.data,
      recipients: [
        { address: 'ann@example.org' },
        { address: 'x@y', destination: { kind: 'nextHop', nextHop: 'y' } },
      ],
    },
  }))
  const log = await seeded(await logFor(t), sessionAppend('a', lost), sessionAppend('b'), sessionAppend('c'))
  const books: MailboxBooks = { position: 15, filed: 2, has: () => false, atOnce: (ask) => ask() }
  const { findings, summary } = await verified(log, { books })
  assert.deepEqual(
    findings.filter(({ kind }) => kind === 'unaccounted'),
    [
      {
        kind: 'unaccounted',
        message: 'm1',
        recipient: 'ann@example.org',
        detail: 'no destination was recorded',
      },
      {
        kind: 'unaccounted',
        message: 'mb',
        recipient: 'ann@example.org',
        detail: 'it is not in mailbox ann@example.org',
      },
      {
        ...{ kind: 'unaccounted', message: '', recipient: '' },
        detail: 'the view of mailboxes has 1 more than the log tells of; `fsmtp views rebuild` makes it anew',
      },
    ],
  )
  assert.equal(summary.unaccounted, 3)
  assert.equal(summary.messages, 3)
})

test('damage is named with its position, and what stands behind it is still proved', async (t) => {
  const log = await seeded(await logFor(t), sessionAppend('a'), sessionAppend('b'), sessionAppend('c'))
  const damagedAt = 3
  const reader: Pick<LogReader, 'readAll' | 'readStream' | 'tail'> = {
    tail: () => log.tail(),
    readStream: async function* (stream, options) {
      if (stream === 'smtp_session-a') throw new LogDamaged(damagedAt, 'a row is not what was written')
      yield* log.readStream(stream, options)
    },
    readAll: async function* (after, options) {
      for await (const page of log.readAll(after, options)) {
        const at = page.findIndex(({ position }) => position === damagedAt)
        yield at < 0 ? page : page.slice(0, at)
        if (at >= 0) throw new LogDamaged(damagedAt, 'a row is not what was written')
      }
    },
  }
  const { findings, summary } = await verified(reader)
  assert.deepEqual(
    findings.map((finding) => [finding.kind, 'position' in finding ? finding.position : finding]),
    [
      ['damaged', 3],
      [
        'diverged',
        {
          kind: 'diverged',
          stream: 'smtp_session-a',
          revision: 1,
          expected: { revision: 1 },
          got: { revision: 2 },
        },
      ],
    ],
  )
  assert.deepEqual([summary.streams, summary.ok, summary.damaged], [3, 2, 1])
})

test('positions that are not there are damage', async (t) => {
  const log = await seeded(await logFor(t), sessionAppend('a'), sessionAppend('b'))
  const reader: Pick<LogReader, 'readAll' | 'readStream' | 'tail'> = {
    tail: async () => 17,
    readStream: (stream, options) => log.readStream(stream, options),
    readAll: async function* (after, options) {
      for await (const page of log.readAll(after, options))
        yield page.filter(({ stream }) => stream !== 'smtp_session-a')
    },
  }
  const { findings } = await verified(reader)
  assert.deepEqual(findings, [
    { kind: 'damaged', position: 2, detail: 'the events up to position 8 are missing' },
    { kind: 'damaged', position: 16, detail: 'the events up to position 17 are missing' },
  ])
})

test('a history that is forgotten while it is read is no fault; one without its beginning is', async (t) => {
  const log = await seeded(await logFor(t), sessionAppend('a'), sessionAppend('b'))
  const only =
    (from: number): Pick<LogReader, 'readStream'>['readStream'] =>
    (stream, options) =>
      stream === 'smtp_session-a' ? log.readStream(stream, { from }) : log.readStream(stream, options)
  const readerFrom = (from: number): Pick<LogReader, 'readAll' | 'readStream' | 'tail' | 'knowsHoles'> => ({
    knowsHoles: true,
    tail: () => log.tail(),
    readStream: only(from),
    readAll: async function* (after, options) {
      for await (const page of log.readAll(after, options))
        yield page.filter(({ stream, revision }) => stream !== 'smtp_session-a' || revision >= 2)
    },
  })
  const gone = await verified(readerFrom(1_000))
  assert.deepEqual(gone.findings, [])
  const cut = await verified(readerFrom(2))
  assert.deepEqual(
    cut.findings.map((finding) => [finding.kind, 'stream' in finding && finding.stream]),
    [['diverged', 'smtp_session-a']],
  )
})
