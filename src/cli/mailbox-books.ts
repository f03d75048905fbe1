/** What the view of mailboxes holds, for holding it against the log. */
import type { MailboxBooks } from '../history/ledger.ts'
import { type Opened, openBooks } from './books.ts'

// A mailbox message's id is the message's, a dot, and a number; '/' is the character after '.'. Asked with the mailbox,
// which comes first in the key: one look into a tree, not a walk through the table for each message.
const filedThere = `
  SELECT 1 FROM mailbox_messages WHERE mailbox = ?1 AND id >= ?2 || '.' AND id < ?2 || '/' AND moved = 0
`
const countFiled = `SELECT count(*) AS filed FROM mailbox_messages WHERE message IS NOT NULL AND moved = 0`

export type OpenBooks = MailboxBooks & Opened

/** Null where the view is not there. The position and the number of rows are of one moment. */
export const openMailboxBooks = (directory: string): OpenBooks | null =>
  openBooks(directory, 'mailboxes', (database) => {
    const select = database.prepare(filedThere)
    return {
      filed: Number(database.prepare(countFiled).get()?.filed),
      has: (message: string, mailbox: string) => select.get(mailbox, message) !== undefined,
    }
  })
