/** Which policies came into force, as the commands ask for it. */
import type { DatabaseSync } from 'node:sqlite'
import type { PolicyChanged } from '../../../machines/vocabulary/events.ts'
import { allRows } from '../database.ts'

/** `at` in milliseconds since 1970. */
export type PolicyChange = PolicyChanged & { readonly at: number }

/** Ids begin with the time: they part what was said in one millisecond. */
const every = `SELECT service, node, policy, at FROM policy_changes ORDER BY at, id`

/** The oldest first. */
export const askPolicyChanges = (db: DatabaseSync): readonly PolicyChange[] =>
  allRows<PolicyChange>(db, every)
