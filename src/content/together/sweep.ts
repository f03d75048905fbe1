/**
 * Bodies in `bodies.sqlite` that no event names, after a crash. Those that came since the opening before are suspected; up to where
 * they were looked at is kept in the file itself.
 */
import type { DatabaseSync } from 'node:sqlite'
import { inTransaction, openForReading, openForWriting } from './file.ts'

const selectSuspects =
  'SELECT number, id FROM bodies WHERE number > (SELECT coalesce(max(upto), 0) FROM swept) ORDER BY number'
const selectLast = 'SELECT coalesce(max(number), 0) AS last FROM bodies WHERE number <= ?'
const removeOne = 'DELETE FROM bodies WHERE number = ?'
const forget = 'DELETE FROM swept'
const remember = 'INSERT INTO swept (upto) VALUES (?)'

/** Numbers by id. */
export type Suspects = ReadonlyMap<string, number>

/** To be asked before anything new can be among them. */
export const suspectsIn = (path: string): Suspects => {
  const database = openForReading(path)
  try {
    const rows = database?.prepare(selectSuspects).all() ?? []
    return new Map(rows.map(({ id, number }) => [String(id), Number(number)]))
  } finally {
    database?.close()
  }
}

/** Removes the untold ones; all other suspects are none any more. */
export const settleSuspects = (path: string, suspects: Suspects, untold: readonly number[]): void => {
  if (suspects.size === 0) return
  const database = openForWriting(path)
  try {
    inTransaction(database, () => {
      const statement = database.prepare(removeOne)
      for (const number of untold) statement.run(number)
      const last = lastUpTo(database, [...suspects.values()].at(-1)!)
      database.prepare(forget).run()
      database.prepare(remember).run(last)
    })
  } finally {
    database.close()
  }
}

/** A number that is free again will be given again: it must be suspected then. */
const lastUpTo = (database: DatabaseSync, number: number): number =>
  Number(database.prepare(selectLast).get(number)?.last)
