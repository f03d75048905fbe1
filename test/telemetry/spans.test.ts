/** Which spans follow from which facts; and that what nobody takes does not grow. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { parseConfig } from '../../src/config/load.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { type Append, kindOf } from '../../src/log/port.ts'
import { Exporter } from '../../src/telemetry/exporter.ts'
import { openTelemetry } from '../../src/telemetry/index.ts'
import { Recent } from '../../src/telemetry/recent.ts'
import type { Span } from '../../src/telemetry/span.ts'
import { Telling } from '../../src/telemetry/telling.ts'
import { eventually } from '../eventually.ts'
import { configText } from '../server.ts'
import { collector } from './collector.ts'

type Fact = readonly [type: string, at: number, data?: object]

const session = '01jd0000000000000001'
const message = '01jd0000000000000002'
const delivery = `${message}abcdef`

const append = (stream: string, facts: readonly Fact[]): Append => ({
  ...{ stream, expected: -1 },
  events: facts.map(([type, at, data = {}]) => ({ id: `${at}`, kind: kindOf(type, 1, {}), at, data })),
})
const inSession = (...facts: readonly Fact[]): Append => append(`smtp_session-${session}`, facts)
const inDelivery = (...facts: readonly Fact[]): Append => append(`delivery-${delivery}`, facts)

const opened: Fact = [
  'SessionOpened',
  1000,
  { service: 'mx', local: { port: 25 }, peer: { address: '192.0.2.1' }, tls: null, door: 'open' },
]
const [sender, closed]: readonly Fact[] = [
  ['SenderAccepted', 1100, { sender: 'a@b.example' }],
  ['SessionClosed', 2000, { reason: 'quit' }],
]
const to = (kind: 'mailbox' | 'nextHop') => ({
  address: 'x@y.example',
  destination: { kind, [kind]: 'y.example' },
})
const accepted = (...recipients: readonly object[]): Fact => [
  'MessageAccepted',
  1300,
  { message, size: 5, recipients },
]

const told = (...appends: readonly Append[]): readonly Span[] => new Telling({ since: 0 }).spansOf(appends)
/** Name, times, outcome and reason. */
const short = (spans: readonly Span[]) =>
  spans.map(({ name, startedAt, endedAt, attributes }) => [
    ...[name, startedAt, endedAt],
    ...['fsmtp.outcome', 'fsmtp.reason'].map((key) => attributes[key] ?? null),
  ])

test('transactions that come to nothing are told with why', () => {
  const refusal = { reason: 'no-such-recipient', code: 550, enhanced: '5.1.1' }
  const spans = told(
    inSession(
      opened,
      sender!,
      ['RecipientRefused', 1150, refusal],
      ['TransactionReset', 1200],
      ['SenderAccepted', 1300],
      ['RecipientAccepted', 1310],
      // RFC 5321 §4.1.4
      ['ClientIdentified', 1400, { helo: 'again.example' }],
      ['SenderRefused', 1500, { reason: 'spf-fail', rule: 'spf.fail', code: 550, enhanced: '5.7.1' }],
      ['SenderAccepted', 1600],
      ['SessionClosed', 2000, { reason: 'disconnected' }],
    ),
  )
  assert.deepEqual(short(spans), [
    ['transaction', 1100, 1200, 'refused', 'no-such-recipient'],
    ['transaction', 1300, 1400, 'aborted', null],
    ['transaction', 1500, 1500, 'refused', 'spf-fail'],
    ['transaction', 1600, 2000, 'aborted', null],
    ['session mx', 1000, 2000, 'refused', 'spf-fail'],
  ])
  assert.equal(new Set(spans.map(({ place }) => place.span)).size, spans.length)
})

test('a session that is turned away is told at once; one that said nothing is idle', () => {
  const [, at, data] = opened
  const turned = told(inSession(['SessionOpened', at, { ...data, door: 'too-many-sessions' }]))
  assert.deepEqual(short(turned), [['session mx', 1000, 1000, 'refused', 'too-many-sessions']])
  assert.deepEqual(short(told(inSession(opened, closed!))), [['session mx', 1000, 2000, 'idle', 'quit']])
})

test('mail that stays here has no trace of its own; what goes on has one, wherever it came from', () => {
  const here = told(inSession(opened, sender!, accepted(to('mailbox')), closed!))
  assert.deepEqual(
    here.map(({ name, links }) => [name, links.length]),
    [
      ['transaction', 0],
      ['session mx', 0],
    ],
  )
  const onward = told(inSession(opened, sender!, accepted(to('mailbox'), to('nextHop')), closed!))
  const [transaction, first] = onward
  assert.deepEqual(
    onward.map(({ name }) => name),
    ['transaction', 'message', 'session mx'],
  )
  assert.deepEqual([transaction?.links, first?.links], [[first?.place], [transaction?.place]])
  const notice = told(
    append('delivery_notice-x', [
      [
        'MessageAccepted',
        1,
        { message: session, recipients: [to('nextHop')], cause: { delivery, kind: 'failed' } },
      ],
    ]),
  )
  const [span] = told(inDelivery(['Cancelled', 5000, { reason: 'cancelled' }]))
  assert.deepEqual(notice[0]?.links, [span?.place])
})

const started = (attempt: number, startedAt: number): Fact => [
  'AttemptStarted',
  startedAt,
  { attempt, startedAt, destination: 'y.example', node: 'a', leaseUntil: 0 },
]
const route: Fact = ['RouteResolved', 3001, { route: { kind: 'mx', hosts: [] } }]
const host = { name: 'mx.y.example', address: '198.51.100.1', port: 25 }
const connected: Fact = ['Connected', 3002, { host, tls: null, reused: false }]
const ended = (type: string, endedAt: number, code: number, more: object = {}): Fact => [
  type,
  endedAt,
  {
    ...{ endedAt, fault: null, reason: 'host-deferred' },
    outcomes: [
      {
        result: code < 300 ? 'delivered' : 'deferred',
        reply: { code, enhanced: '4.2.0', text: 'x@y.example' },
      },
    ],
    ...more,
  },
]

test('a delivery is told when it is over, each attempt when it ends, whoever began it', () => {
  const here = new Telling({ since: 0 })
  const first = here.spansOf([
    inDelivery(
      ['DeliveryQueued', 2500, { message }],
      started(1, 3000),
      route,
      connected,
      ended('Deferred', 3100, 450),
    ),
  ])
  assert.deepEqual(short(first), [['attempt', 3000, 3100, 'deferred', 'host-deferred']])
  const { attributes, fault } = first[0]!
  assert.deepEqual(
    ['server.address', 'network.peer.address', 'fsmtp.route', 'fsmtp.reply.code'].map(
      (key) => attributes[key],
    ),
    ['mx.y.example', '198.51.100.1', 'mx', 450],
  )
  assert.equal(fault, 'host-deferred')
  assert.ok(!JSON.stringify(first).includes('x@y'))
  const then: readonly Append[] = [
    inDelivery(started(2, 9000), route, connected, ended('Delivered', 9100, 250)),
  ]
  const second = here.spansOf(then)
  const elsewhere = told(...then)
  assert.deepEqual(
    second.map(({ place }) => place),
    elsewhere.map(({ place }) => place),
  )
  assert.deepEqual(short(second), [
    ['attempt', 9000, 9100, 'delivered', null],
    ['delivery', 2500, 9100, 'delivered', null],
  ])
  // Who was not there when it was queued knows when its message began to come in.
  const [, over] = elsewhere
  assert.equal(over?.startedAt, Number.parseInt('01id000000', 32))
  assert.equal(first[0]?.parent, over?.place.span)
})

test('an attempt that was cut off, and one that another process began', () => {
  const lost: Fact = [
    'AttemptLost',
    4000,
    { foundAt: 4000, crashed: false, uncertain: false, nextAttemptAt: 5000 },
  ]
  assert.deepEqual(short(told(inDelivery(started(1, 3000), lost))), [['attempt', 3000, 4000, 'lost', 'lost']])
  assert.deepEqual(told(inDelivery(lost)), [])
})

test('what happened before the start is no news: histories may be imported', () => {
  const telling = new Telling({ since: 1500 })
  assert.deepEqual(telling.spansOf([inSession(opened, sender!, accepted(to('nextHop')), closed!)]), [])
})

test('of what has not ended so much is remembered', () => {
  const recent = new Recent<number>(3)
  for (const [at, id] of ['a', 'b', 'c'].entries()) recent.set(id, at)
  recent.get('a')
  recent.set('d', 4)
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((id) => recent.get(id) !== undefined),
    [true, false, true, true],
  )
  assert.equal(recent.size, 3)
})

test('where a collector is silent spans are dropped beyond a bound, counted, and the rest is told later', async (t) => {
  const at = await collector(t)
  at.says((reply) => reply.writeHead(503, { 'retry-after': '1' }).end())
  const said: string[] = []
  const exporter = new Exporter({
    collector: { endpoint: `${at.url}/v1/traces`, headers: {}, timeout: 1000, service: 'fsmtp' },
    ...{ node: 'a', most: 1000, every: 1, info: (what) => said.push(what), warn: (what) => said.push(what) },
  })
  t.after(() => exporter.stop())
  const [first] = told(inSession(opened, closed!))
  const span: Span = { ...first!, startedAt: Date.now(), endedAt: Date.now() }
  for (let round = 0; round < 30; round++) exporter.offer(Array.from({ length: 100 }, () => span))
  assert.deepEqual([exporter.figures.waiting, exporter.figures.dropped], [1000, 2000])
  await eventually(() => exporter.figures.failures.get('answered 503') !== undefined)
  const parts = { partialSuccess: { rejectedSpans: '2', errorMessage: 'two of them' } }
  at.says((reply, nth) => reply.writeHead(200).end(JSON.stringify(nth === at.requests.length ? parts : {})))
  await eventually(() => exporter.figures.waiting === 0)
  const { exported, refused } = exporter.figures
  assert.equal(exported + refused, 1000)
  assert.ok(refused >= 2 && refused % 2 === 0)
  assert.equal(at.spans.length, 1000)
  assert.match(
    said.join('\n'),
    /^the collector .* takes no traces \(answered 503\).*\nthe collector .* takes traces again$/,
  )
})

test('a collector that comes into the configuration is told from then on, and one that goes out of it no more', async (t) => {
  const at = await collector(t)
  const { telemetry } = parseConfig(configText({ telemetry: { endpoint: at.url } }), {
    ...{ shown: null, file: null, folder: '/', data: '/' },
  }).config
  const nobody = { telemetry: { ...telemetry, endpoint: undefined } }
  const traces = await openTelemetry({ config: nobody, node: 'a', info: () => {}, warn: () => {} })
  t.after(() => traces.stop())
  const log = traces.watchedLog(openMemoryLog())
  const happened = async (name: string): Promise<void> => {
    const [{ events }] = [inSession(opened, closed!)]
    const now = events.map((event) => ({ ...event, id: randomUUID(), at: Date.now() }))
    await log.append([{ stream: `smtp_session-${name}`, expected: -1, events: now }])
  }
  await happened('before')
  assert.equal(traces.figures(), null)
  await traces.reload({ telemetry })
  await happened('there')
  await eventually(() => at.spans.length > 0)
  await traces.reload(nobody)
  await happened('after')
  assert.equal(traces.figures(), null)
  await traces.reload({ telemetry })
  await happened('again')
  await eventually(() => at.spans.length > 1)
  assert.deepEqual(
    at.spans.map(({ attributes }) => attributes['fsmtp.session.id']),
    ['there', 'again'],
  )
  // Somebody else's event, of a shape that is not ours.
  const strange = { id: randomUUID(), kind: kindOf('SessionOpened', 1, {}), at: Date.now(), data: {} }
  await log.append([{ stream: 'smtp_session-strange', expected: -1, events: [strange] }])
})
