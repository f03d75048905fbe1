/** What the handlers of calls know of the server they belong to. */
import type { Metadata } from '@grpc/grpc-js'
import type { Endpoint, Failure } from './errors.ts'
import type { Faults } from './faults.ts'
import type { InMemoryLog } from './log.ts'

/** What every kind of call has. */
export type Call = { readonly metadata: Metadata; getPeer(): string }

export type Host = {
  readonly log: InMemoryLog
  readonly faults: Faults
  /** Bytes, summed over the events of an append. */
  readonly maxAppendSize: number
  /** Whether caught-up messages say where, and fell-behind messages are sent: KurrentDB 25 and later. */
  readonly saysWhere: boolean
  /** Why this call is not served at all; `silent` if it is not even answered. */
  refusalOf(call: Call): Failure | 'silent' | undefined
  /** The leader, if this node is none and the call asks for it (or the fault is for all). */
  turnedAwayFrom(call: Call): Endpoint | undefined
  dropConnectionOf(call: Call): void
  /** Keeps what ends a subscription, for as long as it lasts. @returns how to forget it again */
  keepSubscription(end: () => void): () => void
}
