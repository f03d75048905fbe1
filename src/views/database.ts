/**
 * `views.sqlite`: the rows of all views, and beside them how far each view has come. Everything in it can be thrown away
 * and computed again from the log, so a damaged file is deleted, not repaired.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite'

export const viewsFile = (directory: string): string => join(directory, 'views.sqlite')

/** Bumped when the tables below change; a file of another layout is made anew. */
const layout = 2

/**
 * `views`: one row for each generation of a view: `live` is what readers see, `next` is being built beside it.
 * `requests`: rebuilds somebody asked for, taken up by whoever runs the views.
 * `origin`: which log the rows come from: its first event, and the last one folded.
 */
export const bookkeeping = `
  CREATE TABLE IF NOT EXISTS views (
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    version INTEGER NOT NULL,
    role TEXT NOT NULL,
    position INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    errorPosition INTEGER,
    PRIMARY KEY (name, generation)
  );
  CREATE TABLE IF NOT EXISTS requests (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS origin (
    place TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    id TEXT NOT NULL,
    stream TEXT NOT NULL,
    revision INTEGER NOT NULL
  );
`

/**
 * Commits are not synced one by one (`NORMAL`): after a power cut the newest may be missing, rows and positions alike, and
 * are folded again.
 */
const settings = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA journal_size_limit = 67108864;
  PRAGMA cache_size = -32768;
  PRAGMA temp_store = MEMORY;
`

/** SQLite's result codes for a file that is not, or no longer, a database. */
const corrupt = 11
const notADatabase = 26

/** Whether this error says that the file itself is damaged. */
export const isDamage = (error: unknown): boolean => {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return false
  const code = error.errcode & 0xff
  return code === corrupt || code === notADatabase
}

/** Deletes the file and what SQLite keeps beside it. */
export const deleteViews = (directory: string): void => {
  for (const suffix of ['', '-wal', '-shm']) rmSync(viewsFile(directory) + suffix, { force: true })
}

const prepared = (directory: string): DatabaseSync => {
  const db = new DatabaseSync(viewsFile(directory), { timeout: 10_000 })
  try {
    db.exec(settings)
    const { user_version: found } = db.prepare('PRAGMA user_version').get() as { user_version: number }
    if (found !== 0 && found !== layout) throw new OtherLayout(`views.sqlite has layout ${found}`)
    db.exec(bookkeeping)
    if (found === 0) db.exec(`PRAGMA user_version = ${layout}`)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

class OtherLayout extends Error {}

/**
 * Opens the file for writing, making it if it is not there. One that is damaged, or of another layout, is deleted first,
 * and `notice` gets a line that says so.
 */
export const openDatabase = (directory: string, notice: (line: string) => void): DatabaseSync => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  try {
    return prepared(directory)
  } catch (error) {
    if (!isDamage(error) && !(error instanceof OtherLayout)) throw error
    notice(
      `views.sqlite cannot be used (${(error as Error).message}); it is deleted and built again from the log`,
    )
    deleteViews(directory)
    return prepared(directory)
  }
}

/** Runs `work` in one transaction that writes, or leaves nothing behind. */
export const inTransaction = <Result>(db: DatabaseSync, work: () => Result): Result => {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/** The rows of a question, in the shape its columns have. */
export const allRows = <Row extends Record<string, SQLOutputValue>>(
  db: DatabaseSync,
  question: string,
  values: Record<string, SQLInputValue> = {},
): readonly Row[] => db.prepare(question).all(values) as Row[]
