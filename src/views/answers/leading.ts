/**
 * Questions that find rows by an index, whatever was asked: the filter that finds fewest leads, and the others choose among what
 * it finds. Without that a page of fifty among a million would be looked for in all of them.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { allRows } from '../database.ts'
import type { Paged } from './pages.ts'

/** What is asked of every list. Times in milliseconds since 1970. */
type Asked = {
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly limit?: number | undefined
  /** What is this account's, and nothing else. */
  readonly account?: string | undefined
}

/** Rows of `from`, each with its `id` and its time `at` (columns of it), of which `chosen` (SQL that begins with AND) lets some pass. */
export type Rows = {
  readonly select: string
  readonly from: string
  readonly id: string
  readonly at: string
  readonly chosen: string
  /** The same row may stand in it several times. */
  readonly repeats?: boolean
}

/** One index, and what it finds of `:lead`. */
export type Way = Paged & {
  /** The rows that count for how much it finds. */
  readonly found: string
}

/** Another table that names rows: `id` is the row's, `where` is about `:lead`. */
export type Beside = { readonly from: string; readonly id: string; readonly where: string }

/**
 * A table, or an index, that has the time, the id of the row it stands for, and beside them what is looked for: rows of it are gone through from the newest
 * back, and only what `where` lets pass is looked up.
 */
export type Beaten = {
  readonly table: string
  readonly at: string
  readonly id: string
  readonly where: string
  /** The part of it that is gone through, where that is not all. */
  readonly part?: string
  /** It may stand several times for the same row. */
  readonly repeats?: boolean
  /** It lies in the order of these ids as well. */
  readonly isById?: boolean
}

export type WaysOf = {
  /** In the order of their ids. */
  readonly everything: Paged
  /** By a column whose index goes on with the time. */
  readonly column: (name: string) => Way
  readonly beside: (table: Beside) => Way
  readonly time: Way
  /** What all are looked through by for a page. */
  readonly along: (beaten: Beaten) => Walk
}

/** How one looks through all for what no index leads to. */
export type Walk = Omit<Paged, 'oldest'> & Partial<Pick<Paged, 'oldest'>>

const last = (column: string): string => column.slice(column.indexOf('.') + 1)

/** SQL of a time and an id. */
type Pair = readonly [at: string, id: string]
/** One of them, chosen once and not row by row. */
const either = (condition: string, one: Pair, other: Pair): string =>
  `(${one.map((part, place) => `CASE WHEN ${condition} THEN ${part} ELSE ${other[place]} END`).join(', ')})`
/** The place, or what came first after the time that was asked for. */
const top = either(':until < :beforeAt', [':until + 1', "''"], [':beforeAt', ':beforeId'])
const bottom = either(':since > :floorAt', [':since', "''"], [':floorAt', ':floorId'])

/** Rows behind a place, by their time and id: bounds of an index that has both, so that nothing of it is held against each row. */
const boundsOf = (at: string, id: string) => {
  const place = `(${at}, ${id}) < ${top}`
  const inOrder = `ORDER BY ${at} DESC, ${id} DESC`
  return {
    inOrder,
    behind: `${place} AND (${at}, ${id}) >= ${bottom}`,
    floor: (rows: string) => [
      `SELECT ${at} AS at, ${id} AS id FROM ${rows} ${place} AND ${at} >= coalesce(:since, 0)
        ${inOrder} LIMIT 1 OFFSET :reach`,
    ],
  }
}

export const waysOf = ({ select, from, id, at, chosen, repeats = false }: Rows): WaysOf => {
  const rows = `SELECT ${select} FROM ${from} WHERE`
  const once = (name: string, repeated = repeats): string => (repeated ? `GROUP BY ${name}` : '')
  const oldestFirst = `${id} > :after ${chosen} ${once(id)} ORDER BY ${id} LIMIT :limit`
  /** Indexes end with the time, so that the newest come first out of them, and only those of the time that was asked for. */
  const time = `${at} BETWEEN coalesce(:since, 0) AND coalesce(:until, 9e15)`
  const bounds = boundsOf(at, id)
  const byTime = (lead = '') => ({
    newest: `${rows} ${lead} ${time} ${chosen} AND ${id} > :after ${once(`${at}, ${id}`)} ${bounds.inOrder} LIMIT :limit`,
    page: `${rows} ${lead} ${bounds.behind} ${chosen} ${once(`${at}, ${id}`)} ${bounds.inOrder} LIMIT :limit`,
    floors: bounds.floor(`${from} WHERE ${lead}`),
  })
  const everything: Paged = {
    ...byTime(),
    oldest: `${rows} ${oldestFirst}`,
    newest: `${rows} ${id} > :after ${chosen} ORDER BY ${id} DESC LIMIT :limit`,
  }
  return {
    everything,
    column: (name) => ({
      ...byTime(`${name} = :lead AND`),
      found: `FROM ${from} WHERE ${name} = :lead AND ${time}`,
      oldest: `${rows} ${name} = :lead AND ${oldestFirst}`,
    }),
    beside: (table) => {
      const both = `SELECT ${select} FROM ${table.from} CROSS JOIN ${from} ON ${id} = ${table.id}
        WHERE ${table.where}`
      const joined = `${both} AND ${table.id} > :after ${chosen} GROUP BY ${table.id} ORDER BY ${table.id}`
      return {
        found: `FROM ${table.from} WHERE ${table.where}`,
        oldest: `${joined} LIMIT :limit`,
        newest: `${joined} DESC LIMIT :limit`,
        page: `${both} AND (${at} < :beforeAt OR ${at} = :beforeAt AND ${id} < :beforeId) ${chosen}
          GROUP BY ${table.id} ORDER BY ${at} DESC, ${id} DESC LIMIT :limit`,
      }
    },
    time: { ...byTime(), found: `FROM ${from} WHERE :lead = '' AND ${time}`, oldest: everything.oldest },
    along: ({ table, where, part = '1', repeats: isRepeated, isById = false, ...beaten }) => {
      const { behind, floor, inOrder } = boundsOf('w.at', 'w.found')
      const walked = (which: string): string =>
        `(SELECT ${beaten.at} AS at, ${beaten.id} AS found FROM ${table} WHERE ${which}) AS w`
      const looked = `SELECT ${select} FROM ${walked(`${part} AND ${where}`)} CROSS JOIN ${from} ON ${id} = w.found WHERE`
      const newestFirst = `${chosen} ${once('w.at, w.found', isRepeated)} ${inOrder} LIMIT :limit`
      const byId = `${looked} w.found > :after ${chosen} ${once('w.found', isRepeated)} ORDER BY w.found LIMIT :limit`
      return {
        ...(isById && { oldest: byId }),
        newest: `${looked} w.at BETWEEN coalesce(:since, 0) AND coalesce(:until, 9e15) AND w.found > :after ${newestFirst}`,
        page: `${looked} ${behind} ${newestFirst}`,
        floors: floor(`${walked(part)} WHERE`),
      }
    },
  }
}

export type Leader<Filter> = {
  /** Of a filter, what this one leads with; null where it was not asked, or may stand for several. */
  readonly value: (asked: Filter) => string | null
  /** Counts what it finds, `:most` at most. */
  readonly count: string
  readonly paged: Paged
}

const counting = ({ found }: Way): string => `(SELECT count(*) FROM (SELECT 1 ${found} LIMIT :most))`
const both = (one: string, other: string): string =>
  `SELECT * FROM (SELECT * FROM (${one}) UNION SELECT * FROM (${other}))`

/** A search of two ways ends where one of them does, so both must say where. */
const floorsOf = (...ways: readonly Way[]): Pick<Paged, 'floors'> =>
  ways.every(({ floors }) => floors !== undefined)
    ? { floors: ways.flatMap(({ floors = [] }) => floors) }
    : {}

/** Leaders among rows with the time `at`: what each finds by one way, or by either of two. */
export const leadersBy =
  (at: string) =>
  <Filter>(value: Leader<Filter>['value'], first: Way, second?: Way): Leader<Filter> =>
    second === undefined
      ? { value, count: `SELECT ${counting(first)} AS found`, paged: first }
      : {
          value,
          count: `SELECT ${counting(first)} + ${counting(second)} AS found`,
          paged: {
            oldest: `${both(first.oldest, second.oldest)} ORDER BY id LIMIT :limit`,
            newest: `${both(first.newest, second.newest)} ORDER BY ${last(at)} DESC, id DESC LIMIT :limit`,
            page: `${both(first.page, second.page)} ORDER BY ${last(at)} DESC, id DESC LIMIT :limit`,
            ...floorsOf(first, second),
          },
        }

/** Null for what may stand for several. */
const alone = (typed: string | undefined): string | null =>
  typed === undefined || typed.includes('*') ? null : typed.replace(/^<(.*)>$/s, '$1')

/** Lower case, as projections write it. */
export const exactly = (typed: string | undefined): string | null => alone(typed)?.toLowerCase() ?? null

/** Lower case, as far as SQLite knows of it: as it makes keys of what is written in any case. */
export const asKey = (typed: string | undefined): string | null => accountKey(alone(typed) ?? undefined)

/** For what is written in one way here and in the other there. */
export const eitherWay = (typed: string | undefined): string | null =>
  asKey(typed) === exactly(typed) ? exactly(typed) : null

/** As the views have accounts: without case, as far as SQLite knows of it. */
export const accountKey = (account: string | undefined): string | null =>
  account?.replace(/[A-Z]+/g, (some) => some.toLowerCase()) ?? null

/** That a time was asked for. */
export const sometime = ({ since, until }: Asked): string | null =>
  (since ?? until) === undefined ? null : ''

/**
 * So many and more are a great many, of which all are asked for, or one page; or of which each would be opened to see whether it fits, where an index
 * has all that is looked for.
 */
const most = { all: 5000, page: 1000, walk: 20_000 } as const

type Led = { readonly count: string; readonly paged: Paged; readonly lead: string }
export type Question = { readonly paged: Paged; readonly filter: Record<string, SQLInputValue> }

export type Leading<Filter> = {
  readonly leaders: readonly Leader<Filter>[]
  /** For what no index leads to, in the order of preference: `of` says whether there is something for it to look for. */
  readonly walks?: readonly { readonly of: (asked: Filter) => boolean; readonly walk: Walk }[]
  readonly everything: Paged
}

/** What finds fewest of `asked`, or the walk through all of them; where several find as few, the first. */
export const questionBy = <Filter extends Asked>(
  db: DatabaseSync,
  asked: Filter,
  { leaders, walks = [], everything }: Leading<Filter>,
): Question => {
  const led = leaders.flatMap(({ value, count, paged }): Led[] => {
    const lead = value(asked)
    return lead === null ? [] : [{ lead, count, paged }]
  })
  const best = bestOf(db, led, asked)
  // Where a look ends is told as a place: an account hears of places among its own rows, not of what is others'.
  const walk = asked.account === undefined ? walks.find(({ of }) => of(asked))?.walk : undefined
  if (best === null) return { paged: { ...everything, ...walk }, filter: {} }
  const { paged, lead } = best
  const isLed = paged.page.includes(':lead')
  if (walk === undefined || (isLed && !isMuch(db, best, asked)))
    return { paged, filter: paged.newest.includes(':lead') ? { lead } : {} }
  return { paged: { ...(isLed ? everything : paged), ...walk }, filter: {} }
}

/** Of a list that is wanted whole, what leads was found to be little. */
const isMuch = (db: DatabaseSync, best: Led, asked: Asked): boolean =>
  asked.limit !== undefined && foundBy(db, best, { asked, much: most.walk }) >= most.walk

const bestOf = (db: DatabaseSync, led: readonly Led[], asked: Asked): Led | null => {
  const isPage = asked.limit !== undefined
  // Nothing to choose from.
  if (isPage && led.length <= 1) return led[0] ?? null
  const much = isPage ? most.page : most.all
  const [best] = led
    .map((one) => ({ one, found: foundBy(db, one, { asked, much }) }))
    .toSorted((one, other) => one.found - other.found)
  // The walk beats many pages of very much, each to be sorted.
  return best === undefined || (!isPage && best.found >= much) ? null : best.one
}

const foundBy = (
  db: DatabaseSync,
  { count, lead }: Led,
  { asked, much }: { readonly asked: Asked; readonly much: number },
): number => {
  const values: Record<string, SQLInputValue> = { lead, most: much }
  if (count.includes(':since'))
    Object.assign(values, { since: asked.since ?? null, until: asked.until ?? null })
  return allRows<{ found: number }>(db, count, values)[0]!.found
}
