/** What is in the mailboxes, now or at a time. */
import type { DatabaseSync } from 'node:sqlite'
import type { Mailbox, MailboxMessage } from '../../shapes/mailbox.ts'
import { allRows } from '../database.ts'
import { type MailboxFilter, mailboxQuestions, mailboxValues } from './mailbox-questions.ts'
import { isoOf, isoTime } from './pattern.ts'

export type { Mailbox, MailboxFilter, MailboxMessage }

const every = `SELECT mailbox, messages, size, lastFiledAt FROM mailboxes ORDER BY mailbox`
const one = `SELECT mailbox FROM mailboxes WHERE mailbox = :mailbox`
const single = `
  SELECT id, message, mailbox, number, filedAt, "from", subject, size, flags, expungedAt
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
}

/** Null when there is no such mailbox. */
export const askMailboxMessages = (
  db: DatabaseSync,
  mailbox: string,
  { limit, before = '~', ...filter }: MailboxPage,
): readonly MailboxMessage[] | null => {
  const { page } = mailboxQuestions(filter)
  const rows = allRows<Row>(db, page, { ...mailboxValues(mailbox, filter), before, limit })
  if (rows.length === 0 && allRows(db, one, { mailbox }).length === 0) return null
  return rows.map(messageOf)
}

export const askMailboxMessage = (db: DatabaseSync, mailbox: string, id: string): MailboxMessage | null => {
  const [row] = allRows<Row>(db, single, { mailbox, id })
  return row === undefined ? null : messageOf(row)
}
