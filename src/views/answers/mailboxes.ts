/** What is in the mailboxes, now or at a time. */
import type { DatabaseSync } from 'node:sqlite'
import type { Mailbox, MailboxMessage } from '../../shapes/mailbox.ts'
import { allRows } from '../database.ts'
import { isoOf, isoTime } from './pattern.ts'

export type { Mailbox, MailboxMessage }

const every = `SELECT mailbox, messages, size, lastFiledAt FROM mailboxes ORDER BY mailbox`
const one = `SELECT mailbox FROM mailboxes WHERE mailbox = :mailbox`
/** What was there at a time, or is there now. */
const there = `message IS NOT NULL AND (:asOf IS NULL OR filedAt <= :asOf)
    AND (expungedAt IS NULL OR expungedAt > :asOf)`
const filed = `
  SELECT id, message, mailbox, number, filedAt, "from", subject, size, flags
  FROM mailbox_messages
  WHERE mailbox = :mailbox AND number > :after AND ${there}
  ORDER BY number
`
/** Ids sort by time, and rows of a mailbox lie in the order of their ids. */
const page = `
  SELECT id, message, mailbox, number, filedAt, "from", subject, size, flags
  FROM mailbox_messages
  WHERE mailbox = :mailbox AND id < :before AND ${there}
  ORDER BY id DESC LIMIT :limit
`
const single = `
  SELECT id, message, mailbox, number, filedAt, "from", subject, size, flags
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
}

export const askMailboxes = (db: DatabaseSync): readonly Mailbox[] =>
  allRows<MailboxRow>(db, every).map((row) => ({ ...row, lastFiledAt: isoOf(row.lastFiledAt) }))

/**
 * What is in a mailbox, oldest first; null when there is no such mailbox. `asOf`, milliseconds since 1970: only what had
 * been filed by then. `after`: only numbers above.
 */
export const askMailbox = (
  db: DatabaseSync,
  mailbox: string,
  { asOf, after = 0 }: { readonly asOf?: number | undefined; readonly after?: number } = {},
): readonly MailboxMessage[] | null => {
  if (allRows(db, one, { mailbox }).length === 0) return null
  return allRows<Row>(db, filed, { mailbox, after, asOf: asOf ?? null }).map(messageOf)
}

const messageOf = (row: Row): MailboxMessage => ({
  ...row,
  filedAt: isoTime(row.filedAt),
  flags: JSON.parse(row.flags) as string[],
})

/** The newest first, behind an id. `asOf` in milliseconds since 1970. */
export type MailboxPage = {
  readonly limit: number
  readonly before?: string
  readonly asOf?: number | undefined
}

/** Null when there is no such mailbox. */
export const askMailboxMessages = (
  db: DatabaseSync,
  mailbox: string,
  { limit, before = '~', asOf }: MailboxPage,
): readonly MailboxMessage[] | null => {
  const rows = allRows<Row>(db, page, { mailbox, before, limit, asOf: asOf ?? null })
  if (rows.length === 0 && allRows(db, one, { mailbox }).length === 0) return null
  return rows.map(messageOf)
}

export const askMailboxMessage = (db: DatabaseSync, mailbox: string, id: string): MailboxMessage | null => {
  const [row] = allRows<Row>(db, single, { mailbox, id })
  return row === undefined ? null : messageOf(row)
}
