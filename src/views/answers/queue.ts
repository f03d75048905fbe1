/** How much mail for other hosts is not done with, and since when; out of an index, so that it may be asked often. */
import type { DatabaseSync } from 'node:sqlite'
import { allRows } from '../database.ts'
import type { DeliveryStatus } from './deliveries.ts'

export type QueueStatus = {
  readonly status: DeliveryStatus
  readonly count: number
  /** When the oldest of them was queued, milliseconds since 1970; null where there are none. */
  readonly oldestAt: number | null
}

export const unfinished: readonly DeliveryStatus[] = ['queued', 'active', 'deferred', 'held']
const howMany = 'SELECT count(*) AS count, min(queuedAt) AS oldestAt FROM deliveries WHERE status = :status'

export const askQueue = (db: DatabaseSync): readonly QueueStatus[] =>
  unfinished.map((status) => {
    const [found] = allRows<Omit<QueueStatus, 'status'>>(db, howMany, { status })
    return { status, count: found?.count ?? 0, oldestAt: found?.oldestAt ?? null }
  })
