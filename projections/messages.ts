/**
 * Which messages did we take, from whom, for whom? One row for each accepted message. `waiting` counts the recipients
 * whose mail goes to another host, as accepted: what has become of them, the view of deliveries knows.
 */
import type { AcceptedRecipient, EventOf } from '../machines/vocabulary/events.ts'
import { givenAddresses, onwardOf } from '../machines/vocabulary/recipients.ts'
import { nothing, type Projection, sessionOf } from './projection.ts'

/** Of mail that did not come in a session: where it was accepted, and why we composed it. */
const ownColumns = ({ stream, data }: EventOf & { type: 'MessageAccepted' }) => ({
  stream,
  cause: data.cause?.delivery ?? null,
  causeKind: data.cause?.kind ?? null,
  causeAttempt: data.cause?.attempt ?? null,
})

/** The distinct mailboxes among the destinations, in the order they were named. */
export const mailboxesOf = (recipients: readonly AcceptedRecipient[]): readonly string[] => {
  const first = recipients[0]
  // Most mail has one recipient.
  if (recipients.length === 1 && first?.destination.kind === 'mailbox') return [first.destination.mailbox]
  const mailboxes = new Set<string>()
  for (const { destination } of recipients)
    if (destination.kind === 'mailbox') mailboxes.add(destination.mailbox)
  return [...mailboxes]
}

const fold = (event: EventOf) => {
  if (event.type !== 'MessageAccepted') return nothing
  const { message, sender, user, recipients, size, sha256, subject, from, messageId } = event.data
  const session = sessionOf(event.stream)
  const onward = onwardOf(recipients)
  const set = {
    acceptedAt: event.at,
    session,
    ...(session === null ? ownColumns(event) : {}),
    sender,
    user,
    recipients: JSON.stringify(givenAddresses(recipients)),
    size,
    sha256,
    subject,
    messageId,
    from,
    waiting: onward.reduce((sum, way) => sum + way.recipients.length, 0),
    mailboxes: mailboxesOf(recipients).length,
    hops: onward.length,
  }
  return [{ kind: 'insert', table: 'messages', key: [message], set }] as const
}

export const messages: Projection = {
  name: 'messages',
  version: 3,
  tables: {
    messages: {
      key: ['id'],
      columns: {
        id: 'text',
        acceptedAt: 'number',
        session: 'text',
        sender: 'text',
        user: 'text',
        recipients: 'text',
        size: 'number',
        sha256: 'text',
        subject: 'text',
        messageId: 'text',
        from: 'text',
        waiting: 'count',
        mailboxes: 'count',
        hops: 'count',
        stream: 'text',
        cause: 'text',
        causeKind: 'text',
        causeAttempt: 'number',
      },
    },
  },
  fold,
}
