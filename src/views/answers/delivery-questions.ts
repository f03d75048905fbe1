/**
 * The question that finds deliveries by an index, whatever was asked: the filter that finds fewest leads, and the others choose
 * among what it finds. Without that a page of fifty among a million would be looked for in all of them.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { allRows } from '../database.ts'
import type { DeliveryFilter } from './deliveries.ts'
import type { Paged } from './pages.ts'
import { patternOf } from './pattern.ts'

/**
 * Each on its own passes where nothing was asked. Forwarded mail is found by what people know of it, too: the alias, and the
 * sender it came from.
 */
const chosenBy = (originalSender: string): string => `
    AND (:status IS NULL OR d.status = :status)
    AND (:message IS NULL OR d.message = :message)
    AND (:since IS NULL OR d.queuedAt >= :since)
    AND (:until IS NULL OR d.queuedAt <= :until)
    AND (:domain IS NULL OR d.domain LIKE :domain ESCAPE '\\' OR d.forwarder LIKE '%@' || :domain ESCAPE '\\')
    AND (:sender IS NULL OR d.sender LIKE :sender ESCAPE '\\'${originalSender})
    AND (:recipient IS NULL OR d.forwarder LIKE :recipient ESCAPE '\\' OR EXISTS (
      SELECT 1 FROM delivery_recipients WHERE delivery = d.id AND address LIKE :recipient ESCAPE '\\'))
`
const originalSender = ` OR d.forwarder > '' AND EXISTS (
      SELECT 1 FROM messages WHERE id = d.message AND sender LIKE :sender ESCAPE '\\')`
const chosenWithMessages = chosenBy(originalSender)
const chosenWithout = chosenBy('')

const from = 'FROM deliveries AS d WHERE'
const fromRecipients = 'FROM delivery_recipients AS r CROSS JOIN deliveries AS d ON d.id = r.delivery WHERE'
/** Indexes end with the time, so that the newest come first out of them, and only those of the time that was asked for. */
const time = 'd.queuedAt BETWEEN coalesce(:since, 0) AND coalesce(:until, 9e15)'
const newestFirst = 'd.id > :after ORDER BY d.queuedAt DESC, d.id DESC LIMIT :limit'

type Leader = {
  /** Of a filter, what this one leads with; null where it was not asked, or may stand for several. */
  readonly value: (asked: DeliveryFilter) => string | null
  /** Counts what it finds, as far as it matters. */
  readonly count: string
  /** Given what else is asked. */
  readonly paged: (chosen: string) => Paged
}

const most = 5000
const limited = (rows: string): string => `SELECT count(*) AS found FROM (SELECT 1 ${rows} LIMIT ${most})`

const everything = (chosen: string): Paged => ({
  oldest: `SELECT d.* ${from} d.id > :after ${chosen} ORDER BY d.id LIMIT :limit`,
  newest: `SELECT d.* ${from} d.id > :after ${chosen} ORDER BY d.id DESC LIMIT :limit`,
})

/** Those of a leader, and forwarded mail, which its index does not have under the name that was asked for. */
const orForwarded = (chosen: string, { oldest, newest }: Paged): Paged => {
  // Those are few among many: found by the index of forwarders and sorted then (each plus), rather than looked for in order.
  const forwarded = `SELECT d.* ${from} d.forwarder > '' AND +d.id > :after ${chosen}`
  return {
    oldest: `SELECT * FROM (SELECT * FROM (${oldest}) UNION SELECT * FROM (${forwarded} ORDER BY +d.id LIMIT :limit))
      ORDER BY id LIMIT :limit`,
    newest: `SELECT * FROM (SELECT * FROM (${newest}) UNION
        SELECT * FROM (${forwarded} ORDER BY +d.queuedAt DESC, +d.id DESC LIMIT :limit))
      ORDER BY queuedAt DESC, id DESC LIMIT :limit`,
  }
}

const ledBy = (column: string, value: Leader['value']): Leader => ({
  value,
  count: limited(`${from} d.${column} = :lead AND ${time}`),
  paged: (chosen) => ({
    oldest: `SELECT d.* ${from} d.${column} = :lead AND d.id > :after ${chosen} ORDER BY d.id LIMIT :limit`,
    newest: `SELECT d.* ${from} d.${column} = :lead AND ${time} ${chosen} AND ${newestFirst}`,
  }),
})

/** Lower case, as the keys are. */
const exactly = (typed: string | undefined): string | null =>
  typed === undefined || typed.includes('*') ? null : typed.replace(/^<(.*)>$/s, '$1').toLowerCase()

const byTime: Leader = {
  value: ({ since, until }) => ((since ?? until) === undefined ? null : ''),
  count: limited(`${from} :lead = '' AND ${time}`),
  paged: (chosen) => ({
    oldest: everything(chosen).oldest,
    newest: `SELECT d.* ${from} ${time} ${chosen} AND ${newestFirst}`,
  }),
}
const byRecipient: Leader = {
  value: ({ recipient }) => exactly(recipient),
  count: limited('FROM delivery_recipients AS r WHERE r.addressKey = :lead'),
  paged: (chosen) => ({
    oldest: `SELECT d.* ${fromRecipients} r.addressKey = :lead AND r.delivery > :after ${chosen} GROUP BY r.delivery ORDER BY r.delivery LIMIT :limit`,
    newest: `SELECT d.* ${fromRecipients} r.addressKey = :lead AND r.delivery > :after ${chosen} GROUP BY r.delivery ORDER BY r.delivery DESC LIMIT :limit`,
  }),
}
const forwardedToo = ({ paged, ...leader }: Leader): Leader => ({
  ...leader,
  paged: (chosen) => orForwarded(chosen, paged(chosen)),
})
/** Where several find as few, the first. */
const leaders: readonly Leader[] = [
  ledBy('message', ({ message }) => message ?? null),
  forwardedToo(byRecipient),
  forwardedToo(ledBy('senderKey', ({ sender }) => exactly(sender))),
  forwardedToo(ledBy('domain', ({ domain }) => exactly(domain))),
  ledBy('status', ({ status }) => status ?? null),
  byTime,
]

/** A view of deliveries as of a time may stand alone. */
const hasMessages = `SELECT 1 FROM pragma_table_list WHERE name = 'messages'`

export type Question = { readonly paged: Paged; readonly filter: Record<string, SQLInputValue> }

export const questionFor = (db: DatabaseSync, asked: DeliveryFilter): Question => {
  const filter = {
    status: asked.status ?? null,
    recipient: patternOf(asked.recipient),
    domain: patternOf(asked.domain),
    sender: patternOf(asked.sender),
    message: asked.message ?? null,
    since: asked.since ?? null,
    until: asked.until ?? null,
  }
  const [best] = leaders
    .flatMap((leader) => counted(db, leader, asked))
    .toSorted((one, other) => one.found - other.found)
  const chosen = allRows(db, hasMessages, {}).length > 0 ? chosenWithMessages : chosenWithout
  // A walk through everything in the order of the ids beats many pages of very much, each to be sorted.
  if (best === undefined || (asked.limit === undefined && best.found === most))
    return { paged: everything(chosen), filter }
  const paged = best.paged(chosen)
  const isLed = paged.newest.includes(':lead')
  return { paged, filter: isLed ? { ...filter, lead: best.lead } : filter }
}

type Counted = Pick<Leader, 'paged'> & { readonly found: number; readonly lead: string }

/** What a leader would find; nothing where its filter was not asked. */
const counted = (db: DatabaseSync, { value, count, paged }: Leader, asked: DeliveryFilter): Counted[] => {
  const lead = value(asked)
  if (lead === null) return []
  const values: Record<string, SQLInputValue> = { lead }
  if (count.includes(':since'))
    Object.assign(values, { since: asked.since ?? null, until: asked.until ?? null })
  return allRows<{ found: number }>(db, count, values).map(({ found }) => ({ found, paged, lead }))
}
