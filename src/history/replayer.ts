/**
 * One recorded actor, lived again: the machine is given the inputs its facts remember, and says what it says. No live actor
 * is made for it: a stage asks XState for each transition exactly as an actor does, and many replayers share one.
 */
import { type AnyMachineSnapshot, getNextTransitions } from 'xstate'
import { type Transition, transitionOf } from '../../machines/drawing/index.ts'
import {
  type EffectEmitted,
  type FactEmitted,
  inputAgain,
  type MachineModule,
} from '../../machines/vocabulary/machine.ts'
import type { StoredEvent } from '../log/port.ts'
import { isRefusal } from './offered.ts'
import type { Stage } from './stage.ts'

export type Moved = {
  readonly kind: 'moved'
  readonly from: string
  readonly to: string
  readonly fact: FactEmitted
  readonly effects: readonly EffectEmitted[]
}
/**
 * The machine did not go on. `undecodable`: the event does not say what the input was. `refused`: the machine was given it
 * and recorded no fact.
 */
export type Stuck =
  | { readonly kind: 'undecodable'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string }
export type Taken = Moved | Stuck

/** `a`, or `a.b` for a nested state. */
export const stateName = (value: unknown): string => {
  if (typeof value === 'string') return value
  return Object.entries(value as Record<string, unknown>)
    .map(([name, inner]) => (stateName(inner) === '' ? name : `${name}.${stateName(inner)}`))
    .join(' ')
}

const refused = (why: string): Stuck => ({ kind: 'refused', why })
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export class Replayer {
  readonly #stage: Stage
  readonly #inputs: MachineModule['inputs']
  #snapshot: AnyMachineSnapshot
  #state: string
  #failed = false
  /** Revision of the next event to take. */
  revision = 0

  constructor(stage: Stage) {
    this.#stage = stage
    this.#inputs = stage.module.inputs
    this.#snapshot = stage.initial
    this.#state = stateName(stage.initial.value)
  }

  get snapshot(): AnyMachineSnapshot {
    return this.#snapshot
  }
  get state(): string {
    return this.#state
  }
  get ended(): boolean {
    return this.#failed || this.#snapshot.status !== 'active'
  }

  /** Gives the machine the input that led to `event` and returns what it did. */
  take(event: StoredEvent): Taken {
    this.revision += 1
    const input = inputAgain(this.#inputs, event)
    if (typeof input === 'string') return { kind: 'undecodable', why: input }
    if (this.ended) return refused('the machine had come to its end')
    try {
      return this.#move(input)
    } catch (error) {
      this.#failed = true
      return refused(`the machine failed: ${messageOf(error)}`)
    }
  }

  /** The transition that the input behind `event` takes from here; null where there is none, or a guard fails. */
  transition(event: StoredEvent): Transition | null {
    const input = inputAgain(this.#inputs, event)
    if (typeof input === 'string' || this.ended) return null
    try {
      const [taken] = this.#stage.module.machine.getTransitionData(this.#snapshot, input)
      return taken === undefined ? null : transitionOf(taken)
    } catch {
      return null
    }
  }

  /** Machine events that can come next, the state's own first; none that the machine would only refuse. */
  next(): string[] {
    if (this.ended) return []
    const first = new Map<string, readonly unknown[]>()
    for (const { eventType, actions } of getNextTransitions(this.#snapshot))
      if (!first.has(eventType)) first.set(eventType, actions)
    return [...first].flatMap(([event, actions]) =>
      event === '*' || event === '' || isRefusal(actions) ? [] : [event],
    )
  }

  #move(input: { type: string }): Taken {
    const from = this.#state
    const { snapshot, facts, effects } = this.#stage.move(this.#snapshot, input)
    if (facts.length !== 1) return refused(`the machine gave ${facts.length} facts`)
    this.#snapshot = snapshot
    this.#state = stateName(snapshot.value)
    return { kind: 'moved', from, to: this.#state, fact: facts[0]!, effects }
  }
}
