/**
 * A machine walked through every state and every transition. `walk` registers the tests that hold for every machine, and gives
 * the ways for those that hold for one.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AnyActorLogic,
  type AnyMachineSnapshot,
  type AnyStateNode,
  createActor,
  getNextTransitions,
} from 'xstate'
import { fingerprint } from '../../machines/drawing/index.ts'
import { logicOf } from '../../machines/plain.ts'
import {
  type EffectEmitted,
  type Emitted,
  inputAgain,
  type MachineModule,
} from '../../machines/vocabulary/machine.ts'

export type WalkOptions<Input> = {
  readonly module: MachineModule
  readonly policy: object
  /** Every input there is, with each payload that decides something. */
  readonly inputs: readonly Input[]
  /** What decides about transitions, as text; the rest of the memory makes no difference to them. */
  readonly deciding: (snapshot: AnyMachineSnapshot) => string
  /** Names of all effects. */
  readonly effects: readonly string[]
  /** Whether a state may have nothing to say to an input; else each states a fact for each. */
  readonly mayIgnore: boolean
}

type Lived = { readonly after: AnyMachineSnapshot; readonly emitted: readonly Emitted[] }
type Way = {
  readonly state: AnyMachineSnapshot
  /** The inputs that led there, for whoever reads a failure. */
  readonly way: string
}
type Step<Input> = { readonly way: Way; readonly input: Input; readonly lived: Lived }

export type Walk<Input> = {
  /** A shortest way to every state there is, told apart by what decides. */
  readonly ways: readonly Way[]
  /** A live actor in this state, given one input. */
  live(before: AnyMachineSnapshot, input: Input, logic?: AnyActorLogic): Lived
}

const nodes = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(nodes)]

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
  ...{ status, value, context, output, error, children, historyValue },
  tags: [...tags],
})

const nextOf = (snapshot: AnyMachineSnapshot): readonly string[] =>
  getNextTransitions(snapshot).map(({ eventType }) => eventType)

const where = ({ state, way }: Way, { type }: { readonly type: string }): string =>
  `${type} in ${state.value} after ${way}`

/**
 * Logic whose actors begin with the very snapshot they are given. XState looks through all of its memory for actors when it
 * restores one, which takes longer than the step itself; that restoring makes no difference is asked once for each state.
 */
const asItIs = (logic: AnyActorLogic): AnyActorLogic => ({
  transition: (snapshot, event, scope) => logic.transition(snapshot, event, scope),
  getInitialSnapshot: (scope, input) => logic.getInitialSnapshot(scope, input),
  getPersistedSnapshot: (snapshot) => logic.getPersistedSnapshot(snapshot),
  restoreSnapshot: (snapshot) => snapshot,
  start: (snapshot, scope) => logic.start?.(snapshot, scope),
})

/** Every way and every step from where it leads, as XState takes them: breadth first, so that the ways are the shortest. */
const exploredBy = <Input extends { readonly type: string }>(
  live: Walk<Input>['live'],
  { module, policy, inputs, deciding }: WalkOptions<Input>,
): { readonly ways: readonly Way[]; readonly steps: readonly Step<Input>[] } => {
  const begun = createActor(module.machine, { input: { policy } }).getSnapshot() as AnyMachineSnapshot
  const ways: Way[] = [{ state: begun, way: '' }]
  const seen = new Set([deciding(begun)])
  const steps: Step<Input>[] = []
  // It comes to an end because every patience does; a count that could grow for ever would exceed this.
  for (const way of ways)
    for (const input of inputs) {
      assert.ok(ways.length < 20_000, 'states without end')
      const lived = live(way.state, input)
      steps.push({ way, input, lived })
      const decides = deciding(lived.after)
      if (lived.after.status === 'error' || seen.has(decides)) continue
      seen.add(decides)
      ways.push({ state: lived.after, way: `${way.way} ${input.type}`.trim() })
    }
  return { ways, steps }
}

export const walk = <Input extends { readonly type: string }>(options: WalkOptions<Input>): Walk<Input> => {
  const { module, policy, inputs, effects, mayIgnore } = options
  const { machine } = module
  const theirs = asItIs(machine)

  const live = (before: AnyMachineSnapshot, input: Input, logic: AnyActorLogic = theirs): Lived => {
    const actor = createActor(logic, { input: { policy }, snapshot: before as never })
    const emitted: Emitted[] = []
    actor.on('*', (one) => emitted.push(one as Emitted))
    actor.subscribe({ error: () => {} })
    actor.start()
    actor.send(input)
    return { after: actor.getSnapshot() as AnyMachineSnapshot, emitted }
  }
  const { ways, steps } = exploredBy(live, options)

  /** One fact that replays to the same input, and effects that somebody performs. */
  const assertStates = (emitted: readonly Emitted[], input: Input, place: string): void => {
    const facts = emitted.filter((one) => one.type === 'fact')
    assert.equal(facts.length, 1, place)
    for (const { name } of emitted.filter((one): one is EffectEmitted => one.type === 'effect'))
      assert.ok(effects.includes(name), `${place}: ${name}`)
    const fact = { data: facts[0]!.data, meta: { input: input.type } }
    assert.deepEqual(inputAgain(module.inputs, fact), input, place)
  }

  test('the list of inputs has every input of the machine', () => {
    assert.deepEqual([...new Set(inputs.map(({ type }) => type))].sort(), Object.keys(module.inputs).sort())
  })

  test('every state can be reached', () => {
    const reached = new Set(ways.map(({ state }) => String(state.value)))
    assert.deepEqual([...reached].sort(), Object.keys(machine.states).sort())
  })

  test('every transition is taken, none throws, each states one fact that replays to the same input', () => {
    const taken = new Set<unknown>()
    for (const { way, input, lived } of steps.filter(({ way }) => way.state.status === 'active')) {
      const transitions = machine.getTransitionData(way.state as never, input)
      for (const transition of transitions) taken.add(transition)
      const { after, emitted } = lived
      const place = where(way, input)
      assert.notEqual(after.status, 'error', `${place}: ${after.error}`)
      if (mayIgnore && transitions.length === 0) assert.deepEqual(emitted, [], place)
      else assertStates(emitted, input, place)
    }
    const untaken = nodes(machine.root).flatMap((node) =>
      [...node.transitions.values()]
        .flat()
        .filter((transition) => !taken.has(transition))
        .map(({ eventType, guard }) => `${node.key}: ${eventType} ${JSON.stringify(guard ?? '')}`),
    )
    assert.deepEqual(untaken, [])
  })

  test('the logic that actors run on takes every step as XState takes it', () => {
    const plain = logicOf(machine)
    assert.notEqual(plain, machine, 'the machine is not plain')
    const logic = asItIs(plain)
    const assertSame = (ours: Lived, theirs: Lived, place: string): void => {
      assert.deepEqual(ours.emitted, theirs.emitted, place)
      assert.deepEqual(dataOf(ours.after), dataOf(theirs.after), place)
      assert.deepEqual(nextOf(ours.after), nextOf(theirs.after), place)
    }
    for (const { way, input, lived } of steps)
      assertSame(live(way.state, input, logic), lived, where(way, input))
    const nonsense = { type: 'NONSENSE' } as never
    for (const way of ways)
      assertSame(live(way.state, nonsense, logic), live(way.state, nonsense), where(way, nonsense))
  })

  test('a state that is restored is the same', () => {
    for (const { state, way } of ways)
      for (const logic of [machine, logicOf(machine)]) {
        const restored = createActor(logic, { input: { policy }, snapshot: state as never }).getSnapshot()
        assert.deepEqual(dataOf(restored as AnyMachineSnapshot), dataOf(state), way)
      }
  })

  test('version 1 is this machine', () => {
    assert.equal(module.version, 1)
    assert.equal(fingerprint(machine), module.fingerprint)
  })

  return { ways, live }
}
