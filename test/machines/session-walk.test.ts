/** Every state of the session machine and every transition of it, walked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AnyActorLogic,
  type AnyMachineSnapshot,
  type AnyStateNode,
  createActor,
  getNextTransitions,
} from 'xstate'
import { getShortestPaths } from 'xstate/graph'
import { fingerprint } from '../../machines/drawing/index.ts'
import { logicOf } from '../../machines/plain.ts'
import type { SessionContext } from '../../machines/session/context.ts'
import { session } from '../../machines/session/index.ts'
import type { SessionInput } from '../../machines/session/inputs.ts'
import { sessionMachine } from '../../machines/session/machine.ts'
import type { SessionPolicy } from '../../machines/session/policy.ts'
import type { TlsFacts } from '../../machines/vocabulary/events.ts'
import type { EffectEmitted, Emitted } from '../../machines/vocabulary/machine.ts'

/** Limits so small that every end of patience is a few steps away. */
const policy: SessionPolicy = {
  service: 'submission',
  hostname: 'mx.example.org',
  authentication: 'offered',
  startTls: true,
  ownAddressesOnly: true,
  bareNewlines: 'refuse',
  magicRecipients: true,
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
  { type: 'DATA' },
  content,
  { ...content, bare: true },
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

/** What decides about transitions; the rest of the memory makes no difference to them. */
const deciding = ({ value, context }: AnyMachineSnapshot): string => {
  const { tls, extended, user, recipients, ...counts } = context as SessionContext
  const { errors, idleCommands, loginFailures, messages } = counts
  const overshoot = Math.min(counts.overshoot, 2)
  const moments = [tls !== null, user !== null, extended, recipients.length]
  return [value, ...moments, errors, idleCommands, loginFailures, messages, overshoot].join(' ')
}

/** The walk comes to an end because every patience does: a count that could grow for ever would exceed its limit. */
const paths = getShortestPaths(sessionMachine, {
  input: { policy },
  events: [...inputs],
  serializeState: (snapshot) => deciding(snapshot as AnyMachineSnapshot),
  limit: 1_000_000,
})

const nodes = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(nodes)]
const everyNode = nodes(sessionMachine.root)

type Lived = {
  readonly after: AnyMachineSnapshot
  readonly emitted: readonly Emitted[]
}

/** A live actor in this state, given one input. */
const live = (
  before: AnyMachineSnapshot,
  input: SessionInput,
  logic: AnyActorLogic = sessionMachine,
): Lived => {
  const actor = createActor(logic, { input: { policy }, snapshot: before as never })
  const emitted: Emitted[] = []
  actor.on('*', (one) => emitted.push(one as Emitted))
  actor.subscribe({ error: () => {} })
  actor.start()
  actor.send(input)
  return { after: actor.getSnapshot() as AnyMachineSnapshot, emitted }
}

const ways = paths.map(({ state, steps }) => ({
  state: state as AnyMachineSnapshot,
  /** For whoever reads a failure. */
  way: steps.map(({ event }) => event.type).join(' '),
}))

test('the list of inputs has every input of the machine', () => {
  assert.deepEqual([...new Set(inputs.map(({ type }) => type))].sort(), Object.keys(session.inputs).sort())
})

test('every state can be reached', () => {
  const reached = new Set(ways.map(({ state }) => String(state.value)))
  assert.deepEqual([...reached].sort(), Object.keys(sessionMachine.states).sort())
})

test('every transition is taken, none throws, each states one fact that replays to the same input', () => {
  const known = new Set(['reply', 'startTls', 'collectCredentials', 'receiveContent', 'close', 'dropLine'])
  const taken = new Set<unknown>()
  for (const { state, way } of ways) {
    if (state.status !== 'active') continue
    for (const input of inputs) {
      for (const transition of sessionMachine.getTransitionData(state as never, input)) taken.add(transition)
      const { after, emitted } = live(state, input)
      const where: string = `${input.type} in ${state.value} after ${way}`
      assert.notEqual(after.status, 'error', `${where}: ${after.error}`)
      const facts = emitted.filter((one) => one.type === 'fact')
      assert.equal(facts.length, 1, where)
      const effects = emitted.filter((one): one is EffectEmitted => one.type === 'effect')
      for (const { name } of effects) assert.ok(known.has(name), `${where}: ${name}`)
      assert.deepEqual(again(input, facts[0]!.data), input, where)
    }
  }
  const untaken = everyNode.flatMap((node) =>
    [...node.transitions.values()]
      .flat()
      .filter((transition) => !taken.has(transition))
      .map(({ eventType, guard }) => `${node.key}: ${eventType} ${JSON.stringify(guard ?? '')}`),
  )
  assert.deepEqual(untaken, [])
})

/** All of a snapshot that is data: the rest is the machine itself and XState's methods. */
const dataOf = ({
  status,
  value,
  context,
  output,
  error,
  tags,
  children,
  historyValue,
}: AnyMachineSnapshot) => ({
  status,
  value,
  context,
  output,
  error,
  tags: [...tags],
  children,
  historyValue,
})

test('the logic that actors run on takes every step as XState takes it', () => {
  const logic = logicOf(sessionMachine)
  assert.notEqual(logic, sessionMachine, 'the machine is not plain')
  for (const { state, way } of ways)
    for (const input of [...inputs, { type: 'NONSENSE' } as never]) {
      const [ours, theirs] = [live(state, input, logic), live(state, input)]
      const where = `${input.type} in ${state.value} after ${way}`
      assert.deepEqual(ours.emitted, theirs.emitted, where)
      assert.deepEqual(dataOf(ours.after), dataOf(theirs.after), where)
      assert.deepEqual(
        getNextTransitions(ours.after).map(({ eventType }) => eventType),
        getNextTransitions(theirs.after).map(({ eventType }) => eventType),
        where,
      )
    }
})

/** The input as a replay would make it from the fact. */
const again = (input: SessionInput, data: object): object => {
  const given = data as Record<string, unknown>
  const keys = session.inputs[input.type] ?? []
  return Object.fromEntries([
    ['type', input.type],
    ...keys.filter((key) => given[key] !== undefined).map((key) => [key, given[key]]),
  ])
}

test('a session that is over answers nobody', () => {
  const ends = ways.filter(({ state }) => state.status === 'done')
  assert.ok(ends.length > 0)
  for (const { state } of ends) for (const input of inputs) assert.deepEqual(live(state, input).emitted, [])
})

test('every state says what it is, and what it means if the line drops there', () => {
  for (const [name, { config }] of Object.entries(sessionMachine.states))
    assert.ok((config.description ?? '').length > 15, name)
})

test('version 1 is this machine', () => {
  assert.equal(session.version, 1)
  assert.equal(fingerprint(session.machine), session.fingerprint)
})
