/**
 * The file `bodies.sqlite`: small bodies that arrive together are written together, with one sync for all of them. A file each
 * would cost a mail two syncs and a dozen calls of the system.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isDamage, isFull, messageOf } from '../../log/sqlite/faults.ts'
import { ContentFull, ContentUnavailable } from '../port.ts'

/** `PRAGMA user_version`: bumped when the tables change. */
const layout = 1

/** `number` ascends in the order of writing. `swept.upto`: up to there, each body was found to have its event. */
const tables = `
  CREATE TABLE IF NOT EXISTS bodies (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, bytes BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS swept (upto INTEGER NOT NULL);
  PRAGMA user_version = ${layout};
`
/** A page of 16 KiB holds a small mail; 32 MiB wait in the write-ahead log before they are copied. */
const settings = `
  PRAGMA page_size = 16384;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA wal_autocheckpoint = 2048;
`
/** How long SQLite waits for another process, or another thread; milliseconds. */
const lockTimeout = 5000

/** Makes the file where it is missing. @throws ContentUnavailable for one of a later release; what SQLite throws */
export const openForWriting = (path: string): DatabaseSync => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const database = new DatabaseSync(path, { timeout: lockTimeout })
  try {
    database.exec(settings)
    checkLayout(database, path)
    database.exec(tables)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Null where there is no such file, or nothing in it yet. */
export const openForReading = (path: string): DatabaseSync | null => {
  if (!existsSync(path)) return null
  const database = new DatabaseSync(path, { readOnly: true, timeout: lockTimeout })
  try {
    if (checkLayout(database, path) > 0) return database
  } catch (error) {
    database.close()
    throw error
  }
  database.close()
  return null
}

const checkLayout = (database: DatabaseSync, path: string): number => {
  const found = Number(database.prepare('PRAGMA user_version').get()?.user_version)
  if (found > layout)
    throw new ContentUnavailable(
      `${path} was written by a later release (layout ${found}, this one knows ${layout})`,
    )
  return found
}

/** All of it, with one sync, or nothing. */
export const inTransaction = <Result>(database: DatabaseSync, work: () => Result): Result => {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    // A failed COMMIT may have rolled back already.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** What went wrong, in the words of content. */
export const faultOf = (error: unknown, path: string): ContentFull | ContentUnavailable => {
  if (error instanceof ContentUnavailable) return error
  if (isFull(error)) return new ContentFull('no room for message content', { cause: error })
  const how = isDamage(error) ? 'is damaged' : 'cannot be used'
  return new ContentUnavailable(`${path} ${how}: ${messageOf(error)}`, { cause: error })
}
