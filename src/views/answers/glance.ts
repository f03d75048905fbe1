/** The queue at a glance: what is not over, by status, by age and by where it goes to; now, or at a time. */
import type { DatabaseSync } from 'node:sqlite'
import { allRows } from '../database.ts'
import { foldedThen, type Past } from './deliveries-then.ts'
import { askQueue, type QueueStatus, unfinished } from './queue.ts'

export type Age = {
  /** Seconds it waits: as long or longer, and less; null for no bound. */
  readonly over: number
  readonly under: number | null
  /** Queued at or after, at or before; milliseconds since 1970, null for no bound. */
  readonly since: number | null
  readonly until: number | null
  readonly count: number
}
export type Waiting = { readonly domain: string; readonly count: number; readonly oldestAt: number }

export type Glance = {
  readonly statuses: readonly QueueStatus[]
  /** Waited then as well, in which status was not looked at: there were too many. */
  readonly uncounted: number
  /** The youngest first. */
  readonly ages: readonly Age[]
  /** Those with most first, no more than a few. */
  readonly domains: readonly Waiting[]
  /** How many there are. */
  readonly domainCount: number
}

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]
/** Where one class of ages ends and the next begins. */
const bounds = [5 * minute, hour, 4 * hour, day, 3 * day]
const mostDomains = 10

const classOf = `CASE WHEN queuedAt > :at - ${bounds[0]} THEN 0 ${bounds
  .slice(1)
  .map((bound, place) => `WHEN queuedAt > :at - ${bound} THEN ${place + 1}`)
  .join(' ')} ELSE ${bounds.length} END`
const now = `
  SELECT domain, ${classOf} AS class, count(*) AS count, min(queuedAt) AS oldestAt
  FROM deliveries WHERE waiting = '' GROUP BY 1, 2
`
/** What was there then and is not over yet, and what is over since. */
const alive = `FROM (
  SELECT id, domain, queuedAt, status, changedAt FROM deliveries WHERE waiting = '' AND queuedAt <= :at
  UNION ALL
  SELECT id, domain, queuedAt, status, changedAt FROM deliveries WHERE finishedAt > :at AND queuedAt <= :at)
`
/** Without a status where it may have been another. */
const then = `
  SELECT domain, ${classOf} AS class, CASE WHEN changedAt <= :at THEN status END AS standing,
    count(*) AS count, min(queuedAt) AS oldestAt
  ${alive} GROUP BY 1, 2, 3
`
const changed = `SELECT id ${alive} WHERE changedAt > :at LIMIT :most`

type Row = {
  readonly domain: string
  readonly class: number
  readonly count: number
  readonly oldestAt: number
}

const agesOf = (rows: readonly Row[], at: number): readonly Age[] =>
  [...bounds, null].map((bound, place) => ({
    over: (bounds[place - 1] ?? 0) / 1_000,
    under: bound === null ? null : bound / 1_000,
    since: bound === null ? null : at - bound + 1,
    until: place === 0 ? null : at - bounds[place - 1]!,
    count: rows.reduce((sum, row) => (row.class === place ? sum + row.count : sum), 0),
  }))

const domainsOf = (rows: readonly Row[]): Pick<Glance, 'domains' | 'domainCount'> => {
  const found = new Map<string, Waiting>()
  for (const { domain, count, oldestAt } of rows) {
    const known = found.get(domain)
    found.set(domain, {
      domain,
      count: count + (known?.count ?? 0),
      oldestAt: Math.min(oldestAt, known?.oldestAt ?? oldestAt),
    })
  }
  const domains = [...found.values()].toSorted((one, other) => other.count - one.count)
  return { domains: domains.slice(0, mostDomains), domainCount: domains.length }
}

export const askGlance = (db: DatabaseSync, at: number): Glance => {
  const rows = allRows<Row>(db, now, { at })
  return { statuses: askQueue(db), uncounted: 0, ages: agesOf(rows, at), ...domainsOf(rows) }
}

/** Histories folded again for one glance: more would keep others waiting. */
const mostFolded = 4_000

type Standing = { readonly count: number; readonly oldestAt: number }
type StandingRow = Row & { readonly standing: string | null }

const added = (known: Standing | undefined, { count, oldestAt }: Standing): Standing => ({
  count: count + (known?.count ?? 0),
  oldestAt: Math.min(oldestAt, known?.oldestAt ?? oldestAt),
})

export const askGlanceThen = async ({ db, log }: Past, at: number): Promise<Glance> => {
  const rows = allRows<StandingRow>(db, then, { at })
  const standings = new Map<string | null, Standing>()
  for (const row of rows) standings.set(row.standing, added(standings.get(row.standing), row))
  const others = standings.get(null)?.count ?? 0
  const asked = { at, most: mostFolded }
  const ids = others === 0 ? [] : allRows<{ id: string }>(db, changed, asked).map(({ id }) => id)
  for (const { status, queuedAt } of (await foldedThen(log, ids, at)).values())
    standings.set(status, added(standings.get(status), { count: 1, oldestAt: Date.parse(queuedAt) }))
  const statuses = unfinished.map((status) => {
    const { count = 0, oldestAt = null } = standings.get(status) ?? {}
    return { status, count, oldestAt }
  })
  return { statuses, uncounted: others - ids.length, ages: agesOf(rows, at), ...domainsOf(rows) }
}
