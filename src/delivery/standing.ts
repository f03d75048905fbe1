/** Where a delivery stands, read from its history. */
import type { DeliveryQueued, RecipientOutcome } from '../../machines/vocabulary/events.ts'
import type { LogReader, StoredEvent } from '../log/port.ts'

export type Standing = {
  readonly queued: DeliveryQueued
  readonly state: string
  readonly attempts: number
  /** The server that made the last attempt, or that queued it. */
  readonly node: string
  /** When it is to be tried next, milliseconds since 1970; null where no time is set. */
  readonly dueAt: number | null
}

export const deliveryStream = (id: string): string => `delivery-${id}`

export const readDelivery = async (
  log: Pick<LogReader, 'readStream'>,
  id: string,
): Promise<readonly StoredEvent[]> => {
  const events: StoredEvent[] = []
  for await (const page of log.readStream(deliveryStream(id))) events.push(...page)
  return events
}

const dueOf = ({ type, data }: StoredEvent): number | null => {
  const at = type === 'DeliveryQueued' ? data.acceptedAt : data.nextAttemptAt
  return typeof at === 'number' ? at : null
}

const asides: ReadonlySet<string> = new Set(['ActRefused', 'ActNoted', 'ActTakenBack'])
/** Facts that leave it where it is: any server may add them, at any time. */
export const isAside = ({ type }: Pick<StoredEvent, 'type'>): boolean => asides.has(type)

/** Null for a delivery that does not exist. */
export const standingOf = (events: readonly StoredEvent[]): Standing | null => {
  const first = events[0]
  if (first?.type !== 'DeliveryQueued') return null
  const last = events.findLast((event) => !isAside(event))!
  return {
    // What this machine recorded is what the vocabulary says.
    queued: first.data as DeliveryQueued,
    state: String(last.meta.to),
    node: String((events.findLast(({ type }) => type === 'AttemptStarted') ?? first).data.node),
    attempts: events.filter(({ type }) => type === 'AttemptStarted').length,
    dueAt: dueOf(last),
  }
}

const active: ReadonlySet<string> = new Set(['resolving', 'connecting', 'securing', 'sending'])
const over: ReadonlySet<string> = new Set(['delivered', 'failed', 'expired', 'cancelled'])
export const isUnderWay = (state: string): boolean => active.has(state)
export const isOver = (state: string): boolean => over.has(state)

/** With those whom these outcomes settle. */
export const withSettled = (
  settled: ReadonlySet<string>,
  outcomes: readonly RecipientOutcome[],
): ReadonlySet<string> =>
  new Set([
    ...settled,
    ...outcomes.filter(({ result }) => result !== 'deferred').map(({ address }) => address),
  ])

/** Recipients that earlier attempts settled. */
export const settledIn = (past: readonly StoredEvent[]): ReadonlySet<string> => {
  const settled = new Set<string>()
  for (const { data } of past) {
    if (!Array.isArray(data.outcomes)) continue
    // What this machine recorded is what the vocabulary says.
    for (const { address, result } of data.outcomes as RecipientOutcome[])
      if (result !== 'deferred') settled.add(address)
  }
  return settled
}
