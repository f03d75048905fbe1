/**
 * The ledger: every recipient that was accepted is in a mailbox, with a delivery, or in a refusal notice. A next hop is
 * accounted for while its delivery is still to be queued, and as long as that goes on; one that came to nothing has to be told
 * to the sender, where the sender wants to hear of it, or the log says why nobody could be told.
 */
import { hearsNothing, isWanted } from '../../machines/vocabulary/notices.ts'
import { folderFor } from '../../machines/vocabulary/recipients.ts'
import type { StoredEvent } from '../log/port.ts'
import type { Unaccounted } from './findings.ts'

/** What the view of mailboxes says, as far as it has folded the log. */
export type MailboxBooks = {
  /** Position up to which the view has folded the log. */
  readonly position: number
  /** Messages in all mailboxes, at that position. */
  readonly filed: number
  readonly has: (message: string, mailbox: string) => boolean
  /** Questions asked within `ask` are answered from one moment, and faster. */
  readonly atOnce: (ask: () => void) => void
}

/** What has become of one recipient's mail for a next hop. */
export type Fate = 'owed' | 'going on' | 'ended well' | 'failed and told' | 'failed and not told'

/** What the view of deliveries says, as far as it has folded the log. */
export type DeliveryBooks = {
  /** Position up to which the view has folded the log. */
  readonly position: number
  /** Null where there is neither a delivery of it nor one to be queued. */
  readonly fate: (message: string, nextHop: string, address: string) => Fate | null
  /** Questions asked within `ask` are answered from one moment, and faster. */
  readonly atOnce: (ask: () => void) => void
}

export type Books = { readonly mailboxes: MailboxBooks | null; readonly deliveries: DeliveryBooks | null }

/** How many mailboxes a message is to be in: several recipients of one mailbox have it once. */
export const mailboxesNamed = ({ data }: StoredEvent): number => {
  const recipients: readonly unknown[] = Array.isArray(data.recipients) ? data.recipients : []
  const names = recipients.map((recipient) => {
    const destination = isMembers(recipient) ? recipient.destination : null
    return isMembers(destination) && destination.kind === 'mailbox' ? textOf(destination.mailbox) : ''
  })
  return new Set(names.filter((name) => name !== '')).size
}

type Members = Readonly<Record<string, unknown>>
const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const wantsToHear = ({ notify }: Members, { data }: StoredEvent): boolean =>
  !hearsNothing(textOf(data.sender)) && isWanted(Array.isArray(notify) ? { notify } : {}, 'failed')

const lossOnTheWay = (
  recipient: Members,
  nextHop: string,
  event: StoredEvent,
  books: DeliveryBooks | null,
): string | null => {
  if (nextHop === '') return 'its next hop has no name'
  if (books === null || books.position < event.position) return null
  const fate = books.fate(textOf(event.data.message), nextHop, textOf(recipient.address))
  if (fate === null) return `there is no delivery of it to ${nextHop}, and none is to be queued`
  return fate === 'failed and not told' && wantsToHear(recipient, event)
    ? `its delivery to ${nextHop} failed, and the sender was not told`
    : null
}

const lossAtHome = (mailbox: string, event: StoredEvent, books: MailboxBooks | null): string | null => {
  if (mailbox === '') return 'its mailbox has no name'
  if (books === null || books.position < event.position) return null
  const folder = folderFor(mailbox, { tags: Array.isArray(event.data.tags) ? event.data.tags : [] })
  return books.has(textOf(event.data.message), folder) ? null : `it is not in mailbox ${folder}`
}

/** Why a recipient is not accounted for, or null. */
const lossOf = (recipient: Members, event: StoredEvent, books: Books): string | null => {
  const { destination } = recipient
  if (!isMembers(destination)) return 'no destination was recorded'
  if (destination.kind === 'nextHop')
    return lossOnTheWay(recipient, textOf(destination.nextHop), event, books.deliveries)
  if (destination.kind === 'mailbox') return lossAtHome(textOf(destination.mailbox), event, books.mailboxes)
  return `its destination is of no known kind (${String(destination.kind)})`
}

/** The recipients of one `MessageAccepted` whose mail is nowhere. */
export const unaccountedOf = (event: StoredEvent, books: Books): Unaccounted[] => {
  const { recipients } = event.data
  const message = textOf(event.data.message)
  const lost = (recipient: string, detail: string): Unaccounted => ({
    kind: 'unaccounted',
    message,
    recipient,
    detail,
  })
  if (!Array.isArray(recipients) || recipients.length === 0) return [lost('', 'the message has no recipient')]
  return recipients.flatMap((recipient: unknown) => {
    if (!isMembers(recipient)) return [lost('', 'the recipient cannot be read')]
    const loss = lossOf(recipient, event, books)
    return loss === null ? [] : [lost(textOf(recipient.address), loss)]
  })
}
