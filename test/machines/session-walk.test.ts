/** Every state of the session machine and every transition of it, walked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyMachineSnapshot } from 'xstate'
import type { SessionContext } from '../../machines/session/context.ts'
import { session } from '../../machines/session/index.ts'
import type { SessionInput } from '../../machines/session/inputs.ts'
import { sessionMachine } from '../../machines/session/machine.ts'
import type { SessionPolicy } from '../../machines/session/policy.ts'
import { lenient } from '../../machines/session/rules/rules.ts'
import type { TlsFacts } from '../../machines/vocabulary/events.ts'
import type { SpfResult } from '../../machines/vocabulary/findings.ts'
import { walk } from './walk.ts'

/** Limits so small that every end of patience is a few steps away. */
const policy: SessionPolicy = {
  service: 'submission',
  hostname: 'mx.example.org',
  authentication: 'offered',
  startTls: true,
  ownAddressesOnly: true,
  bareNewlines: 'refuse',
  magicRecipients: true,
  rules: {
    ...lenient,
    spf: { ...lenient.spf, fail: 'refuse', softfail: 'tag' },
    dmarc: { ...lenient.dmarc, reject: 'refuse', quarantine: 'tag' },
  },
  limits: {
    messageSize: 1000,
    recipients: 2,
    contentLine: 1000,
    errors: 2,
    idleCommands: 3,
    loginFailures: 2,
    messages: 1,
    received: 5,
  },
}

const peer = { address: '192.0.2.1', port: 50_000, name: null }
const tls: TlsFacts = { version: 'TLSv1.3', cipher: 'x', servername: null }
const opening = {
  type: 'OPEN',
  service: 'submission',
  local: { address: '198.51.100.1', port: 587 },
  peer,
  proxy: null,
  tls: null,
  policy: 'abc',
  trusted: true,
  node: 'mx',
  door: 'open',
} as const
const content = {
  type: 'CONTENT',
  message: 'm1',
  size: 10,
  sha256: 'x',
  received: 0,
  subject: null,
  from: null,
  messageId: null,
} as const
const here = { kind: 'mailbox', mailbox: 'alice@example.org' } as const
const alias = {
  kind: 'alias',
  alias: 'sales@example.org',
  targets: [{ address: 'carol@remote.example', destination: { kind: 'nextHop', nextHop: 'remote.example' } }],
} as const

const examined = (result: SpfResult): SessionInput => ({
  type: 'EXAMINED',
  session: 's1',
  spf: { identity: 'mailfrom', domain: 'example.org', result },
})

/** Every input there is, with each payload that decides something. */
const inputs: readonly SessionInput[] = [
  opening,
  { ...opening, door: 'too-many-sessions' },
  { ...opening, door: 'handshake-failed' },
  { type: 'HELO', helo: 'client.example' },
  { type: 'EHLO', helo: 'client.example' },
  { type: 'STARTTLS' },
  { type: 'SECURED', tls },
  { type: 'SECURING_FAILED', error: 'x' },
  { type: 'AUTH', mechanism: 'PLAIN' },
  { type: 'AUTH', mechanism: 'CRAM-MD5' },
  { type: 'CREDENTIALS', verdict: 'ok', user: 'alice', addresses: ['alice@example.org'] },
  { type: 'CREDENTIALS', verdict: 'bad-credentials', user: null, addresses: [] },
  { type: 'XCLIENT', argument: 'ADDR=192.0.2.9', renamed: { peer, helo: null, user: null, addresses: [] } },
  { type: 'XCLIENT', argument: 'x', renamed: null },
  { type: 'MAIL', sender: 'alice@example.org' },
  { type: 'MAIL', sender: 'alice@example.org', size: 5000 },
  { type: 'RCPT', recipient: 'alice@example.org', place: here },
  { type: 'RCPT', recipient: 'nobody@example.org', place: { kind: 'unknown', domain: 'example.org' } },
  { type: 'RCPT', recipient: 'drop@example.org', place: here },
  { type: 'RCPT', recipient: 'sales@example.org', place: alias },
  examined('pass'),
  examined('softfail'),
  examined('fail'),
  { type: 'DATA' },
  content,
  { ...content, bare: true },
  { ...content, authentication: { dmarc: { result: 'fail', domain: 'a.example', policy: 'reject' } } },
  { ...content, authentication: { dmarc: { result: 'fail', domain: 'a.example', policy: 'quarantine' } } },
  { ...content, deliveredTo: ['sales@example.org'] },
  { type: 'CONTENT_LOST', size: 10, fault: 'storage-full' },
  { type: 'RSET' },
  { type: 'NOOP', argument: '' },
  { type: 'VRFY', argument: 'x' },
  { type: 'EXPN', argument: 'x' },
  { type: 'HELP', argument: '' },
  { type: 'QUIT' },
  { type: 'MALFORMED', command: 'MAIL', fault: 'sender-syntax' },
  { type: 'UNKNOWN', command: 'FOO', fault: 'unknown' },
  { type: 'HTTP', command: 'GET' },
  { type: 'ENDLESS_LINE' },
  { type: 'TIMEOUT' },
  { type: 'DISCONNECTED' },
  { type: 'CUT_OFF' },
  { type: 'SHUTDOWN' },
]

const deciding = ({ value, context }: AnyMachineSnapshot): string => {
  const { tls, extended, user, recipients, findings, ...counts } = context as SessionContext
  const { errors, idleCommands, loginFailures, messages } = counts
  const overshoot = Math.min(counts.overshoot, 2)
  const hasAlias = recipients.some((recipient) => recipient.alias !== undefined)
  const moments = [tls !== null, user !== null, extended, recipients.length, hasAlias, findings?.spf?.result]
  return [value, ...moments, errors, idleCommands, loginFailures, messages, overshoot].join(' ')
}

const { ways, live } = walk({
  module: session,
  policy,
  inputs,
  deciding,
  effects: ['reply', 'startTls', 'collectCredentials', 'receiveContent', 'close', 'dropLine'],
  mayIgnore: false,
})

test('a session that is over answers nobody', () => {
  const ends = ways.filter(({ state }) => state.status === 'done')
  assert.ok(ends.length > 0)
  for (const { state } of ends) for (const input of inputs) assert.deepEqual(live(state, input).emitted, [])
})

test('every state says what it is, and what it means if the line drops there', () => {
  for (const [name, { config }] of Object.entries(sessionMachine.states))
    assert.ok((config.description ?? '').length > 15, name)
})
