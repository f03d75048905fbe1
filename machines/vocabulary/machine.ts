import type { AnyStateMachine } from 'xstate'

/**
 * What a machine's module says about itself beside the machine: enough to host, replay, verify and draw it
 * without knowing which one it is.
 */
export type MachineModule = {
  /** What people type: `session`. */
  readonly name: string
  /** Its streams: `smtp_session`. */
  readonly category: string
  /** Bumped whenever the fingerprint changes. */
  readonly version: number
  /** The fingerprint that belongs to `version`; a machine that has another is a start-up error. */
  readonly fingerprint: string
  readonly machine: AnyStateMachine
  /** Facts whose effects wait until they are on stable storage. */
  readonly barriers: ReadonlySet<string>
  /**
   * The machine events by type, each with the keys of its payload. A fact's data begins with the payload of the
   * input that led to it, under the same keys, so that replay can give the machine the same input again.
   */
  readonly inputs: Readonly<Record<string, readonly string[]>>
}

/** Emitted by a machine once in each transition: what happened. */
export type FactEmitted = { readonly type: 'fact'; readonly name: string; readonly data: object }
/** Emitted any number of times: what to do about it. The host performs effects after the append. */
export type EffectEmitted = { readonly type: 'effect'; readonly name: string } & Readonly<
  Record<string, unknown>
>
export type Emitted = FactEmitted | EffectEmitted

/** Reply effects carry the whole reply, so that a history holds the words we used. */
export type ReplyEffect = {
  readonly type: 'effect'
  readonly name: 'reply'
  readonly code: number
  /** `2.1.0`, or '' where RFC 2034 §4 wants none (220, 354, 334, EHLO). */
  readonly enhanced: string
  readonly lines: readonly string[]
  /** Milliseconds to hold the reply back. */
  readonly delay?: number
}

export const isReply = (emitted: Emitted): emitted is ReplyEffect =>
  emitted.type === 'effect' && emitted.name === 'reply'

/** The input that led to a recorded fact, from what the fact remembers of it; or why there is none. */
export const inputAgain = (
  inputs: MachineModule['inputs'],
  { data, meta }: { readonly data: unknown; readonly meta: Readonly<Record<string, string>> },
): { readonly type: string } | string => {
  if (typeof data !== 'object' || data === null) return 'its data is no object'
  const type = meta.input
  const keys = type === undefined ? undefined : inputs[type]
  if (type === undefined || keys === undefined) return `the machine has no input "${type ?? ''}"`
  const given = data as Readonly<Record<string, unknown>>
  const input: { type: string; [key: string]: unknown } = { type }
  for (const key of keys) if (given[key] !== undefined) input[key] = given[key]
  return input
}
