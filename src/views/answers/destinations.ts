/** How the destinations fare, as people ask for it, and as the courier asks for their pace. */
import type { DatabaseSync } from 'node:sqlite'
import { allRows } from '../database.ts'
import { isoOf } from './pattern.ts'

const hour = 3_600_000

export type DestinationHour = {
  /** Its beginning. */
  readonly hour: string
  readonly delivered: number
  readonly deferred: number
  readonly failed: number
}
/** Counts are of attempts; `delivered`, `deferred`, `failed` say what they came to. */
export type DestinationStatus = {
  readonly name: string
  /** Under way. */
  readonly active: number
  readonly attempts: number
  readonly delivered: number
  readonly deferred: number
  readonly failed: number
  /** Cut off when a server ended. */
  readonly lost: number
  /** Made, and used once more. */
  readonly connections: number
  readonly reused: number
  /** Attempts in a row that it answered, or did not (see `Pace`). */
  readonly answers: number
  readonly failures: number
  readonly failedAt: number | null
  readonly lastTriedAt: string | null
  readonly lastAnsweredAt: string | null
  readonly lastReply: string | null
  readonly lastFault: string | null
}

type Row = Omit<DestinationStatus, 'lastTriedAt' | 'lastAnsweredAt'> & {
  readonly triedAt: number | null
  readonly answeredAt: number | null
}

const columns = `name, active, attempts, delivered, deferred, failed, lost, connections, reused, answers, failures, failedAt,
  answeredAt, triedAt, lastReply, lastFault`
/** Those tried last first. */
const every = `SELECT ${columns} FROM destinations ORDER BY triedAt DESC, name`
const one = `SELECT ${columns} FROM destinations WHERE name = :name`
const hours = `
  SELECT hour, delivered, deferred, failed FROM destination_hours
  WHERE name = :name AND hour >= :since ORDER BY hour
`

const statusOf = ({ answeredAt, triedAt, ...row }: Row): DestinationStatus => ({
  ...row,
  lastTriedAt: isoOf(triedAt),
  lastAnsweredAt: isoOf(answeredAt),
})

export const askDestinations = (db: DatabaseSync): readonly DestinationStatus[] =>
  allRows<Row>(db, every).map(statusOf)

export const askDestination = (db: DatabaseSync, name: string): DestinationStatus | null => {
  const [row] = allRows<Row>(db, one, { name })
  return row === undefined ? null : statusOf(row)
}

type HourRow = { hour: number; delivered: number; deferred: number; failed: number }

/** What came of attempts, by the hour; hours in which none ended are left out. `since` in milliseconds since 1970. */
export const askDestinationHours = (
  db: DatabaseSync,
  name: string,
  since: number,
): readonly DestinationHour[] =>
  allRows<HourRow>(db, hours, { name, since: Math.floor(since / hour) * hour }).map((row) => ({
    ...row,
    hour: isoOf(row.hour)!,
  }))
