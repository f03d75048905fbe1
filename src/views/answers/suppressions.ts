/** Addresses elsewhere that are not written to, as people ask for them, and as the courier does. */
import type { DatabaseSync } from 'node:sqlite'
import { allRows } from '../database.ts'

/** Times in milliseconds since 1970. */
export type Suppression = {
  readonly address: string
  /** Answers that said that it does not exist, one after the other. */
  readonly failures: number
  /** When the last of them came, and what it said; null where somebody put the address here. */
  readonly at: number | null
  readonly enhanced: string | null
  readonly reply: string | null
  readonly delivery: string | null
  readonly addedAt: number | null
  readonly by: string | null
}
/** Of the configuration: `delivery.suppress`. */
export type Suppressing = { readonly after: number; readonly for: number }

const columns = 'address, failures, at, enhanced, reply, delivery, addedAt, "by"'
const every = `SELECT ${columns} FROM suppressions ORDER BY coalesce(addedAt, at) DESC, address`
/** `:address` as `addressKey` has it. */
export const suppressionOf = `SELECT ${columns} FROM suppressions WHERE address = :address`

/** The newest first. */
export const askSuppressions = (db: DatabaseSync): readonly Suppression[] => allRows<Suppression>(db, every)

export const askSuppression = (db: DatabaseSync, address: string): Suppression | null =>
  allRows<Suppression>(db, suppressionOf, { address })[0] ?? null

/** Until when it holds: milliseconds since 1970, null for ever; undefined where it does not. */
export const heldUntil = (
  { failures, at, addedAt }: Suppression,
  suppressing: Suppressing,
): number | null | undefined => {
  if (addedAt !== null) return null
  return at !== null && failures >= suppressing.after ? at + suppressing.for : undefined
}

export const isSuppressed = (row: Suppression, suppressing: Suppressing, now: number): boolean => {
  const until = heldUntil(row, suppressing)
  return until !== undefined && (until === null || until > now)
}
