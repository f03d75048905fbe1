import assert from 'node:assert/strict'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { session } from '../../machines/session/index.ts'
import { exportAll, exportStreams, type ReadContent } from '../../src/history/export.ts'
import { HistoryFault } from '../../src/history/fault.ts'
import { chunkSize } from '../../src/history/format.ts'
import { type ContentSink, importHistory } from '../../src/history/import.ts'
import { type EventLog, kindOf } from '../../src/log/port.ts'
import { logFor } from './place.ts'
import { appendOf, policyAppend, record } from './recorder.ts'
import { policy, policyHash, sessionSaid } from './sessions.ts'

/** Bodies in memory: small ones of the log, large ones of a test's own. */
class Bodies {
  readonly large = new Map<string, Buffer>()
  readonly #log: EventLog
  constructor(log: EventLog) {
    this.#log = log
  }
  readonly read: ReadContent = async (message) => {
    const bytes = this.large.get(message) ?? (await this.#log.content(message))
    return bytes === null ? null : cut(bytes)
  }
  begin(message: string): ContentSink {
    const parts: Buffer[] = []
    return {
      write: async (bytes) => void parts.push(bytes),
      finish: async () => void this.large.set(message, Buffer.concat(parts)),
      discard: async () => {},
    }
  }
}
async function* cut(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
}

const sizes = [0, 3, 70_000, chunkSize, chunkSize + 1, 2 * chunkSize + 12_345]
const bodies = sizes.map((size, at) => ({ message: `01jmessage${at}`, bytes: randomBytes(size) }))
const mails = bodies.map(({ message, bytes }) => ({
  message,
  size: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
}))

const seed = async (log: EventLog): Promise<Bodies> => {
  const places = new Bodies(log)
  const small = bodies
    .filter(({ bytes }) => bytes.length <= 65_536)
    .map(({ message, bytes }) => ({ id: message, bytes }))
  for (const { message, bytes } of bodies) if (bytes.length > 65_536) places.large.set(message, bytes)
  const [first = [], second = []] = [mails.slice(0, 3), mails.slice(3)].map((part) =>
    record(session, policy, sessionSaid(part)),
  )
  await log.append([policyAppend(policyHash, policy)])
  // Two sessions at once, as they come.
  for (let at = 0; at < Math.max(first.length, second.length); at += 1)
    await log.append([
      ...(at < first.length
        ? [
            {
              stream: 'smtp_session-a',
              expected: at - 1,
              events: [first[at]!],
              contents: at === 0 ? small : [],
            },
          ]
        : []),
      ...(at < second.length ? [{ stream: 'smtp_session-b', expected: at - 1, events: [second[at]!] }] : []),
    ])
  return places
}

const textOf = async (lines: AsyncIterable<string>): Promise<string> => {
  let text = ''
  for await (const line of lines) text += line
  return text
}
const bring = (log: EventLog, places: Bodies, text: string) =>
  importHistory({
    open: () => cut(Buffer.from(text)),
    log,
    append: (appends) => log.append(appends),
    beginContent: (message) => places.begin(message),
    inlineLimit: 65_536,
  })

const others = { accounts: 0, unreplayed: 0 }

test('export, import into an empty log, export again: the same bytes', async (t) => {
  const [from, to] = [await logFor(t), await logFor(t)]
  const places = await seed(from)
  const text = await textOf(exportAll({ log: from, content: places.read }))
  const target = new Bodies(to)
  const events = text.split('\n').filter((line) => line.startsWith('{"stream"')).length
  assert.deepEqual(await bring(to, target, text), { added: events, known: 0, withoutContent: 0, ...others })
  assert.equal(await textOf(exportAll({ log: to, content: target.read })), text)
  assert.deepEqual([...target.large.keys()].sort(), [
    '01jmessage2',
    '01jmessage3',
    '01jmessage4',
    '01jmessage5',
  ])
})

test('the same again changes nothing; what is missing is added', async (t) => {
  const [from, to] = [await logFor(t), await logFor(t)]
  const places = await seed(from)
  const target = new Bodies(to)
  const part = await textOf(exportStreams(['smtp_session-b'], { log: from, content: places.read }))
  const whole = await textOf(exportAll({ log: from, content: places.read }))
  const { added } = await bring(to, target, part)
  const before = await to.tail()
  assert.equal(added, before)
  assert.deepEqual(await bring(to, target, part), { added: 0, known: added, withoutContent: 0, ...others })
  assert.equal(await to.tail(), before)
  assert.deepEqual(await bring(to, target, whole), {
    added: (await from.tail()) - added,
    known: added,
    withoutContent: 0,
    ...others,
  })
  const own = (log: EventLog, content: ReadContent) =>
    textOf(exportStreams(['smtp_session-a'], { log, content }))
  assert.equal(await own(to, target.read), await own(from, places.read))
})

test('a stream of a file has its policy before it, once; a stream that is not there is named', async (t) => {
  const log = await logFor(t)
  await seed(log)
  const lines = (
    await textOf(exportStreams(['smtp_session-a', 'smtp_session-b'], { log, content: null }))
  ).split('\n')
  assert.equal(lines[0], '{"format":"fsmtp-history","version":1,"contentOf":[]}')
  assert.equal(JSON.parse(lines[1]!).stream, `policy-${policyHash}`)
  assert.equal(lines.filter((line) => line.includes('PolicyAdopted')).length, 1)
  assert.ok(!lines.some((line) => line.includes('base64')))
  await assert.rejects(textOf(exportStreams(['smtp_session-x'], { log, content: null })), {
    name: 'HistoryFault',
    message: 'there is no stream smtp_session-x in the log',
  })
})

test('other events at a place that is taken are refused, with the stream, and nothing is written', async (t) => {
  const [from, to] = [await logFor(t), await logFor(t)]
  const places = await seed(from)
  await to.append([appendOf('smtp_session-b', record(session, policy, sessionSaid([])))])
  const before = await to.tail()
  const text = await textOf(exportAll({ log: from, content: places.read }))
  await assert.rejects(
    bring(to, new Bodies(to), text),
    /stream smtp_session-b is in the log already, with another event at revision 0/,
  )
  assert.equal(await to.tail(), before)
})

test('the same policy, adopted at another time, is the same', async (t) => {
  const [from, to] = [await logFor(t), await logFor(t)]
  await seed(from)
  await to.append([policyAppend(policyHash, policy)])
  const text = await textOf(exportStreams(['smtp_session-a'], { log: from, content: null }))
  const { known } = await bring(to, new Bodies(to), text)
  assert.equal(known, 1)
  await assert.rejects(
    bring(to, new Bodies(to), text.replace('"recipients":1000', '"recipients":7')),
    /stream policy-a1b2c3d4e5f60718 is in the log already/,
  )
})

const history = async (log: EventLog): Promise<string[]> => {
  const places = await seed(log)
  return (await textOf(exportAll({ log, content: places.read }))).trimEnd().split('\n')
}
const at = (lines: readonly string[], part: string): number => lines.findIndex((line) => line.includes(part))

const lineOf = (type: string, stream: string, data: object): string =>
  JSON.stringify({
    ...{ stream, revision: 0, id: randomUUID(), type, version: 1 },
    ...{ at: '2026-01-02T03:04:05.000Z', data, meta: {} },
  })
const sameId = randomUUID()
const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`
const accepted = { message: '01jother', size: 0, sha256: '', recipients: [] }

const failed = { delivery: 'd1', kind: 'failed', attempt: 1 }
const dropped = { cause: failed, sender: 'a@example.net', reason: 'nobody-to-tell' }

test('that a notice was dropped is believed where its stream is', async (t) => {
  const [from, to] = [await logFor(t), await logFor(t)]
  const lines = [...(await history(from)), lineOf('NoticeDropped', 'notice-d1_failed_1', dropped)]
  const { added } = await bring(to, new Bodies(to), `${lines.join('\n')}\n`)
  assert.equal(added, (await from.tail()) + 1)
})

const faults: readonly [string, (lines: string[]) => string[], RegExp][] = [
  ['no header', (lines) => lines.slice(1), /not a history file/],
  [
    'a later format',
    (lines) => ['{"format":"fsmtp-history","version":2}', ...lines.slice(1)],
    /format version 2/,
  ],
  ['a line cut off', (lines) => [...lines.slice(0, 3), lines[3]!.slice(0, 40)], /line 4 is not JSON/],
  [
    'a missing event',
    (lines) => lines.toSpliced(at(lines, '"revision":2'), 1),
    /goes on from revision 1 with revision 3/,
  ],
  [
    'a missing beginning',
    (lines) => lines.toSpliced(at(lines, 'SessionOpened'), 1),
    /begins with revision 1/,
  ],
  [
    'a time that is none',
    (lines) => lines.with(2, lines[2]!.replace(/"at":"[^"]*"/, '"at":"noon"')),
    /line 3: at /,
  ],
  [
    'an id that is none',
    (lines) => lines.with(2, lines[2]!.replace(/"id":"[^"]*"/, '"id":"7"')),
    /line 3: id must be a UUID/,
  ],
  [
    'another content',
    (lines) => lines.with(at(lines, '"content":"01jmessage1"'), '{"content":"01jmessage1","base64":"AAAA"}'),
    /the content of message 01jmessage1 is not the one that was accepted/,
  ],
  [
    'content in a hole',
    (lines) => lines.toSpliced(at(lines, '"more":true'), 1),
    /content 01jmessage4 does not join/,
  ],
  [
    'content of nobody',
    (lines) => [...lines, '{"content":"01jnobody","base64":"AAAA"}'],
    /content 01jnobody belongs to no/,
  ],
  [
    'a content whose name leads elsewhere',
    (lines) => [...lines, '{"content":"../01j","base64":"AAAA"}'],
    /line \d+: content must be a message id/,
  ],
  [
    'a message without recipients',
    (lines) => lines.map((line) => line.replace(/"recipients":\[\{.*?\}\}\]/, '"recipients":null')),
    /line \d+: the view \w+ cannot take MessageAccepted/,
  ],
  [
    'a message no machine told of',
    (lines) => [...lines, lineOf('MessageAccepted', 'other-1', accepted)],
    /line \d+: MessageAccepted in other-1 was not told by a machine/,
  ],
  [
    'a notice in the stream of another',
    (lines) => [
      ...lines,
      lineOf('MessageAccepted', 'notice-d1_failed_2', { ...accepted, sender: '', cause: failed }),
    ],
    /line \d+: MessageAccepted in notice-d1_failed_2 was not told by a machine/,
  ],
  [
    'a notice dropped of no kind',
    (lines) => [
      ...lines,
      lineOf('NoticeDropped', 'notice-d1_odd_1', { ...dropped, cause: { ...failed, kind: 'odd' } }),
    ],
    /line \d+: NoticeDropped: cause\.kind/,
  ],
  [
    'a notice dropped in a delivery',
    (lines) => [...lines, lineOf('NoticeDropped', 'delivery-d1', dropped)],
    /line \d+: NoticeDropped does not belong into a stream of delivery/,
  ],
  [
    'an account without a name',
    (lines) => [...lines, lineOf('AccountAdded', 'account-a', { account: 5, password: '', addresses: [] })],
    /line \d+: AccountAdded: account/,
  ],
  [
    'an account that is no mail address',
    (lines) => [
      ...lines,
      lineOf('AccountAdded', 'account-ann', { account: 'ann', password: '', addresses: [] }),
    ],
    /line \d+: AccountAdded: account: "ann" is no mail address/,
  ],
  [
    'an account with an address that is none',
    (lines) => [
      ...lines,
      lineOf('AccountAdded', 'account-ann@example.org', {
        ...{ account: 'ann@example.org', password: '' },
        addresses: ['ann@example.org', 'ann at example.org'],
      }),
    ],
    /line \d+: AccountAdded: addresses\.1: "ann at example\.org" is no mail address/,
  ],
  [
    'an account in a stream of domains',
    (lines) => [...lines, lineOf('AccountRemoved', 'domain-a', { account: 'a' })],
    /line \d+: AccountRemoved does not belong into a stream of domain/,
  ],
  [
    'a session without a peer',
    (lines) => lines.map((line) => line.replace(/"peer":\{[^}]*\},/, '')),
    /line \d+: the view sessions cannot take SessionOpened/,
  ],
  [
    'a session that did not go like that',
    (lines) =>
      lines.with(
        at(lines, '"helo"'),
        lines[at(lines, '"helo"')]!.replace('"extended":true', '"extended":false'),
      ),
    /line \d+: smtp_session-\w: diverged at revision 1/,
  ],
  [
    'one id for two events',
    (lines) => lines.map((line) => line.replace(/"id":"[^"]*"/, `"id":"${sameId}"`)),
    /line \d+: there is another event with the id/,
  ],
  [
    'an event of a year to come',
    (lines) => lines.with(1, lines[1]!.replace(/"at":"[^"]*"/, '"at":"9999-01-01T00:00:00.000Z"')),
    /line 2: the event is dated 9999-01-01T00:00:00.000Z, in the future/,
  ],
  [
    'a stream that steers a terminal',
    (lines) => lines.with(1, lines[1]!.replace('"policy-', '"policy-\\u001b[2J')),
    /line 2: stream must be category-id/,
  ],
  [
    'arrays without bottom',
    (lines) => lines.with(1, lines[1]!.replace('"data":{', `"data":{"a":${deep(100_000)},`)),
    /line 2: more than 64 values inside each other/,
  ],
]
for (const [what, spoil, expected] of faults)
  test(`${what} is found before anything is written`, async (t) => {
    const [from, to] = [await logFor(t), await logFor(t)]
    const text = `${spoil(await history(from)).join('\n')}\n`
    await assert.rejects(bring(to, new Bodies(to), text), (error) => {
      assert.ok(error instanceof HistoryFault)
      assert.match(error.message, expected)
      return true
    })
    assert.equal(await to.tail(), 0)
  })

test('an event id stands for one event in the log too', async (t) => {
  const [from, to] = [await logFor(t), await logFor(t)]
  const lines = await history(from)
  const { id } = JSON.parse(lines[1]!) as { id: string }
  const event = {
    id,
    kind: kindOf('DomainAdded', 1, {}),
    at: 1,
    data: { domain: 'a.example', catchAll: null },
  }
  await to.append([appendOf('domain-a.example', [event])])
  await assert.rejects(
    bring(to, new Bodies(to), lines.join('\n')),
    /the event \S+ is in the log already, in stream domain-a\.example at revision 0; nothing was imported/,
  )
  assert.equal(await to.tail(), 1)
})

test('bodies that stand together before their events reach their messages', async (t) => {
  const [from, to] = [await logFor(t), await logFor(t)]
  const lines = await history(from)
  const moved = at(lines, '"content":"01jmessage1"')
  const first = at(lines, '"content":"01jmessage0"')
  const text = lines.toSpliced(moved, 1).toSpliced(first, 0, lines[moved]!).join('\n')
  await bring(to, new Bodies(to), text)
  for (const { message, bytes } of bodies.slice(0, 2))
    assert.deepEqual(Buffer.from((await to.content(message)) ?? 'none'), bytes)
})

test('who may ask over HTTP, and what webhooks were told, goes into no file and comes out of none', async (t) => {
  const log = await logFor(t)
  const facts = [
    ['api_key-reports', 'KeyAdded', { key: 'reports', role: 'administer', account: null, hash: '00' }],
    ['web_login-1', 'LoginOpened', { login: '1', account: 'a@example.org', hash: '00', expiresAt: 1 }],
    ['webhook-1', 'WebhookAdded', { webhook: '1', node: 'mx', position: 1 }],
  ] as const
  for (const [stream, type, data] of facts)
    await log.append([
      { stream, expected: -1, events: [{ id: randomUUID(), kind: kindOf(type, 1, {}), at: 1, data }] },
    ])
  assert.equal((await textOf(exportAll({ log, content: null }))).split('\n').length, 2)
  const to = await logFor(t)
  for (const [stream] of facts) {
    const text = await textOf(exportStreams([stream], { log, content: null }))
    await assert.rejects(bring(to, new Bodies(to), text), { name: 'HistoryFault', message: /of another log/ })
  }
  assert.equal(await to.tail(), 0)
})
