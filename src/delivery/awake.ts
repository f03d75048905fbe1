/** What a delivery is woken with, and what it says when it rests. */
import type { SendingOver } from '../../machines/vocabulary/events.ts'
import type { StoredEvent } from '../log/port.ts'
import type { Tools } from './tools.ts'

/** What it rests for: its next time (milliseconds since 1970), for good (null), or because the log did not take its fact. */
export type Rest = { readonly dueAt: number | null } | { readonly error: Error }

export type ActorOptions = {
  readonly id: string
  readonly policy: unknown
  readonly past: readonly StoredEvent[]
  /** Its history, as the log has it. */
  readonly read: () => Promise<readonly StoredEvent[]>
  readonly tools: Tools
  readonly rested: (rest: Rest) => void
}

/** That it is held as soon as it is queued, because its account sends too much. */
export const heldFor = (sending: SendingOver, actedAt: number) =>
  ({ type: 'HOLD', actedAt, by: 'server', sending }) as const
