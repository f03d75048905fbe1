/** A view, opened to be held against the log. */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { viewsFile } from '../views/database.ts'
import { registered } from '../views/register.ts'

export type Opened = {
  /** Up to which the view has folded the log. */
  readonly position: number
  /** Questions asked within `ask` are answered from one moment. A transaction for each costs more than its answer. */
  readonly atOnce: (ask: () => void) => void
  close(): void
}

const atOnce =
  (database: DatabaseSync) =>
  <Answer>(ask: () => Answer): Answer => {
    database.exec('BEGIN')
    try {
      return ask()
    } finally {
      database.exec('COMMIT')
    }
  }

/** Null where the view is not there. What `read` finds is of the same moment as the position. */
export const openBooks = <Books>(
  directory: string,
  view: string,
  read: (database: DatabaseSync) => Books,
): (Books & Opened) | null => {
  if (!existsSync(viewsFile(directory))) return null
  const database = new DatabaseSync(viewsFile(directory), { readOnly: true, timeout: 10_000 })
  const together = atOnce(database)
  const found = together(() => {
    const live = registered(database).find(({ name, role }) => name === view && role === 'live')
    return live === undefined ? null : { ...read(database), position: live.position }
  })
  if (found !== null) return { ...found, atOnce: together, close: () => database.close() }
  database.close()
  return null
}
