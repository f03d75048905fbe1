/** What the view of deliveries holds, for holding it against the log. */
import type { DeliveryBooks, Fate } from '../history/ledger.ts'
import { type Opened, openBooks } from './books.ts'

const isOwed = `SELECT 1 FROM unrouted WHERE message = ?1 AND nextHop = ?2`
/**
 * A recipient has an ending when it was refused or taken, or its delivery ended. A notice to come counts as made, and so does
 * one that was dropped, which the log says why; each by the attempt after which this recipient was to stand in it.
 */
const standing = `
  SELECT (d.finishedAt IS NULL AND r.status NOT IN ('delivered', 'failed')) AS goesOn,
    (r.status = 'failed' OR d.status IN ('failed', 'expired') AND r.status <> 'delivered') AS failed,
    EXISTS (SELECT 1 FROM notices WHERE delivery = d.id AND kind = 'failed' AND attempt = r.toldAfter)
      OR EXISTS (SELECT 1 FROM notices_due WHERE delivery = d.id AND kind = 'failed' AND attempt = r.toldAfter)
      AS told
  FROM deliveries AS d JOIN delivery_recipients AS r ON r.delivery = d.id AND r.address = ?3
  WHERE d.message = ?1 AND d.nextHop = ?2
`

export type OpenDeliveryBooks = DeliveryBooks & Opened

type Standing = { readonly goesOn: number; readonly failed: number; readonly told: number }

const fateOf = ({ goesOn, failed, told }: Standing): Fate => {
  if (goesOn) return 'going on'
  if (!failed) return 'ended well'
  return told ? 'failed and told' : 'failed and not told'
}

/** Null where the view is not there. */
export const openDeliveryBooks = (directory: string): OpenDeliveryBooks | null =>
  openBooks(directory, 'deliveries', (database) => {
    const owed = database.prepare(isOwed)
    const found = database.prepare(standing)
    return {
      fate: (message: string, nextHop: string, address: string) => {
        const row = found.get(message, nextHop, address) as Standing | undefined
        if (row !== undefined) return fateOf(row)
        return owed.get(message, nextHop) === undefined ? null : 'owed'
      },
    }
  })
