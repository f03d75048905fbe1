/**
 * Which messages did we take, from whom, for whom? One row for each accepted message. `waiting` counts the recipients
 * whose mail goes to another host, as accepted: what has become of them, the view of deliveries knows. Beside them, the messages
 * whose senders are still to be told that they arrived (`receipts_due`).
 */
import type { EventOf, MessageAccepted, NoticeCause } from '../machines/vocabulary/events.ts'
import { foldedBeside } from '../machines/vocabulary/folded.ts'
import { isOfDelivery, owesReceipt } from '../machines/vocabulary/notices.ts'
import { folderFor, givenAddresses, onwardOf } from '../machines/vocabulary/recipients.ts'
import { nothing, type Projection, type RowChange, sessionOf, type Value } from './projection.ts'

type Accepted = EventOf & { readonly type: 'MessageAccepted' }

/** Of mail that did not come in a session: where it was accepted, and why we composed it. */
const ownColumns = ({ stream, data: { cause } }: Accepted) => ({ stream, ...causeColumns(cause) })

const causeColumns = (cause: NoticeCause | undefined): Readonly<Record<string, Value>> => {
  if (cause === undefined) return {}
  const { kind: causeKind } = cause
  return isOfDelivery(cause)
    ? { causeKind, cause: cause.delivery, causeAttempt: cause.attempt ?? null }
    : { causeKind, causeMessage: cause.message }
}

/** A receipt that the sender is owed from now on. */
const receiptDue = ({ at, stream, revision, data }: Accepted): readonly RowChange[] =>
  owesReceipt(data)
    ? [{ kind: 'insert', table: 'receipts_due', key: [data.message], set: { stream, revision, at } }]
    : nothing

/** It was composed, or will never be: owed no longer. */
const receiptSettled = (cause: NoticeCause | undefined): readonly RowChange[] =>
  cause === undefined || isOfDelivery(cause)
    ? nothing
    : [{ kind: 'delete', table: 'receipts_due', key: [cause.message] }]

/** The distinct mailboxes among the destinations, in the order they were named. */
export const mailboxesOf = ({
  recipients,
  ...accepted
}: Pick<MessageAccepted, 'recipients' | 'tags'>): readonly string[] => {
  const first = recipients[0]
  // Most mail has one recipient.
  if (recipients.length === 1 && first?.destination.kind === 'mailbox')
    return [folderFor(first.destination.mailbox, accepted)]
  const mailboxes = new Set<string>()
  for (const { destination } of recipients)
    if (destination.kind === 'mailbox') mailboxes.add(folderFor(destination.mailbox, accepted))
  return [...mailboxes]
}

/** `retention` has taken their bodies away. */
const forgotten = (at: number, ids: readonly string[]): readonly RowChange[] =>
  ids.map((id) => ({ kind: 'upsert', table: 'messages', key: [id], set: { contentForgottenAt: at } }))

const forRecipients = ({ at, data: { message, recipients } }: Accepted): readonly RowChange[] =>
  givenAddresses(recipients).map((address) => ({
    ...{ kind: 'insert', table: 'message_recipients', key: [at, message, address.toLowerCase()] },
  }))

const fold = (event: EventOf): readonly RowChange[] => {
  if (event.type === 'NoticeDropped') return receiptSettled(event.data.cause)
  if (event.type === 'ContentForgotten') return forgotten(event.at, event.data.messages)
  if (event.type !== 'MessageAccepted') return nothing
  const { message, sender, user, recipients, size, sha256, subject, from, messageId, tags = [] } = event.data
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
    subjectFolded: foldedBeside(subject),
    messageId,
    from,
    waiting: onward.reduce((sum, way) => sum + way.recipients.length, 0),
    mailboxes: mailboxesOf(event.data).length,
    hops: onward.length,
    ...(tags.length > 0 && { tags: JSON.stringify(tags) }),
  }
  return [
    { kind: 'insert', table: 'messages', key: [message], set },
    ...forRecipients(event),
    ...receiptDue(event),
    ...receiptSettled(event.data.cause),
  ]
}

export const messages: Projection = {
  name: 'messages',
  version: 10,
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
        /** As it is looked for, where that is not the subject itself. */
        subjectFolded: 'text',
        messageId: 'text',
        from: 'text',
        waiting: 'count',
        mailboxes: 'count',
        hops: 'count',
        stream: 'text',
        cause: 'text',
        causeKind: 'text',
        causeAttempt: 'number',
        /** Of a receipt: the message it is about. */
        causeMessage: 'text',
        /** The rules of the policy by which it is Junk, as a list; null where there is none. */
        tags: 'text',
        /** When its body was removed, as `retention.content` asks; null while it is there. */
        contentForgottenAt: 'number',
      },
      computed: {
        senderKey: 'lower(sender)',
        /** The account that submitted it. */
        userKey: 'lower(user)',
        place: `CASE WHEN tags IS NOT NULL THEN 'junk' END`,
      },
      indexes: [
        ['senderKey', 'acceptedAt'],
        // With what is looked for in the midst of it, so that who looks through all need not open the rows.
        ['acceptedAt', 'id', 'subject', 'subjectFolded', 'sender'],
      ],
      sparse: [
        ['session', 'acceptedAt'],
        ['place', 'acceptedAt'],
        ['userKey', 'acceptedAt'],
      ],
    },
    /** Whom it was for, in lower case. */
    message_recipients: {
      key: ['at', 'message', 'address'],
      columns: { at: 'number', message: 'text', address: 'text' },
      indexes: [['address', 'at', 'message']],
    },
    receipts_due: {
      key: ['message'],
      columns: { message: 'text', stream: 'text', revision: 'number', at: 'number' },
    },
  },
  fold,
}
