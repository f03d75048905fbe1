/** The deliveries, as people ask for them, and what the courier asks: what is due, under way, owed. */
import type { DatabaseSync } from 'node:sqlite'
import type { DeliveryCause } from '../../../machines/vocabulary/events.ts'
import type { Delivery, Notice } from '../../shapes/delivery.ts'
import { allRows } from '../database.ts'
import { questionFor } from './delivery-questions.ts'
import { idsLike } from './ids.ts'
import { type Place, pagesOf } from './pages.ts'
import { isoOf, isoTime } from './pattern.ts'

export type { Delivery, Notice }
export type DeliveryStatus = Delivery['status']
export type RecipientStatus = Delivery['recipients'][number]

/** Times in milliseconds since 1970; in addresses and domains `*` stands for anything. */
export type DeliveryFilter = {
  readonly status?: DeliveryStatus | 'unfinished' | undefined
  /** Of mail that this account submitted, and nothing else. */
  readonly account?: string | undefined
  /** Also the alias for which it is forwarded. */
  readonly recipient?: string | undefined
  /** Of its recipients, or of that alias. */
  readonly domain?: string | undefined
  /** As it is sent, or, of forwarded mail, as it came in. */
  readonly sender?: string | undefined
  /** The id of the message. */
  readonly message?: string | undefined
  /** Queued at or after, at or before. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** The newest so many. */
  readonly limit?: number | undefined
  /** So many that come behind this place, the newest first. */
  readonly before?: Place | undefined
}

export type DueDelivery = {
  readonly id: string
  readonly message: string
  readonly nextHop: string
  readonly sender: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly attempts: number
  readonly isRetry: boolean
}
/** So many at most, none for the next hops `except`; those that the server `only` had last, or that none of `others` had. */
export type DueAsked = {
  readonly limit: number
  readonly except?: readonly string[]
  readonly only?: string | null
  readonly others?: readonly string[]
}
export type OpenDelivery = {
  readonly id: string
  readonly node: string
  /** Milliseconds since 1970. */
  readonly leaseUntil: number
}
export type Unrouted = {
  readonly message: string
  readonly nextHop: string
  /** Where its `MessageAccepted` stands. */
  readonly stream: string
  readonly revision: number
  /** Milliseconds since 1970. */
  readonly acceptedAt: number
}
export type NoticeDue = Required<DeliveryCause> & {
  readonly message: string
  readonly sender: string
  /** Milliseconds since 1970. */
  readonly at: number
}

const one = `SELECT * FROM deliveries WHERE id = :id`
/** A recipient the host did not decide about shares what its delivery came to. */
const recipientsOf = `
  SELECT r.delivery, r.address,
    CASE WHEN r.status IN ('delivered', 'failed') THEN r.status ELSE d.status END AS status,
    CASE WHEN r.status IN ('delivered', 'failed') OR r.answeredIn = d.endedIn THEN r.reply
      ELSE coalesce(d.faultReply, r.reply) END AS reply,
    CASE WHEN r.status IN ('delivered', 'failed') OR r.answeredIn = d.endedIn OR d.faultReply IS NULL
      THEN r.enhancedCode ELSE nullif(d.faultEnhanced, '') END AS enhancedCode
  FROM delivery_recipients AS r JOIN deliveries AS d ON d.id = r.delivery
  WHERE r.delivery IN (SELECT value FROM json_each(:ids))
  ORDER BY r.delivery, r.place
`
const exact = `SELECT id FROM deliveries WHERE id = :part`
const starting = `SELECT id FROM deliveries WHERE id >= :part AND id < :part || '~' LIMIT 3`
const ending = `SELECT id FROM deliveries WHERE substr(id, -length(:part)) = :part LIMIT 3`
const due = `
  SELECT id, message, nextHop, sender, nextAttemptAt AS at, attempts FROM deliveries
  WHERE nextAttemptAt <= :before AND nextHop NOT IN (SELECT value FROM json_each(:except))
    AND (:only IS NULL OR owner = :only) AND owner NOT IN (SELECT value FROM json_each(:others))
  ORDER BY nextAttemptAt LIMIT :limit
`
const open = `SELECT id, node, leaseUntil FROM deliveries WHERE status = 'active' ORDER BY id`
const unrouted = `SELECT message, nextHop, acceptedAt, stream, revision FROM unrouted ORDER BY message, nextHop LIMIT :limit`
const noticesDue = `
  SELECT n.delivery, n.kind, n.attempt, n.at, d.message, d.sender
  FROM notices_due AS n JOIN deliveries AS d ON d.id = n.delivery
  ORDER BY n.delivery, n.kind, n.attempt LIMIT :limit
`
const standings = `
  SELECT d.message, CASE WHEN r.status IN ('delivered', 'failed') THEN r.status ELSE d.status END AS status,
    count(*) AS count
  FROM deliveries AS d JOIN delivery_recipients AS r ON r.delivery = d.id
  WHERE d.message IN (SELECT value FROM json_each(:messages))
  GROUP BY 1, 2 ORDER BY 1, min(d.id)
`
const unroutedOf = `SELECT 1 FROM unrouted WHERE message = :message LIMIT 1`
const notices = `SELECT kind, attempt, message, reason FROM notices WHERE delivery = :delivery ORDER BY at`

export type DeliveryRow = {
  id: string
  message: string
  sender: string
  nextHop: string
  forwarder: string | null
  domain: string
  status: DeliveryStatus
  queuedAt: number
  acceptedAt: number
  attempts: number
  nextAttemptAt: number | null
  finishedAt: number | null
  changedAt: number
  lastReply: string | null
  reason: string | null
  heldFor: string | null
  fault: string | null
  node: string | null
  leaseUntil: number | null
  noted: 'hold' | 'cancel' | null
  warned: number
  uncertain: number
}
type RecipientRow = {
  delivery: string
  address: string
  status: DeliveryStatus
  reply: string | null
  enhancedCode: string | null
}

const recipientsByDelivery = (
  db: DatabaseSync,
  ids: readonly string[],
): ReadonlyMap<string, readonly RecipientStatus[]> => {
  const found = new Map<string, RecipientStatus[]>(ids.map((id) => [id, []]))
  for (const row of allRows<RecipientRow>(db, recipientsOf, { ids: JSON.stringify(ids) })) {
    const { delivery, address, status, reply, enhancedCode } = row
    found.get(delivery)?.push({ address, status, reply, enhancedCode })
  }
  return found
}

/** Rows with their recipients. */
export const deliveriesOf = (db: DatabaseSync, rows: readonly DeliveryRow[]): readonly Delivery[] => {
  const recipients = recipientsByDelivery(
    db,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => deliveryOf(row, recipients.get(row.id) ?? []))
}

const deliveryOf = (row: DeliveryRow, recipients: readonly RecipientStatus[]): Delivery => ({
  id: row.id,
  message: row.message,
  sender: row.sender,
  nextHop: row.nextHop,
  forwarder: row.forwarder,
  domain: row.domain,
  status: row.status,
  queuedAt: isoTime(row.queuedAt),
  acceptedAt: isoTime(row.acceptedAt),
  attempts: row.attempts,
  nextAttemptAt: isoOf(row.nextAttemptAt),
  finishedAt: isoOf(row.finishedAt),
  recipients,
  lastReply: row.lastReply,
  reason: (row.status === 'held' ? row.heldFor : null) ?? row.reason,
  fault: row.fault,
  node: row.node,
  leaseUntil: isoOf(row.leaseUntil),
  noted: row.noted,
  warned: row.warned > 0,
  uncertain: row.uncertain,
})

/** Deliveries in the order of their ids, which is the order in which their messages were accepted. */
export function* askDeliveries(db: DatabaseSync, asked: DeliveryFilter = {}): Generator<Delivery> {
  const { paged, filter } = questionFor(db, asked)
  for (const page of pagesOf<DeliveryRow>(db, paged, { filter, limit: asked.limit, before: asked.before }))
    yield* deliveriesOf(db, page)
}

export const askDelivery = (db: DatabaseSync, id: string): Delivery | null => {
  const [row] = allRows<DeliveryRow>(db, one, { id })
  return row === undefined ? null : deliveryOf(row, recipientsByDelivery(db, [id]).get(id) ?? [])
}

/** Ids that begin or end with `part`, a few of them: to complete what people type. */
export const askDeliveryIds = (db: DatabaseSync, part: string): readonly string[] =>
  idsLike(db, { exact, starting, ending }, part)

/** The earliest that are due at or before a time, milliseconds since 1970. */
export const askDue = (
  db: DatabaseSync,
  before: number,
  { limit, except = [], only = null, others = [] }: DueAsked,
): readonly DueDelivery[] => {
  const asked = { before, limit, only, except: JSON.stringify(except), others: JSON.stringify(others) }
  return allRows<Omit<DueDelivery, 'isRetry'>>(db, due, asked).map((row) => ({
    ...row,
    isRetry: row.attempts > 0,
  }))
}

/** SQLite's rows have no prototype, which sets them apart from other objects. */
const plain = <Row extends object>(rows: readonly Row[]): readonly Row[] => rows.map((row) => ({ ...row }))

/** Deliveries in the middle of an attempt. */
export const askOpen = (db: DatabaseSync): readonly OpenDelivery[] => plain(allRows<OpenDelivery>(db, open))

/** Next hops of accepted messages for which no delivery was queued. */
export const askUnrouted = (db: DatabaseSync, limit: number): readonly Unrouted[] =>
  plain(allRows<Unrouted>(db, unrouted, { limit }))

/** How many recipients of a message have come to a status. */
export type Standing = { readonly status: DeliveryStatus; readonly count: number }

/** By message, for those of these that have deliveries. */
export const askStandings = (
  db: DatabaseSync,
  messages: readonly string[],
): ReadonlyMap<string, readonly Standing[]> => {
  const found = new Map<string, Standing[]>()
  const rows = allRows<{ message: string } & Standing>(db, standings, { messages: JSON.stringify(messages) })
  for (const { message, status, count } of rows)
    found.set(message, [...(found.get(message) ?? []), { status, count }])
  return found
}

/** Every next hop of the message has its delivery; true also where it has none. */
export const askRouted = (db: DatabaseSync, message: string): boolean =>
  allRows(db, unroutedOf, { message }).length === 0

/** Notices that senders are owed and nobody has composed yet. */
export const askNoticesDue = (db: DatabaseSync, limit: number): readonly NoticeDue[] =>
  plain(allRows<NoticeDue>(db, noticesDue, { limit }))

/** Notices about a delivery that are owed no longer: each a message of its own, or dropped. */
export const askNotices = (db: DatabaseSync, delivery: string): readonly Notice[] =>
  plain(allRows<Notice>(db, notices, { delivery }))
