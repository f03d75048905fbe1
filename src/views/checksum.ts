/** What a view's rows add up to, so that a view built anew can be held against the one it replaces. */
import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { Projection } from '../../projections/projection.ts'
import { selectRows } from './tables.ts'

export type Checksum = {
  /** SHA-256 in hex over all rows of all tables, in key order. */
  readonly checksum: string
  readonly rows: number
}

/** Of the rows readers see. Reads the whole view. */
export const checksumOf = (db: DatabaseSync, { tables }: Projection): Checksum => {
  const hash = createHash('sha256')
  let rows = 0
  for (const [table, schema] of Object.entries(tables)) {
    hash.update(`${table}\n`)
    for (const row of db.prepare(selectRows(table, schema)).iterate()) {
      hash.update(`${JSON.stringify(Object.values(row))}\n`)
      rows++
    }
  }
  return { checksum: hash.digest('hex'), rows }
}
