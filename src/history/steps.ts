/** A recorded actor's life, step by step: what came, what it changed, why, and what could have come instead. */
import type { Transition } from '../../machines/drawing/index.ts'
import type { MachineModule } from '../../machines/vocabulary/machine.ts'
import type { StoredEvent } from '../log/port.ts'
import { compare } from './compare.ts'
import { offered } from './offered.ts'
import { type Operation, patchBetween } from './patch.ts'
import { Replayer } from './replayer.ts'
import { Stage } from './stage.ts'

export type Step = {
  readonly revision: number
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string
  /** The machine event. */
  readonly input: string
  /** The fact. */
  readonly event: string
  readonly from: string
  readonly to: string
  /** The transition that was taken: of which state (`''`: the machine itself), for which event; null where it is not known. */
  readonly transition: Transition | null
  /** Names of the effects, in order. */
  readonly effects: readonly string[]
  /** Code of the reason (`reasonText` has its sentence), null where nothing was decided. */
  readonly reason: string | null
  readonly facts: Readonly<Record<string, unknown>>
  /** What the machine's memory became, as a JSON Patch of its context (RFC 6902). */
  readonly changes: readonly Operation[]
  /** Machine events that could have come next, without those that were not offered. */
  readonly next: readonly string[]
  /** Lines said since the step before: `C: ...`, `S: ...`. */
  readonly dialogue: readonly string[]
  /** Why today's machine does not do the same, or null: then `changes` and `next` are what it would have been. */
  readonly diverged: string | null
}

const reasonOf = ({ reason, door }: Readonly<Record<string, unknown>>): string | null => {
  if (typeof reason === 'string') return reason
  return typeof door === 'string' && door !== 'open' ? door : null
}

const wordsOf = (text: string | undefined): string[] =>
  text === undefined || text === '' ? [] : text.split(' ')

const recorded = ({ revision, at, type, data, meta }: StoredEvent) => ({
  revision,
  at: new Date(at).toISOString(),
  input: meta.input ?? '',
  event: type,
  from: meta.from ?? '',
  to: meta.to ?? '',
  effects: wordsOf(meta.effects),
  reason: reasonOf(data),
  facts: data,
  dialogue: meta.dialogue === undefined ? [] : meta.dialogue.split('\n'),
})

const divergenceOf = (replayer: Replayer, event: StoredEvent): string | null => {
  const taken = replayer.take(event)
  if (taken.kind !== 'moved') return taken.why
  const difference = compare(event, taken)
  if (difference === null) return null
  return `expected ${JSON.stringify(difference.expected)}, got ${JSON.stringify(difference.got)}`
}

const isOf = (module: MachineModule, { meta }: StoredEvent): boolean =>
  meta.machine === module.name && meta.machineVersion === String(module.version)

/** Steps as the log has them, without what only a machine can say. */
const unreplayed = (event: StoredEvent, why: string): Step => ({
  ...recorded(event),
  ...{ transition: null, changes: [], next: [], diverged: why },
})

/** Why none of it can be replayed, or null. */
const missing = (first: StoredEvent, module: MachineModule | undefined, policy: unknown): string | null => {
  const { machine, machineVersion } = first.meta
  if (module === undefined || !isOf(module, first))
    return `this release has no machine ${machine ?? ''} ${machineVersion ?? ''}`.trim()
  return policy === undefined ? 'the policy of that time is missing' : null
}

/**
 * The steps of one stream, all its events given from the first, through its machine; each is made when it is asked for. Where the machine is
 * of another version, or its policy is missing, the steps tell what the log tells and say so in `diverged`.
 */
export function* stepByStep(
  events: readonly StoredEvent[],
  module: MachineModule | undefined,
  policy: unknown,
): Generator<Step> {
  const [first] = events
  if (first === undefined) return
  const why = missing(first, module, policy)
  if (why !== null || module === undefined) {
    for (const event of events) yield unreplayed(event, why ?? '')
    return
  }
  const replayer = new Replayer(new Stage(module, policy))
  for (const event of events) yield replayedStep(event, module, replayer)
}

const replayedStep = (event: StoredEvent, module: MachineModule, replayer: Replayer): Step => {
  const before: unknown = replayer.snapshot.context
  const meant = replayer.transition(event)
  const diverged = divergenceOf(replayer, event)
  const transition = diverged === null ? meant : null
  const changes = patchBetween(before, replayer.snapshot.context)
  const next = offered(module, replayer.snapshot.context, replayer.next())
  return { ...recorded(event), transition, changes, next, diverged }
}

/** All of them at once. */
export const steps = (...of: Parameters<typeof stepByStep>): Step[] => [...stepByStep(...of)]
