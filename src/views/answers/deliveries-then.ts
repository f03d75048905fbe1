/**
 * Deliveries as they stood at a time. What the view has of them now tells which were there, and which have not changed since; only
 * the others are folded again out of their own streams, up to that time.
 */
import type { DatabaseSync } from 'node:sqlite'
import { deliveries as projection } from '../../../projections/deliveries.ts'
import type { LogReader, StoredEvent } from '../../log/port.ts'
import { emptyView } from '../as-of.ts'
import { allRows } from '../database.ts'
import {
  askDeliveries,
  type Delivery,
  type DeliveryFilter,
  type DeliveryRow,
  deliveriesOf,
} from './deliveries.ts'
import { unfinishedFilter, unfinishedThen } from './delivery-questions.ts'
import type { Place } from './pages.ts'
import { unfinished } from './queue.ts'

/** The views as they are, and the log they are made of. */
export type Past = { readonly db: DatabaseSync; readonly log: Pick<LogReader, 'readStream'> }

const changedSince = `
  SELECT id FROM deliveries WHERE id IN (SELECT value FROM json_each(:ids)) AND changedAt > :at
    AND (finishedAt IS NULL OR finishedAt > :at)
`
const everyRow = 'SELECT * FROM deliveries'
const isUnfinished = (status: string): boolean =>
  status === 'unfinished' || unfinished.some((one) => one === status)

/** Streams folded at a time. */
const together = 250

const eventsThen = async (
  log: Past['log'],
  ids: readonly string[],
  at: number,
): Promise<readonly StoredEvent[]> => {
  const found = await Promise.all(
    ids.map(async (id) => {
      const own: StoredEvent[] = []
      for await (const page of log.readStream(`delivery-${id}`))
        own.push(...page.filter((event) => event.at <= at))
      return own
    }),
  )
  // A view takes events in the order of the log.
  return found.flat().toSorted((one, other) => one.position - other.position)
}

/** What a few histories came to at a time, by id. */
export const foldedThen = async (
  log: Past['log'],
  ids: readonly string[],
  at: number,
): Promise<ReadonlyMap<string, Delivery>> => {
  const found = new Map<string, Delivery>()
  for (let first = 0; first < ids.length; first += together) {
    const events = await eventsThen(log, ids.slice(first, first + together), at)
    const { db, generation } = emptyView(projection)
    try {
      db.exec('BEGIN')
      generation.take(events)
      db.exec('COMMIT')
      for (const one of deliveriesOf(db, allRows<DeliveryRow>(db, everyRow))) found.set(one.id, one)
    } finally {
      db.close()
    }
  }
  return found
}

const asTheyStood = async (
  { db, log }: Past,
  rows: readonly Delivery[],
  at: number,
): Promise<readonly Delivery[]> => {
  const ids = JSON.stringify(rows.map(({ id }) => id))
  const changed = allRows<{ id: string }>(db, changedSince, { ids, at }).map(({ id }) => id)
  const then = await foldedThen(log, changed, at)
  // A history that was forgotten meanwhile is known by what it came to.
  return rows.map((row) => then.get(row.id) ?? row)
}

/** Those that may be meant, as they are now. */
const candidates = (db: DatabaseSync, filter: DeliveryFilter, { at, limit, before }: Then): Delivery[] => {
  if (filter.status === undefined || !isUnfinished(filter.status)) {
    const until = Math.min(at, filter.until ?? at)
    return [...askDeliveries(db, { ...filter, until, limit, before })]
  }
  const asked = { ...unfinishedFilter(filter, at), beforeAt: before.at, beforeId: before.id, limit }
  return [...deliveriesOf(db, allRows<DeliveryRow>(db, unfinishedThen, asked))]
}

const isMeant = ({ status }: Delivery, wanted: DeliveryFilter['status']): boolean =>
  wanted === undefined || (wanted === 'unfinished' ? isUnfinished(status) : status === wanted)

export type Then = {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly limit: number
  readonly before: Place
}
export type DeliveriesThen = {
  readonly items: readonly Delivery[]
  /** Where to go on; null where nothing is left. */
  readonly next: Place | null
}

/** Candidates looked at for one page: where few of them are meant, the page is shorter. */
const mostLooked = 2_000

const placeOf = ({ queuedAt, id }: Delivery): Place => ({ at: Date.parse(queuedAt), id })

/** The newest first. */
export const askDeliveriesThen = async (
  past: Past,
  filter: DeliveryFilter,
  then: Then,
): Promise<DeliveriesThen> => {
  const items: Delivery[] = []
  const step = Math.max(then.limit + 1, filter.status === undefined ? 0 : together)
  let { before } = then
  for (let looked = 0; looked < mostLooked; looked += step) {
    const rows = candidates(past.db, filter, { ...then, limit: step, before })
    const stood = await asTheyStood(past, rows, then.at)
    items.push(...stood.filter((one) => isMeant(one, filter.status)))
    if (items.length > then.limit) {
      const page = items.slice(0, then.limit)
      return { items: page, next: placeOf(page.at(-1)!) }
    }
    if (rows.length < step) return { items, next: null }
    before = placeOf(rows.at(-1)!)
  }
  return { items, next: before }
}
