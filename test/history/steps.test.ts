import assert from 'node:assert/strict'
import { test } from 'node:test'
import { session } from '../../machines/session/index.ts'
import { steps } from '../../src/history/steps.ts'
import { transcript } from '../../src/history/transcript.ts'
import { record, stored } from './recorder.ts'
import { policy, sessionSaid } from './sessions.ts'
import { turnstile } from './turnstile.ts'

const price = { price: 3 }
const said = [
  { input: { type: 'INSTALL', policy: 'p1' } },
  { line: 'push', input: { type: 'PUSH' } },
  { line: 'coin 1', input: { type: 'COIN', value: 1 } },
  { line: 'coin 2', input: { type: 'COIN', value: 2 } },
  { line: 'push', input: { type: 'PUSH' } },
  { input: { type: 'SWITCH_OFF', by: 'night' } },
]
const events = stored('turnstile-1', record(turnstile, price, said))

test('each step tells what came, what changed, why, and what could have come next', () => {
  const told = steps(events, turnstile, price)
  assert.deepEqual(
    told.map(({ revision, input, event, from, to, diverged }) => [
      revision,
      input,
      event,
      from,
      to,
      diverged,
    ]),
    [
      [0, 'INSTALL', 'TurnstileInstalled', 'packed', 'standing.locked', null],
      [1, 'PUSH', 'PushRefused', 'standing.locked', 'standing.locked', null],
      [2, 'COIN', 'CoinTaken', 'standing.locked', 'standing.locked', null],
      [3, 'COIN', 'CoinTaken', 'standing.locked', 'standing.unlocked', null],
      [4, 'PUSH', 'PersonPassed', 'standing.unlocked', 'standing.locked', null],
      [5, 'SWITCH_OFF', 'SwitchedOff', 'standing.locked', 'off', null],
    ],
  )
  assert.deepEqual(told[2]?.changes, [{ op: 'replace', path: '/coins', value: 1 }])
  assert.deepEqual(told[4]?.changes, [
    { op: 'replace', path: '/coins', value: 0 },
    { op: 'replace', path: '/passed', value: 1 },
  ])
  assert.deepEqual(told[4]?.effects, ['reply', 'ring'])
  assert.equal(told[1]?.reason, 'not-paid')
  assert.equal(told[0]?.reason, null)
  assert.deepEqual(told[3]?.facts, { value: 2, total: 3 })
  assert.deepEqual(told[3]?.next, ['PUSH', 'SWITCH_OFF'])
  assert.deepEqual(told[5]?.next, [])
  assert.equal(told[1]?.at, '2026-01-02T03:04:05.250Z')
})

test('a transcript has the lines in order, and says where nobody spoke', () => {
  const late = events.map((event, at) => (at < 3 ? event : { ...event, at: event.at + 2950 }))
  assert.deepEqual(transcript(steps(late, turnstile, price)), [
    'S: 220 ready',
    'C: push',
    'S: 503 pay first',
    'C: coin 1',
    'S: 350 more',
    '(3.2 s later)',
    'C: coin 2',
    'S: 250 pass',
    'C: push',
    'S: 250 bye',
  ])
})

test('a step that today’s machine would not take says so, and the others are told all the same', () => {
  const tampered = events.map((event, at) =>
    at === 3 ? { ...event, data: { ...event.data, value: 1 } } : event,
  )
  const told = steps(tampered, turnstile, price)
  assert.equal(told.length, 6)
  assert.equal(told[2]?.diverged, null)
  assert.equal(told[3]?.diverged, 'expected {"to":"standing.unlocked"}, got {"to":"standing.locked"}')
})

test('a history of another machine version is told from the log alone', () => {
  const other = events.map((event) => ({ ...event, meta: { ...event.meta, machineVersion: '9' } }))
  const [first] = steps(other, turnstile, price)
  assert.equal(first?.diverged, 'this release has no machine turnstile 9')
  assert.equal(first?.to, 'standing.locked')
  assert.deepEqual(first?.next, [])
  assert.equal(steps(events, turnstile, undefined)[0]?.diverged, 'the policy of that time is missing')
})

test('an action that throws is a step that says so, and nothing is thrown later', (t) => {
  // XState reports errors that nobody observes from a timer.
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const broken = events.map((event, at) => (at === 2 ? { ...event, data: { value: -1, total: -1 } } : event))
  assert.equal(steps(broken, turnstile, price)[2]?.diverged, 'the machine failed: a coin of negative value')
  t.mock.timers.runAll()
})

test('a session of the real machine is lived again exactly', () => {
  const mail = { message: '01jabcdefghjkmnpqrst', size: 4, sha256: 'f'.repeat(64) }
  const recipients = ['ann@example.org', 'nobody@elsewhere.example']
  const history = stored('smtp_session-1', record(session, policy, sessionSaid([{ ...mail, recipients }])))
  const told = steps(history, session, policy)
  assert.deepEqual(
    told.filter(({ diverged }) => diverged !== null),
    [],
  )
  assert.deepEqual(
    told.map(({ to }) => to),
    [
      ...[
        'greeted',
        'identified',
        'addressing',
        'addressed',
        'addressed',
        'receiving',
        'identified',
        'closed',
      ],
    ],
  )
  assert.ok(told[2]?.next.includes('RCPT'))
  assert.equal(told[4]?.reason, 'relaying-denied')
  assert.equal(transcript(told).at(-1), 'S: 221 2.0.0 Bye')
})

/** What could have come after each step of a session that says HELO or EHLO, on a connection in clear or under TLS. */
const nextOf = (
  settings: Partial<typeof policy>,
  { trusted = false, tls = false, hello = 'EHLO' }: { trusted?: boolean; tls?: boolean; hello?: string } = {},
): readonly string[] => {
  const [opening] = sessionSaid([])
  assert.ok(opening)
  const facts = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', servername: null }
  const open = { ...opening, input: { ...opening.input, trusted, ...(tls && { tls: facts }) } }
  const greeting = { input: { type: hello, helo: 'client.example.net' } }
  const own = { ...policy, ...settings }
  const history = stored('smtp_session-1', record(session, own, [open, greeting]))
  return steps(history, session, own).at(-1)!.next
}
const offers = ['STARTTLS', 'AUTH', 'XCLIENT']

test('what a client was not offered is not among what could have come next', () => {
  const told = (...asked: Parameters<typeof nextOf>) =>
    nextOf(...asked).filter((input) => offers.includes(input))
  assert.deepEqual(told({ startTls: false }), [])
  assert.deepEqual(told({ startTls: true }), ['STARTTLS'])
  assert.deepEqual(told({ startTls: true }, { tls: true }), [])
  assert.deepEqual(told({ startTls: false }, { trusted: true }), ['XCLIENT'])
  assert.deepEqual(told({ authentication: 'offered', startTls: true }), ['STARTTLS'])
  assert.deepEqual(told({ authentication: 'offered' }, { tls: true }), ['AUTH'])
  assert.deepEqual(told({ authentication: 'offered' }, { tls: true, hello: 'HELO' }), [])
  for (const input of ['EHLO', 'HELO', 'MAIL', 'RSET', 'QUIT', 'NOOP']) assert.ok(nextOf({}).includes(input))
})
