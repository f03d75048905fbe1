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
  /**
   * Where one looks for what filters choose: the place of the row of any kind that comes `:reach` rows behind `:beforeAt`, `:beforeId`; one for each
   * index that is gone along. Where there is none, all is looked through. `page` then ends at `:floorAt`, `:floorId`.
   */
  readonly floors?: readonly string[]
}

/** A place between two rows; what is accepted meanwhile comes before it, so that pages never shift. */
export type Place = {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly id: string
}
/** A place, and how far behind it one looks for rows that filters choose. */
export type Behind = Place & {
  readonly reach?: {
    /** So many that may or may not be chosen. */
    readonly rows: number
    /** Told where the search ended, if that was before its end. */
    readonly ended: (at: Place) => void
  }
}
/** Before the newest row. */
export const atTheTop: Place = { at: 9e15, id: '~' }

/** Behind the oldest row. */
const bottom: Place = { at: -1, id: '' }

const isBehind = (one: Place, other: Place): boolean =>
  one.at < other.at || (one.at === other.at && one.id < other.id)

type Behinds = {
  readonly filter: Record<string, SQLInputValue>
  readonly limit: number
  readonly before: Behind
}

/** Where a search of so many rows ends; of two ways where the first of them ends, since up to there both have been gone. */
const floorOf = (
  db: DatabaseSync,
  { floors = [] }: Paged,
  { filter, before, reach }: Omit<Behinds, 'limit'> & { readonly reach: number },
): Place => {
  const asked = {
    beforeAt: before.at,
    beforeId: before.id,
    since: filter.since ?? null,
    until: filter.until ?? null,
    reach,
  }
  return floors
    .flatMap((sql) =>
      allRows<Place>(db, sql, { ...asked, ...(sql.includes(':lead') && { lead: filter.lead ?? null }) }),
    )
    .reduce((floor, found) => (isBehind(floor, found) ? found : floor), bottom)
}

const rowsTo = <Row extends Record<string, SQLOutputValue>>(
  db: DatabaseSync,
  { page }: Paged,
  { filter, limit, before, floor }: Behinds & { readonly floor: Place },
): readonly Row[] => {
  const bounds = page.includes(':floorAt') ? { floorAt: floor.at, floorId: floor.id } : null
  return allRows<Row>(db, page, { ...filter, ...bounds, beforeAt: before.at, beforeId: before.id, limit })
}

/** A page is mostly found among a few times as many rows; only where it is not, the search is a long one. */
const nearby = 4

const behind = <Row extends Record<string, SQLOutputValue>>(
  db: DatabaseSync,
  paged: Paged,
  asked: Behinds,
): readonly Row[] => {
  const { limit, before } = asked
  const { reach } = before
  if (reach === undefined) return rowsTo(db, paged, { ...asked, floor: bottom })
  const look = (rows: number) => {
    const floor = floorOf(db, paged, { ...asked, reach: rows })
    const found = rowsTo<Row>(db, paged, { ...asked, floor })
    return { found, floor, isWhole: found.length >= limit || floor === bottom }
  }
  const near = look(limit * nearby)
  const { found, floor, isWhole } = near.isWhole ? near : look(reach.rows)
  if (!isWhole) reach.ended(floor)
  return found
}

/**
 * Pages of rows by ascending id. With a limit, the newest so many; without, everything. With a place and a limit the so many
 * that come behind it, the newest first.
 */
export function* pagesOf<Row extends Record<string, SQLOutputValue> & { readonly id: string }>(
  db: DatabaseSync,
  paged: Paged,
  {
    filter,
    limit,
    before,
  }: { filter: Record<string, SQLInputValue>; limit: number | undefined; before?: Behind | undefined },
): Generator<readonly Row[]> {
  if (before !== undefined) {
    yield behind<Row>(db, paged, { filter, limit: limit ?? pageSize, before })
    return
  }
  if (limit !== undefined) {
    yield allRows<Row>(db, paged.newest, { ...filter, after: '', limit }).toReversed()
    return
  }
  for (let after = ''; ; ) {
    const page = allRows<Row>(db, paged.oldest, { ...filter, after, limit: pageSize })
    if (page.length === 0) return
    yield page
    after = page.at(-1)!.id
  }
}
