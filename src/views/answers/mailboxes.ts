/** What is in the mailboxes, now or at a time. */
import type { DatabaseSync } from 'node:sqlite'
import type { Mailbox, MailboxMessage } from '../../shapes/mailbox.ts'
import { allRows } from '../database.ts'
import { type MailboxFilter, mailboxFloor, mailboxQuestions, mailboxValues } from './mailbox-questions.ts'
import { isoOf, isoTime } from './pattern.ts'

export type { Mailbox, MailboxFilter, MailboxMessage }

const every = `SELECT mailbox, messages, size, lastFiledAt FROM mailboxes ORDER BY mailbox`
const one = `SELECT mailbox FROM mailboxes WHERE mailbox = :mailbox`
const single = `
  SELECT id, message, mailbox, number, filedAt, "from", sender, subject, size, flags, expungedAt
  FROM mailbox_messages
  WHERE mailbox = :mailbox AND id = :id AND message IS NOT NULL AND expungedAt IS NULL
`
type MailboxRow = { mailbox: string; messages: number; size: number; lastFiledAt: number | null }
type Row = {
  id: string
  message: string
  mailbox: string
  number: number
  filedAt: number
  from: string | null
  sender: string | null
  subject: string | null
  size: number
  flags: string
  expungedAt: number | null
}

export const askMailboxes = (db: DatabaseSync): readonly Mailbox[] =>
  allRows<MailboxRow>(db, every).map((row) => ({ ...row, lastFiledAt: isoOf(row.lastFiledAt) }))

/** `after`: only numbers above. `limit`: of those that fit the newest so many, whatever their numbers. */
export type MailboxAsked = MailboxFilter & { readonly after?: number; readonly limit?: number | undefined }

/** What is in a mailbox, oldest first; null when there is no such mailbox. */
export const askMailbox = (
  db: DatabaseSync,
  mailbox: string,
  { after = 0, limit, ...filter }: MailboxAsked = {},
): readonly MailboxMessage[] | null => {
  if (allRows(db, one, { mailbox }).length === 0) return null
  const { oldest, newest } = mailboxQuestions(filter)
  const asked = mailboxValues(mailbox, filter)
  const rows =
    limit === undefined
      ? allRows<Row>(db, oldest, { ...asked, after })
      : allRows<Row>(db, newest, { ...asked, limit }).toReversed()
  return rows.map(messageOf)
}

const messageOf = ({ expungedAt: _, ...row }: Row): MailboxMessage => ({
  ...row,
  filedAt: isoTime(row.filedAt),
  flags: JSON.parse(row.flags) as string[],
})

/** The newest first, behind an id. */
export type MailboxPage = MailboxFilter & {
  readonly limit: number
  readonly before?: string
  /** Looks through so many rows at most. */
  readonly reach?: number
}
export type MailboxFound = {
  readonly items: readonly MailboxMessage[]
  /** Where the search ended, if it found fewer than it might have; null where it came to its end. Time in milliseconds since 1970. */
  readonly searched: { readonly id: string; readonly at: number } | null
}

type Floor = { id: string; filedAt: number }

/** A page is mostly found among a few times as many rows; only where it is not, the search is a long one. */
const nearby = 4

/** Null when there is no such mailbox. */
export const askMailboxMessages = (
  db: DatabaseSync,
  mailbox: string,
  { limit, before = '~', reach, ...filter }: MailboxPage,
): MailboxFound | null => {
  const question = mailboxQuestions(filter).page
  const values = { ...mailboxValues(mailbox, filter), before, limit }
  const look = (rows: number | undefined) => {
    const [floor] =
      rows === undefined ? [] : allRows<Floor>(db, mailboxFloor, { mailbox, before, reach: rows })
    const found = allRows<Row>(db, question, { ...values, floor: floor?.id ?? '' })
    return { found, floor: found.length < limit ? floor : undefined }
  }
  const near = look(reach === undefined ? undefined : limit * nearby)
  const { found, floor } = near.floor === undefined ? near : look(reach)
  if (found.length === 0 && allRows(db, one, { mailbox }).length === 0) return null
  return {
    items: found.map(messageOf),
    searched: floor === undefined ? null : { id: floor.id, at: floor.filedAt },
  }
}

export const askMailboxMessage = (db: DatabaseSync, mailbox: string, id: string): MailboxMessage | null => {
  const [row] = allRows<Row>(db, single, { mailbox, id })
  return row === undefined ? null : messageOf(row)
}
