/** Long answers a page at a time: no read transaction stays open while somebody looks at the rows. */
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite'
import { allRows } from '../database.ts'

const pageSize = 1_000

export type Paged = {
  /** Rows with an id after `:after`, ids ascending, `:limit` of them. */
  readonly oldest: string
  /** The same rows, ids descending, `:limit` of them; `:after` is the empty text. */
  readonly newest: string
}

/**
 * Pages of rows by ascending id. With a limit, the newest so many; without, everything.
 */
export function* pagesOf<Row extends Record<string, SQLOutputValue> & { readonly id: string }>(
  db: DatabaseSync,
  { oldest, newest }: Paged,
  { filter, limit }: { filter: Record<string, SQLInputValue>; limit: number | undefined },
): Generator<readonly Row[]> {
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
