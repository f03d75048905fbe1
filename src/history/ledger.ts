/**
 * The ledger: every recipient that was accepted is in a mailbox, with a delivery, or in a refusal notice. A next hop that
 * stands in `MessageAccepted` is accounted for: the mail waits there for its delivery.
 */
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

/** Why a recipient is not accounted for, or null. */
const lossOf = (recipient: Members, event: StoredEvent, books: MailboxBooks | null): string | null => {
  const { destination } = recipient
  if (!isMembers(destination)) return 'no destination was recorded'
  if (destination.kind === 'nextHop')
    return textOf(destination.nextHop) === '' ? 'its next hop has no name' : null
  if (destination.kind !== 'mailbox')
    return `its destination is of no known kind (${String(destination.kind)})`
  const mailbox = textOf(destination.mailbox)
  if (mailbox === '') return 'its mailbox has no name'
  if (books === null || books.position < event.position) return null
  return books.has(textOf(event.data.message), mailbox) ? null : `it is not in mailbox ${mailbox}`
}

/** The recipients of one `MessageAccepted` whose mail is nowhere. */
export const unaccountedOf = (event: StoredEvent, books: MailboxBooks | null): Unaccounted[] => {
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
