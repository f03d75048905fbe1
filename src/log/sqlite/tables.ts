/**
 * The file `log.sqlite`: its tables, its settings, and the sums that prove a row is what was written.
 *
 * `records` has one row for each append: the events of one stream that were committed together, as a JSON array of
 * `[kind, id, at, data, meta?]`. A stream's rows are a chain: `streams.head` is the position of its last row, `previous`
 * that of the row before. `kinds` holds what many events have in common, `[type, version, meta]`. What was forgotten is a row of
 * stream 0, see `forgetter.ts`.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { LogUnavailable } from '../port.ts'

export const logFile = (directory: string): string => join(directory, 'log.sqlite')

/** `PRAGMA user_version`: bumped when the tables below change. */
const layout = 2

const tables = `
  CREATE TABLE IF NOT EXISTS streams (key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, head INTEGER NOT NULL, sum INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS kinds (kind INTEGER PRIMARY KEY, sum INTEGER NOT NULL, json TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS records (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    previous INTEGER NOT NULL,
    count INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    body TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS contents (id TEXT PRIMARY KEY, bytes BLOB NOT NULL);
  PRAGMA user_version = ${layout};
`

/** A page of 16 KiB holds a small mail; checkpoints are another thread's work, see `checkpoints.ts`. */
const writerSettings = `
  PRAGMA page_size = 16384;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA wal_autocheckpoint = 0;
  PRAGMA cache_size = -32768;
`

/** The stream of rows where something was forgotten; no stream of anybody's can be called so. */
export const holeStream = { key: 0, name: '' } as const

export type OpenOptions = {
  readonly directory: string
  /** How long SQLite waits for another process's lock, in milliseconds. */
  readonly lockTimeout: number
}

/** Opens the log for writing, makes it where it is missing. */
export const openForWriting = ({ directory, lockTimeout }: OpenOptions): DatabaseSync => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const database = new DatabaseSync(logFile(directory), { timeout: lockTimeout })
  try {
    database.exec(writerSettings)
    checkLayout(database)
    // All or none: who reads after a crash finds a log, or a file without one.
    database.exec(`BEGIN IMMEDIATE; ${tables} COMMIT`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Whether there is a log. A process that ended while it made one leaves a file in which nothing is. */
export const isMade = (directory: string): boolean => {
  if (!existsSync(logFile(directory))) return false
  try {
    const database = new DatabaseSync(logFile(directory), { readOnly: true })
    try {
      return layoutOf(database) > 0
    } finally {
      database.close()
    }
  } catch {
    // What is wrong with it is said when it is opened.
    return true
  }
}

/** Opens the log for reading. @throws LogUnavailable where there is none. */
export const openForReading = ({ directory, lockTimeout }: OpenOptions): DatabaseSync => {
  const database = openExisting(logFile(directory), lockTimeout)
  try {
    checkLayout(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

const openExisting = (path: string, timeout: number): DatabaseSync => {
  try {
    return new DatabaseSync(path, { readOnly: true, timeout })
  } catch (error) {
    throw new LogUnavailable(`cannot read ${path}: is this a data directory?`, { cause: error })
  }
}

const layoutOf = (database: DatabaseSync): number =>
  Number(database.prepare('PRAGMA user_version').get()?.user_version)

const checkLayout = (database: DatabaseSync): void => {
  const found = layoutOf(database)
  if (found > layout)
    throw new LogUnavailable(
      `the log was written by a later release (layout ${found}, this one knows ${layout})`,
    )
  // 0: a file without tables yet.
  if (found > 0 && found < layout)
    throw new LogUnavailable(
      `the log was written before the first release (layout ${found}, this one knows ${layout}): start with an empty data directory`,
    )
}

/**
 * The rows of a chain, from the last one back to the first, or to the one that holds the revision asked for. An index on
 * (stream, revision) would do for reading; but with many streams growing at once each append lands on another of its pages.
 * Parameters: position of the last row, stream's key, revision.
 */
export const chain = `
  WITH RECURSIVE chain (position, revision, previous) AS (
    SELECT position, revision, previous FROM records WHERE position = ?1 AND stream = ?2
    UNION ALL
    SELECT r.position, r.revision, r.previous FROM chain c CROSS JOIN records r
    WHERE c.revision > ?3 AND r.position = c.previous AND r.stream = ?2
  )
`

/** The sum of a row covers its place too: its stream's name, its position, its revision. */
export const recordSum = (stream: string, position: number, revision: number, body: Uint8Array): number =>
  crc32(body, crc32(stream, (position * 31 + revision) >>> 0))
export const headSum = (stream: string, key: number, head: number): number =>
  crc32(stream, (head * 31 + key) >>> 0)
export const kindSum = (kind: number, json: string): number => crc32(json, kind)

/** The first name after all names that start with `prefix`. */
export const endOfPrefix = (prefix: string): string => `${prefix}\u{10FFFF}`
