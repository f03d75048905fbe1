/** What is still owed, as the views know it: asked at start, and for times that come. A view may lag; the log decides. */
import type { Pace } from '../../machines/delivery/pacing.ts'
import type { DeliveryCause } from '../../machines/vocabulary/events.ts'
import type { DueAsked } from '../views/answers/deliveries.ts'
import type { Due } from './timetable.ts'

/** A next hop of a message, and where the message was accepted. */
export type Unrouted = {
  readonly message: string
  readonly nextHop: string
  readonly stream: string
  readonly revision: number
  /** Milliseconds since 1970. */
  readonly acceptedAt: number
}

export interface Backlog {
  /** Resolves when the views hold what the log holds now. */
  caughtUp(): Promise<void>
  /** Next hops of accepted messages for which no delivery was queued. */
  unrouted(limit: number): readonly Unrouted[]
  /** Deliveries in the middle of an attempt, and the server that makes it. */
  underWay(): readonly { readonly id: string; readonly node: string }[]
  /** The earliest that are due before a time, milliseconds since 1970. */
  due(before: number, asked: DueAsked): readonly Due[]
  /** What recorded attempts say of a destination; null where there are none. */
  pace(destination: string): Pace | null
  /** Notices that senders are owed and nobody has composed yet. */
  noticesDue(limit: number): readonly Required<DeliveryCause>[]
}
