/**
 * Machines whose every step is as simple as the rules of this room ask for: no state within another, nothing on the way in or
 * out of a state, and actions that either change the context or emit. `remember`, `say` and `effect` make such actions.
 *
 * XState works out each step anew: which states are left and entered, in which order, and whether that leads on to others.
 * For these machines the answer is in the transition already, so `logicOf` gives an actor logic (XState's own interface,
 * https://stately.ai/docs/actors) that asks XState's machine for the transition, with its guards, and takes the step: the same
 * snapshots, the same emissions in the same order, in a quarter of the time. `test/machines/plain.test.ts` holds the two
 * against each other. Any other machine is its own logic.
 */
import {
  type AnyActorLogic,
  type AnyActorScope,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  assign,
  type EventObject,
  emit,
  type MachineContext,
  type Snapshot,
} from 'xstate'

type Asked<Context, Input> = { readonly context: Context; readonly event: Input }

type PlainAction =
  | { readonly kind: 'remember'; readonly change: (asked: Asked<unknown, AnyEventObject>) => object }
  | { readonly kind: 'say'; readonly emitted: (asked: Asked<unknown, AnyEventObject>) => EventObject }

/** What an action made here does, by the action as XState knows it. */
const plainActions = new WeakMap<object, PlainAction>()

/** The actions of a machine with this context and these inputs. */
export const plainly = <Context extends MachineContext, Input extends EventObject>() => ({
  /** Changes the context. */
  remember: (change: (asked: Asked<Context, Input>) => Partial<Context>) => {
    const action = assign<Context, Input, undefined, Input, never>(change)
    plainActions.set(action, { kind: 'remember', change: change as never })
    return action
  },
  /** Emits what is to be said of the step: its fact, or an effect. */
  say: <Said extends EventObject>(emitted: (asked: Asked<Context, Input>) => Said) => {
    const action = emit<Context, Input, undefined, Input, Said>(emitted)
    plainActions.set(action, { kind: 'say', emitted: emitted as never })
    return action
  },
})

/** XState's own events (`xstate.init`, `xstate.stop`) are no steps. */
const isOwn = (event: AnyEventObject): boolean => event.type.startsWith('xstate.')

/** What a transition comes to: its actions, and the state it leads to; null where it stays. */
type Step = { readonly actions: readonly PlainAction[]; readonly target: string | null }
type Steps = ReadonlyMap<object, Step>

class PlainLogic implements AnyActorLogic {
  readonly #machine: AnyStateMachine
  readonly #steps: Steps
  /** A snapshot for each state, to be copied with another context. */
  readonly #snapshots = new Map<string, AnyMachineSnapshot>()

  constructor(machine: AnyStateMachine, steps: Steps) {
    this.#machine = machine
    this.#steps = steps
  }

  getInitialSnapshot(scope: AnyActorScope, input: unknown): AnyMachineSnapshot {
    return this.#machine.getInitialSnapshot(scope, input)
  }
  getPersistedSnapshot(snapshot: AnyMachineSnapshot) {
    return this.#machine.getPersistedSnapshot(snapshot)
  }

  restoreSnapshot(persisted: Snapshot<unknown>, scope: AnyActorScope): AnyMachineSnapshot {
    return this.#machine.restoreSnapshot(persisted, scope)
  }

  transition(snapshot: AnyMachineSnapshot, event: AnyEventObject, scope: AnyActorScope): AnyMachineSnapshot {
    if (isOwn(event)) return this.#machine.transition(snapshot, event, scope)
    const [transition] = this.#machine.getTransitionData(snapshot, event)
    if (transition === undefined) return snapshot
    const { actions, target } = this.#steps.get(transition)!
    const emitted: EventObject[] = []
    let context: MachineContext = snapshot.context
    for (const action of actions) {
      if (action.kind === 'say') emitted.push(action.emitted({ context, event }))
      else context = { ...context, ...action.change({ context, event }) }
    }
    // Heard when the step is done, as XState does it.
    if (emitted.length > 0)
      scope.defer(() => {
        for (const one of emitted) scope.emit(one)
      })
    return { ...(target === null ? snapshot : this.#snapshotOf(target, context)), context }
  }

  #snapshotOf(value: string, context: MachineContext): AnyMachineSnapshot {
    const known = this.#snapshots.get(value)
    if (known !== undefined) return known
    const isFinal = this.#machine.root.states[value]?.type === 'final'
    const made = this.#machine.resolveState({ value, context, status: isFinal ? 'done' : 'active' })
    this.#snapshots.set(value, made)
    return made
  }
}

const doesNothingByItself = ({ entry, exit, invoke, always = [] }: AnyStateNode): boolean =>
  [entry, exit, invoke, always].every(({ length }) => length === 0)

const isFlat = ({ type, states }: AnyStateNode): boolean =>
  type === 'compound' &&
  Object.values(states).every((state) => state.type === 'atomic' || state.type === 'final')

/** Null for an action that was not made here, or has no name, or is given parameters. */
const plainActionOf = (machine: AnyStateMachine, action: unknown): PlainAction | null => {
  if (typeof action !== 'string') return null
  const implementation: unknown = machine.implementations.actions[action]
  return typeof implementation === 'function' ? (plainActions.get(implementation) ?? null) : null
}

/** Null for a machine that is not plain. */
const stepsOf = (machine: AnyStateMachine): Steps | null => {
  const nodes: AnyStateNode[] = [machine.root, ...Object.values(machine.root.states)]
  if (!isFlat(machine.root) || !nodes.every(doesNothingByItself)) return null
  const steps = new Map<object, Step>()
  for (const transition of nodes.flatMap(({ transitions }) => [...transitions.values()].flat())) {
    const { target = [], reenter, actions: named } = transition
    const actions = named.map((action) => plainActionOf(machine, action))
    const isPlain = target.length <= 1 && !reenter && !target.includes(machine.root)
    if (!isPlain || !actions.every((action) => action !== null)) return null
    steps.set(transition, { actions, target: target[0]?.key ?? null })
  }
  return steps
}

const logics = new WeakMap<AnyStateMachine, AnyActorLogic>()

/** What an actor of the machine runs on. */
export const logicOf = (machine: AnyStateMachine): AnyActorLogic => {
  const known = logics.get(machine)
  if (known !== undefined) return known
  const steps = stepsOf(machine)
  const logic = steps === null ? machine : new PlainLogic(machine, steps)
  logics.set(machine, logic)
  return logic
}
