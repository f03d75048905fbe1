/**
 * What is in each mailbox? Filing costs no event of its own: `MessageAccepted` says where each recipient's mail goes, and
 * this fold files it. When several recipients of one message have the same mailbox (an alias, a sub-address, a catch-all),
 * it is filed there once.
 *
 * A mailbox message's id is the message's and the mailbox's place among its mailboxes: `01j….1`. Its number within the
 * mailbox (1, 2, 3 ..., in log order, never used twice) is the same after every rebuild.
 */
import type { EventOf } from '../machines/vocabulary/events.ts'
import { foldedBeside } from '../machines/vocabulary/folded.ts'
import { mailboxesOf } from './messages.ts'
import { nothing, type Projection, type RowChange } from './projection.ts'

type MessageAcceptedEvent = EventOf & { type: 'MessageAccepted' }

/** The IMAP keyword that mail programs know (registered by RFC 9051 §2.3.2). */
const junk = '["$Junk"]'
const none = '[]'

type Said = Pick<MessageAcceptedEvent['data'], 'from' | 'subject'>
/** As they are looked for, where that is not what they are. */
const foldedOf = ({ from, subject }: Said) => ({
  fromFolded: foldedBeside(from),
  subjectFolded: foldedBeside(subject),
})

const filed = (mailbox: string, place: number, event: MessageAcceptedEvent): readonly RowChange[] => {
  const { message, size, subject, from, sender, tags = [] } = event.data
  const flags = tags.length > 0 ? junk : none
  const key = [mailbox]
  const id = `${message}.${place}`
  return [
    {
      kind: 'upsert',
      table: 'mailboxes',
      key,
      set: { lastFiledAt: event.at },
      add: { messages: 1, size },
    },
    {
      kind: 'insert',
      table: 'mailbox_messages',
      key: [mailbox, id],
      set: { message, filedAt: event.at, from, subject, ...foldedOf({ from, subject }), sender, size, flags },
      number: { column: 'number', counter: { table: 'mailboxes', key, column: 'lastNumber' } },
    },
    ...standing(mailbox, { id, flags, at: event.at }),
  ]
}

type Standing = { readonly id: string; readonly flags: string; readonly at: number }

/** What stands on it from then on, for a look at an earlier time; nothing stands on what has no such row. */
const stands = (mailbox: string, { id, flags, at }: Standing): RowChange => ({
  ...{ kind: 'insert', table: 'mailbox_flags', key: [mailbox, id, at], set: { flags } },
})
/** Most mail is filed without a flag. */
const standing = (mailbox: string, one: Standing): readonly RowChange[] =>
  one.flags === none ? nothing : [stands(mailbox, one)]

/** An account's name is its mailbox: it is there, and empty, before the first mail comes. */
const opened = (mailbox: string): RowChange => ({ kind: 'upsert', table: 'mailboxes', key: [mailbox] })

type Held = { readonly mailbox: string; readonly id: string; readonly size: number }

/** The row stays: it was there, and a look at an earlier time finds it. */
const gone = ({ mailbox, id, size }: Held, at: number): readonly RowChange[] => [
  { kind: 'upsert', table: 'mailbox_messages', key: [mailbox, id], set: { expungedAt: at } },
  { kind: 'upsert', table: 'mailboxes', key: [mailbox], add: { messages: -1, size: -size } },
]

const moved = ({ at, data }: EventOf & { type: 'MessageMoved' }): readonly RowChange[] => {
  const { to, as, message, from, sender = null, subject, size, flags } = data
  const key = [to]
  const after = JSON.stringify(flags)
  return [
    ...gone(data, at),
    { kind: 'upsert', table: 'mailboxes', key, set: { lastFiledAt: at }, add: { messages: 1, size } },
    {
      kind: 'insert',
      table: 'mailbox_messages',
      key: [to, as],
      set: {
        message,
        filedAt: at,
        from,
        subject,
        ...foldedOf({ from, subject }),
        sender,
        size,
        flags: after,
        moved: 1,
      },
      number: { column: 'number', counter: { table: 'mailboxes', key, column: 'lastNumber' } },
    },
    ...standing(to, { id: as, flags: after, at }),
  ]
}

const flagged = ({ at, data }: EventOf & { type: 'MessageFlagged' }): readonly RowChange[] => {
  const { mailbox, id } = data
  const flags = JSON.stringify(data.flags)
  return [
    { kind: 'upsert', table: 'mailbox_messages', key: [mailbox, id], set: { flags } },
    stands(mailbox, { id, flags, at }),
  ]
}

const fold = (event: EventOf): readonly RowChange[] => {
  if (event.type === 'AccountAdded') return [opened(event.data.account)]
  if (event.type === 'MessageFlagged') return flagged(event)
  if (event.type === 'MessageExpunged') return gone(event.data, event.at)
  if (event.type === 'MessageMoved') return moved(event)
  if (event.type !== 'MessageAccepted') return nothing
  const mailboxes = mailboxesOf(event.data)
  if (mailboxes.length === 1) return filed(mailboxes[0]!, 1, event)
  return mailboxes.flatMap((mailbox, at) => filed(mailbox, at + 1, event))
}

export const mailboxes: Projection = {
  name: 'mailboxes',
  version: 6,
  tables: {
    mailboxes: {
      key: ['mailbox'],
      columns: {
        mailbox: 'text',
        messages: 'count',
        size: 'count',
        lastNumber: 'count',
        lastFiledAt: 'number',
      },
    },
    mailbox_messages: {
      // Rows of a mailbox lie together, in the order they were filed: ids sort by time. No index is needed beside it.
      key: ['mailbox', 'id'],
      columns: {
        mailbox: 'text',
        id: 'text',
        message: 'text',
        number: 'number',
        filedAt: 'number',
        from: 'text',
        /** Of the envelope: who it is from where it does not say. */
        sender: 'text',
        subject: 'text',
        fromFolded: 'text',
        subjectFolded: 'text',
        size: 'number',
        flags: 'text',
        /** Null while it is there. */
        expungedAt: 'number',
        /** 1 where it came from another mailbox: it was not accepted for this one. */
        moved: 'count',
      },
    },
    mailbox_flags: {
      key: ['mailbox', 'id', 'at'],
      columns: { mailbox: 'text', id: 'text', at: 'number', flags: 'text' },
    },
  },
  fold,
}
