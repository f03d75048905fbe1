/** What deliveries have at hand, all of them the same. */
import type { DeliveryCause } from '../../machines/vocabulary/events.ts'
import type { Outbox } from '../actors/outbox.ts'
import type { ContentStore } from '../content/port.ts'
import type { Membership } from '../nodes/membership.ts'
import type { Connect, Routes } from './port.ts'
import type { Suppression } from './withheld.ts'

/** The sender is owed a notice. */
export type Notify = (owed: Required<DeliveryCause>) => void

export type Tools = {
  readonly outbox: Outbox
  readonly node: string
  /** Names this server in EHLO or LHLO. */
  readonly hostname: string
  readonly routes: Routes
  readonly connect: Connect
  readonly content: Pick<ContentStore, 'stream'>
  readonly now: () => number
  /** Whether this server may act, and who else does. */
  readonly members: Membership
  readonly notify: Notify
  /** Addresses that are not to be tried; without it all are. */
  readonly suppression?: Suppression
}
