/**
 * How do the destinations fare? One row for each that was ever tried: what is under way, what came of it, the last words, and
 * the three numbers its pace follows from. Beside it a row for each hour in which it was tried.
 */
import type { AttemptFault, EventOf, RecipientOutcome } from '../machines/vocabulary/events.ts'
import { nothing, type Projection, type RowChange, type Value } from './projection.ts'

type Of<Name extends EventOf['type']> = EventOf & { readonly type: Name }
type Ended = Of<'Delivered' | 'Deferred' | 'Failed' | 'Expired'>
type Columns = Readonly<Record<string, Value>>
type Counts = Readonly<Record<string, number>>

const hour = 3_600_000

const row = (name: string, { set = {}, add = {} }: { set?: Columns; add?: Counts }): RowChange => ({
  ...{ kind: 'upsert', table: 'destinations', key: [name] },
  ...{ set, add },
})
const hourly = (name: string, at: number, add: Counts): RowChange => ({
  ...{ kind: 'upsert', table: 'destination_hours', key: [name, Math.floor(at / hour) * hour] },
  add,
})

const counters = {
  Delivered: 'delivered',
  Deferred: 'deferred',
  Failed: 'failed',
  Expired: 'failed',
} as const

/** Its last words: those about a recipient before those about the attempt. */
const lastReply = (outcomes: readonly RecipientOutcome[], fault: AttemptFault | null): Columns => {
  const reply = outcomes.findLast((outcome) => outcome.reply !== null)?.reply ?? fault?.reply ?? null
  if (reply === null) return {}
  const { code, enhanced, text } = reply
  return { lastReply: [String(code), enhanced, text].filter((part) => part !== '').join(' ') }
}

const paceOf = ({ answered, endedAt }: Ended['data']): { readonly set: Columns; readonly add: Counts } => {
  if (answered === null) return { set: {}, add: {} }
  return answered
    ? { set: { failures: 0, failedAt: null, answeredAt: endedAt }, add: { answers: 1 } }
    : { set: { answers: 0, failedAt: endedAt }, add: { failures: 1 } }
}

const ended = ({ type, data }: Ended): readonly RowChange[] => {
  const { destination, endedAt, outcomes, fault } = data
  const pace = paceOf(data)
  const counted = { [counters[type]]: 1 }
  const set = { ...pace.set, ...lastReply(outcomes, fault), lastFault: fault?.text ?? null }
  return [
    row(destination, { set, add: { ...pace.add, ...counted, active: -1 } }),
    hourly(destination, endedAt, counted),
  ]
}

const fold = (event: EventOf): readonly RowChange[] => {
  switch (event.type) {
    case 'AttemptStarted': {
      const { destination, startedAt } = event.data
      return [row(destination, { set: { triedAt: startedAt }, add: { active: 1, attempts: 1 } })]
    }
    case 'Connected': {
      const { destination, reused } = event.data
      return [row(destination, { add: reused ? { reused: 1 } : { connections: 1 } })]
    }
    case 'Delivered':
    case 'Deferred':
    case 'Failed':
    case 'Expired':
      return ended(event)
    case 'AttemptLost':
      return [row(event.data.destination, { add: { active: -1, lost: 1 } })]
    case 'Released':
    case 'RetryRequested':
      // Nothing was tried yet, so nothing rests.
      return event.data.destination === ''
        ? nothing
        : [row(event.data.destination, { set: { answers: 0, failures: 0, failedAt: null } })]
    default:
      return nothing
  }
}

export const destinations: Projection = {
  name: 'destinations',
  version: 1,
  tables: {
    destinations: {
      key: ['name'],
      columns: {
        name: 'text',
        active: 'count',
        attempts: 'count',
        delivered: 'count',
        deferred: 'count',
        failed: 'count',
        lost: 'count',
        connections: 'count',
        reused: 'count',
        answers: 'count',
        failures: 'count',
        failedAt: 'number',
        answeredAt: 'number',
        triedAt: 'number',
        lastReply: 'text',
        lastFault: 'text',
      },
    },
    destination_hours: {
      key: ['name', 'hour'],
      columns: { name: 'text', hour: 'number', delivered: 'count', deferred: 'count', failed: 'count' },
    },
  },
  fold,
}
