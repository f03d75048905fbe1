/** How often each way through a machine was taken, and how long it took. */
import type { DatabaseSync } from 'node:sqlite'
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

const flow = `
  SELECT machine, "from", "to", input, count, time FROM flow
  WHERE :machine IS NULL OR machine = :machine
  ORDER BY machine, "from", "to", input
`

export const askFlow = (db: DatabaseSync, machine?: string): readonly Flow[] =>
  allRows<Flow>(db, flow, { machine: machine ?? null })
