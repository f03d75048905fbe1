/** How often each way through a machine was taken, and how long it took; and where its actors are now. */
import type { DatabaseSync } from 'node:sqlite'
import { slotLength } from '../../../projections/state-flow.ts'
import { allRows } from '../database.ts'

export type Flow = {
  readonly machine: string
  readonly from: string
  readonly to: string
  readonly input: string
  readonly count: number
  /** Milliseconds spent in `from` before it was left this way, all together. */
  readonly time: number
}
/** Milliseconds since 1970. */
export type Period = { readonly since?: number | undefined; readonly until?: number | undefined }
/** Actors that have come to a state and not left it: of a final one, all there ever were. */
export type InState = { readonly state: string; readonly count: number }

const flow = `
  SELECT machine, "from", "to", input, count, time FROM flow
  WHERE :machine IS NULL OR machine = :machine
  ORDER BY machine, "from", "to", input
`
const within = `
  SELECT machine, "from", "to", input, sum(count) AS count, sum(time) AS time FROM flow_slots
  WHERE machine = :machine AND slot BETWEEN :first AND :last
  GROUP BY machine, "from", "to", input ORDER BY machine, "from", "to", input
`
const machines = 'SELECT DISTINCT machine FROM flow ORDER BY machine'
const inStates = 'SELECT state, count FROM flow_states WHERE machine = :machine AND count > 0 ORDER BY state'

/** What is counted of a period: whole slots, from the one it begins in to the one it ends in. Null for no bound. */
export const countedPeriod = ({ since, until }: Period): { since: number | null; until: number | null } => ({
  since: since === undefined ? null : Math.floor(since / slotLength) * slotLength,
  until: until === undefined ? null : (Math.floor(until / slotLength) + 1) * slotLength - 1,
})

export const askFlow = (db: DatabaseSync, machine?: string, period: Period = {}): readonly Flow[] => {
  const { since, until } = period
  if (since === undefined && until === undefined) return allRows<Flow>(db, flow, { machine: machine ?? null })
  const first = since === undefined ? 0 : Math.floor(since / slotLength)
  const last = until === undefined ? Number.MAX_SAFE_INTEGER : Math.floor(until / slotLength)
  const asked = machine === undefined ? allRows<{ machine: string }>(db, machines) : [{ machine }]
  return asked.flatMap((one) => allRows<Flow>(db, within, { machine: one.machine, first, last }))
}

export const askInStates = (db: DatabaseSync, machine: string): readonly InState[] =>
  allRows<InState>(db, inStates, { machine })
