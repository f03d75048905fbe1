/** What the rooms of the server show of themselves; everything is read when somebody asks. */
import type { Service } from '../../machines/vocabulary/events.ts'
import type { Standing } from '../authentication/client/index.ts'
import type { Directory } from '../authentication/directory.ts'
import type { Login } from '../authentication/login.ts'
import type { ContentStore } from '../content/port.ts'
import type { Acts } from '../control.ts'
import type { EventLog } from '../log/port.ts'
import type { Membership } from '../nodes/membership.ts'
import type { Counter } from '../submission/counter.ts'
import type { Exported } from '../telemetry/index.ts'
import type { Views } from '../views/index.ts'
import type { WebhookState } from '../webhooks/overview.ts'
import type { WebhookCounts } from '../webhooks/sender.ts'

export type House = {
  readonly log: EventLog
  readonly content: Pick<ContentStore, 'check' | 'stream'>
  readonly views: Pick<Views, 'isKept' | 'position' | 'rebuild'>
  readonly members: Pick<Membership, 'node' | 'isAlive'>
  readonly directory: Pick<Directory, 'account' | 'addressesOf'>
  /** The same that counts failures over SMTP. */
  readonly login: Pick<Login, 'verify'>
  /** Live sessions of each listener. */
  readonly sessions: () => readonly { readonly service: Service; readonly live: number }[]
  /** Where mail is taken. */
  readonly smtp: readonly { readonly service: Service; readonly address: string; readonly port: number }[]
  /** Lists that are asked about strangers. */
  readonly lists?: () => readonly Standing[]
  /** How they are, as the log tells. */
  readonly webhooks: () => Promise<readonly WebhookState[]>
  /** What this server has sent to them. */
  readonly webhookCounts: () => readonly WebhookCounts[]
  /** What the collector of traces made of them; null where there is none. */
  readonly telemetry: () => Exported | null
  /** Null where nothing is sent out. */
  readonly deliveries: () => DeliveriesNow | null
  /** Deliveries that one destination gets at a time, at most. */
  readonly perDestination: () => number
  /** What is done to deliveries; null where there are none. */
  readonly acts: Acts | null
  /** Where mail is taken that comes over HTTP. */
  readonly counter: Counter
}

export type DeliveriesNow = {
  /** Attempts under way. */
  readonly active: number
  /** Due, and waiting for their turn. */
  readonly waiting: number
  /** Destinations that failed again and again, and are left alone for a while. */
  readonly resting: number
}
