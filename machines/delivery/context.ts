/** What a delivery remembers: where each recipient stands, and how often it was tried. */
import type { DeliveryRecipient, NotedAct, RemoteReply } from '../vocabulary/events.ts'
import type { InputOf } from './inputs.ts'
import type { DeliveryPolicy } from './policy.ts'

export type Standing = DeliveryRecipient & {
  readonly status: 'waiting' | 'delivered' | 'failed'
  /** The last answer about this recipient. */
  readonly reply: RemoteReply | null
}

export type DeliveryContext = {
  readonly policy: DeliveryPolicy
  readonly message: string
  readonly nextHop: string
  readonly sender: string
  readonly acceptedAt: number
  readonly recipients: readonly Standing[]
  readonly attempts: number
  /** Attempts in a row that were cut off. */
  readonly lost: number
  /** Turns that were left out while the destination rested. */
  readonly postponed: number
  /** Of the last attempt; '' before the first. */
  readonly destination: string
  /** The host of the last connection reports success itself (RFC 3461 §5.2.2). */
  readonly hostReports: boolean
  /** The sender was told that it takes long. */
  readonly warned: boolean
  /** When it is to be tried next, milliseconds since 1970; null where it waits for no time. */
  readonly dueAt: number | null
  /** The content was on its way to the host: an attempt that is cut off may have delivered it. */
  readonly sending: boolean
  /** What is to be done when the attempt under way has ended, if the mail waits then. */
  readonly noted: NotedAct | null
}

export const initialContext = (policy: DeliveryPolicy): DeliveryContext => ({
  policy,
  message: '',
  nextHop: '',
  sender: '',
  acceptedAt: 0,
  recipients: [],
  attempts: 0,
  lost: 0,
  postponed: 0,
  destination: '',
  hostReports: false,
  warned: false,
  dueAt: null,
  sending: false,
  noted: null,
})

export const standings = ({ recipients }: InputOf<'QUEUE'>): readonly Standing[] =>
  recipients.map((recipient) => ({ ...recipient, status: 'waiting', reply: null }))
