/** Long answers a page at a time: no read transaction stays open while somebody looks at the rows. */
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite'
import { allRows } from '../database.ts'

const pageSize = 1_000

export type Paged = {
  /** Rows with an id after `:after`, ids ascending, `:limit` of them. */
  readonly oldest: string
  /** The same rows, ids descending, `:limit` of them; `:after` is the empty text. */
  readonly newest: string
  /** The same rows, by time and id, both descending: those that come behind `:beforeAt`, `:beforeId`, `:limit` of them. */
  readonly page: string
}

/** A place between two rows; what is accepted meanwhile comes before it, so that pages never shift. */
export type Place = {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly id: string
}
/** Before the newest row. */
export const atTheTop: Place = { at: 9e15, id: '~' }

/**
 * Pages of rows by ascending id. With a limit, the newest so many; without, everything. With a place and a limit the so many
 * that come behind it, the newest first.
 */
export function* pagesOf<Row extends Record<string, SQLOutputValue> & { readonly id: string }>(
  db: DatabaseSync,
  { oldest, newest, page: behind }: Paged,
  {
    filter,
    limit,
    before,
  }: { filter: Record<string, SQLInputValue>; limit: number | undefined; before?: Place | undefined },
): Generator<readonly Row[]> {
  if (before !== undefined) {
    const asked = { ...filter, beforeAt: before.at, beforeId: before.id, limit: limit ?? pageSize }
    yield allRows<Row>(db, behind, asked)
    return
  }
  if (limit !== undefined) {
    yield allRows<Row>(db, newest, { ...filter, after: '', limit }).toReversed()
    return
  }
  for (let after = ''; ; ) {
    const page = allRows<Row>(db, oldest, { ...filter, after, limit: pageSize })
    if (page.length === 0) return
    yield page
    after = page.at(-1)!.id
  }
}
