/** What networks and their senders did, as people ask for it, and as the server does before it lets a stranger in. */
import type { DatabaseSync } from 'node:sqlite'
import { type Day, faults } from '../../../projections/karma.ts'
import { allRows } from '../database.ts'

/** Times in milliseconds since 1970. */
export type NetworkDay = Day & {
  readonly network: string
  readonly putOff: number
  readonly firstAt: number
  readonly lastAt: number
}
export type Acquainted = {
  readonly network: string
  readonly sender: string
  readonly putOffAt: number | null
  readonly accepted: number
  readonly lastAt: number
  /** It is forgotten then, unless it is seen before. */
  readonly forgetAt: number
}

const columns = `network, day, accepted, ${faults.join(', ')}, putOff, firstAt, lastAt`
const allDays = `SELECT ${columns} FROM reputation_days ORDER BY network, day`
export const daysOfNetwork = `SELECT ${columns} FROM reputation_days WHERE network = :network ORDER BY day`
const acquaintancesOf = `
  SELECT network, sender, putOffAt, accepted, lastAt, forgetAt FROM acquaintances
  WHERE network = :network ORDER BY lastAt DESC, sender LIMIT :limit
`
export const acquaintanceOf = `
  SELECT putOffAt, accepted, forgetAt FROM acquaintances WHERE network = :network AND sender = :sender
`

/** By network, each with its days. */
export const askNetworks = (db: DatabaseSync): ReadonlyMap<string, readonly NetworkDay[]> =>
  Map.groupBy(allRows<NetworkDay>(db, allDays), ({ network }) => network)

export const askNetworkDays = (db: DatabaseSync, network: string): readonly NetworkDay[] =>
  allRows<NetworkDay>(db, daysOfNetwork, { network })

/** The newest first. */
export const askAcquaintances = (db: DatabaseSync, network: string, limit: number): readonly Acquainted[] =>
  allRows<Acquainted>(db, acquaintancesOf, { network, limit })
