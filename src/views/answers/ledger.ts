/**
 * The ledger: every accepted recipient is somewhere. What `MessageAccepted` promised is counted in one view, what was filed in
 * another; the difference must be nothing.
 */
import type { DatabaseSync } from 'node:sqlite'
import { allRows } from '../database.ts'

export type Ledger = {
  readonly messages: number
  readonly filed: number
  /** Recipients whose mail waits for delivery to another host. */
  readonly waiting: number
  /** Mailboxes named for a message in which it is not, or in which it is without having been named. */
  readonly unaccounted: number
}

const promised = `
  SELECT count(*) AS messages, coalesce(sum(mailboxes), 0) AS mailboxes, coalesce(sum(waiting), 0) AS waiting
  FROM messages
`
const filed = `SELECT count(*) AS filed FROM mailbox_messages`
const missing = `
  SELECT coalesce(sum(abs(m.mailboxes - coalesce(f.filed, 0))), 0) AS unaccounted
  FROM messages AS m
  LEFT JOIN (SELECT message, count(*) AS filed FROM mailbox_messages GROUP BY message) AS f ON f.message = m.id
`
const strangers = `
  SELECT count(*) AS strangers FROM mailbox_messages AS f
  WHERE NOT EXISTS (SELECT 1 FROM messages WHERE id = f.message)
`

export const askLedger = (db: DatabaseSync): Ledger => {
  const [accepted] = allRows<{ messages: number; mailboxes: number; waiting: number }>(db, promised)
  const number = (question: string, column: string): number =>
    Number(allRows<Record<string, number>>(db, question)[0]?.[column])
  return {
    messages: accepted!.messages,
    filed: number(filed, 'filed'),
    waiting: accepted!.waiting,
    unaccounted: number(missing, 'unaccounted') + number(strangers, 'strangers'),
  }
}
