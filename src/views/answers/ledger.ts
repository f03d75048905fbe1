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
  /**
   * Mailboxes named for a message in which it is not, or in which it is without having been named; next hops named for it to
   * which neither a delivery goes nor one is to be queued.
   */
  readonly unaccounted: number
}

const promised = `
  SELECT count(*) AS messages, coalesce(sum(mailboxes), 0) AS mailboxes, coalesce(sum(waiting), 0) AS waiting
  FROM messages
`
const settled = `
  SELECT count(*) AS settled FROM delivery_recipients AS r JOIN deliveries AS d ON d.id = r.delivery
  WHERE d.finishedAt IS NOT NULL OR r.status IN ('delivered', 'failed')
`
const undelivered = `
  SELECT coalesce(sum(abs(m.hops - coalesce(d.sent, 0) - coalesce(u.owed, 0))), 0) AS undelivered
  FROM messages AS m
  LEFT JOIN (SELECT message, count(*) AS sent FROM deliveries GROUP BY message) AS d ON d.message = m.id
  LEFT JOIN (SELECT message, count(*) AS owed FROM unrouted GROUP BY message) AS u ON u.message = m.id
`
const filed = `SELECT count(*) AS filed FROM mailbox_messages WHERE message IS NOT NULL AND moved = 0`
const missing = `
  SELECT coalesce(sum(abs(m.mailboxes - coalesce(f.filed, 0))), 0) AS unaccounted
  FROM messages AS m
  LEFT JOIN (SELECT message, count(*) AS filed FROM mailbox_messages WHERE moved = 0 GROUP BY message) AS f ON f.message = m.id
`
const strangers = `
  SELECT count(*) AS strangers FROM mailbox_messages AS f
  WHERE f.message IS NOT NULL AND NOT EXISTS (SELECT 1 FROM messages WHERE id = f.message)
`

export const askLedger = (db: DatabaseSync): Ledger => {
  const [accepted] = allRows<{ messages: number; mailboxes: number; waiting: number }>(db, promised)
  const number = (question: string, column: string): number =>
    Number(allRows<Record<string, number>>(db, question)[0]?.[column])
  return {
    messages: accepted!.messages,
    filed: number(filed, 'filed'),
    waiting: Math.max(0, accepted!.waiting - number(settled, 'settled')),
    unaccounted:
      number(missing, 'unaccounted') + number(strangers, 'strangers') + number(undelivered, 'undelivered'),
  }
}
