/** Every state of the delivery machine and every transition of it, walked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AnyActorLogic, type AnyMachineSnapshot, type AnyStateNode, createActor } from 'xstate'
import { getShortestPaths } from 'xstate/graph'
import type { DeliveryContext } from '../../machines/delivery/context.ts'
import { delivery } from '../../machines/delivery/index.ts'
import type { DeliveryInput } from '../../machines/delivery/inputs.ts'
import { deliveryMachine } from '../../machines/delivery/machine.ts'
import type { DeliveryPolicy } from '../../machines/delivery/policy.ts'
import { fingerprint } from '../../machines/drawing/index.ts'
import { logicOf } from '../../machines/plain.ts'
import type { AttemptFault, RecipientOutcome, RemoteHost } from '../../machines/vocabulary/events.ts'
import type { EffectEmitted, Emitted } from '../../machines/vocabulary/machine.ts'

const minute = 60_000
const policy: DeliveryPolicy = {
  retry: [5 * minute, 30 * minute],
  giveUpAfter: 600 * minute,
  warnAfter: 60 * minute,
}
const begun = 1_800_000_000_000
const host: RemoteHost = { name: 'mx.example.net', address: '192.0.2.1', port: 25 }
const fault: AttemptFault = {
  kind: 'timeout',
  during: 'MAIL',
  text: 'nothing was heard for 5 minutes',
  reply: null,
  temporary: true,
}
const outcome = (address: string, result: RecipientOutcome['result']): RecipientOutcome => ({
  address,
  result,
  reply: { code: result === 'failed' ? 550 : 250, enhanced: '', text: 'x', command: 'RCPT' },
})
const ended = (
  outcomes: readonly RecipientOutcome[],
  more: { readonly endedAt?: number; readonly fault?: AttemptFault } = {},
): DeliveryInput => ({
  type: 'ATTEMPT_ENDED',
  endedAt: more.endedAt ?? begun + minute,
  outcomes,
  fault: more.fault ?? null,
  uncertain: false,
  answered: more.fault === undefined,
})
const by = { actedAt: begun + minute, by: 'operator' }

const inputs: readonly DeliveryInput[] = [
  {
    type: 'QUEUE',
    message: 'm1',
    sender: 'ann@example.org',
    nextHop: 'example.net',
    recipients: [{ address: 'bob@example.net' }, { address: 'eve@example.net', notify: ['NEVER'] }],
    size: 10,
    prefix: '',
    acceptedAt: begun,
    policy: 'abc',
  },
  { type: 'START', startedAt: begun, destination: 'example.net', node: 'mx', leaseUntil: begun + minute },
  { type: 'ROUTE', route: { kind: 'mx', protocol: 'smtp', tls: 'opportunistic', hosts: [host] } },
  ...[true, false].map(
    (securing): DeliveryInput => ({
      type: 'CONNECTED',
      host,
      greeting: '220 hello',
      extensions: [],
      reused: false,
      securing,
      tls: null,
    }),
  ),
  { type: 'SECURED', tls: { version: 'TLSv1.3', cipher: 'x', servername: null }, extensions: [] },
  { type: 'HOST_FAILED', host, fault },
  ended([outcome('bob@example.net', 'delivered'), outcome('eve@example.net', 'delivered')]),
  ended([outcome('bob@example.net', 'delivered'), outcome('eve@example.net', 'deferred')]),
  ended([outcome('bob@example.net', 'delivered'), outcome('eve@example.net', 'failed')]),
  ended([outcome('eve@example.net', 'delivered')], { fault }),
  ended([], { fault }),
  ended([], { fault: { ...fault, temporary: false } }),
  ended([], { fault, endedAt: begun + 2 * policy.warnAfter }),
  ended([], { fault, endedAt: begun + policy.giveUpAfter }),
  { type: 'LOST', foundAt: begun + minute, crashed: false },
  { type: 'LOST', foundAt: begun + minute, crashed: true },
  { type: 'RETRY', ...by },
  { type: 'HOLD', ...by },
  { type: 'RELEASE', ...by },
  { type: 'CANCEL', ...by },
]

/** What decides about transitions; the rest of the memory makes no difference to them. */
const deciding = ({ value, context }: AnyMachineSnapshot): string => {
  const { recipients, attempts, warned, sending } = context as DeliveryContext
  return [value, ...recipients.map(({ status }) => status), Math.min(attempts, 2), warned, sending].join(' ')
}

const paths = getShortestPaths(deliveryMachine, {
  input: { policy },
  events: [...inputs],
  serializeState: (snapshot) => deciding(snapshot as AnyMachineSnapshot),
  limit: 1_000_000,
})
const ways = paths.map(({ state, steps }) => ({
  state: state as AnyMachineSnapshot,
  way: steps.map(({ event }) => event.type).join(' '),
}))
const nodes = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(nodes)]

type Lived = { readonly after: AnyMachineSnapshot; readonly emitted: readonly Emitted[] }
const live = (
  before: AnyMachineSnapshot,
  input: DeliveryInput,
  logic: AnyActorLogic = deliveryMachine,
): Lived => {
  const actor = createActor(logic, { input: { policy }, snapshot: before as never })
  const emitted: Emitted[] = []
  actor.on('*', (one) => emitted.push(one as Emitted))
  actor.subscribe({ error: () => {} })
  actor.start()
  actor.send(input)
  return { after: actor.getSnapshot() as AnyMachineSnapshot, emitted }
}

test('the list of inputs has every input of the machine', () => {
  assert.deepEqual([...new Set(inputs.map(({ type }) => type))].sort(), Object.keys(delivery.inputs).sort())
})

test('every state can be reached', () => {
  const reached = new Set(ways.map(({ state }) => String(state.value)))
  assert.deepEqual([...reached].sort(), Object.keys(deliveryMachine.states).sort())
})

test('every transition is taken, none throws, each states one fact that replays to the same input', () => {
  const known = new Set(['resolve', 'connect', 'secure', 'send', 'startTimer', 'notify', 'finish'])
  const taken = new Set<unknown>()
  for (const { state, way } of ways) {
    if (state.status !== 'active') continue
    for (const input of inputs) {
      const transitions = deliveryMachine.getTransitionData(state as never, input)
      for (const transition of transitions) taken.add(transition)
      const { after, emitted } = live(state, input)
      const where: string = `${input.type} in ${state.value} after ${way}`
      assert.notEqual(after.status, 'error', `${where}: ${after.error}`)
      if (transitions.length === 0) {
        assert.deepEqual(emitted, [], where)
        continue
      }
      const facts = emitted.filter((one) => one.type === 'fact')
      assert.equal(facts.length, 1, where)
      for (const { name } of emitted.filter((one): one is EffectEmitted => one.type === 'effect'))
        assert.ok(known.has(name), `${where}: ${name}`)
      assert.deepEqual(again(input, facts[0]!.data), input, where)
    }
  }
  const untaken = nodes(deliveryMachine.root).flatMap((node) =>
    [...node.transitions.values()]
      .flat()
      .filter((transition) => !taken.has(transition))
      .map(({ eventType, guard }) => `${node.key}: ${eventType} ${JSON.stringify(guard ?? '')}`),
  )
  assert.deepEqual(untaken, [])
})

/** The input as a replay would make it from the fact. */
const again = (input: DeliveryInput, data: object): object => {
  const given = data as Record<string, unknown>
  const keys = delivery.inputs[input.type] ?? []
  return Object.fromEntries([
    ['type', input.type],
    ...keys.filter((key) => given[key] !== undefined).map((key) => [key, given[key]]),
  ])
}

test('the logic that actors run on takes every step as XState takes it', () => {
  const logic = logicOf(deliveryMachine)
  assert.notEqual(logic, deliveryMachine, 'the machine is not plain')
  for (const { state, way } of ways)
    for (const input of inputs) {
      const [ours, theirs] = [live(state, input, logic), live(state, input)]
      const where: string = `${input.type} in ${state.value} after ${way}`
      assert.deepEqual(ours.emitted, theirs.emitted, where)
      assert.deepEqual(
        [ours.after.value, ours.after.status, ours.after.context],
        [theirs.after.value, theirs.after.status, theirs.after.context],
        where,
      )
    }
})

test('version 1 is this machine', () => {
  assert.equal(delivery.version, 1)
  assert.equal(fingerprint(delivery.machine), delivery.fingerprint)
})
