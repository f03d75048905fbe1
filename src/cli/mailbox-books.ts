/** What the view of mailboxes holds, for holding it against the log. */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { MailboxBooks } from '../history/ledger.ts'
import { viewsFile } from '../views/database.ts'
import { registered } from '../views/register.ts'

// A mailbox message's id is the message's, a dot, and a number; '/' is the character after '.'. Asked with the mailbox,
// which comes first in the key: one look into a tree, not a walk through the table for each message.
const filedThere = `
  SELECT 1 FROM mailbox_messages WHERE mailbox = ?1 AND id >= ?2 || '.' AND id < ?2 || '/'
`
const countFiled = `SELECT count(*) AS filed FROM mailbox_messages`

export type OpenBooks = MailboxBooks & { close(): void }

/** Null where the view is not there or has stopped. The position and the number of rows are of one moment. */
export const openMailboxBooks = (directory: string): OpenBooks | null => {
  if (!existsSync(viewsFile(directory))) return null
  const database = new DatabaseSync(viewsFile(directory), { readOnly: true, timeout: 10_000 })
  database.exec('BEGIN')
  const live = registered(database).find(({ name, role }) => name === 'mailboxes' && role === 'live')
  if (live === undefined) {
    database.close()
    return null
  }
  const filed = Number(database.prepare(countFiled).get()?.filed)
  database.exec('COMMIT')
  const select = database.prepare(filedThere)
  return {
    position: live.position,
    filed,
    has: (message, mailbox) => select.get(mailbox, message) !== undefined,
    // A transaction for each question costs more than its answer.
    atOnce: (ask) => {
      database.exec('BEGIN')
      try {
        ask()
      } finally {
        database.exec('COMMIT')
      }
    },
    close: () => database.close(),
  }
}
