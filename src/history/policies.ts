/** The policies that governed recorded actors, from their streams: `policy-<hash>` with one `PolicyAdopted`. */
import type { StoredEvent } from '../log/port.ts'

export { policyStream, readPolicy } from '../policies.ts'

/** What a history has to have beside its streams: the policy with this hash, or undefined when it is not there. */
export type PolicyOf = (hash: string) => unknown

/** The hash of the policy that governs a stream, by its first event; null where the machine has none. */
export const policyHashOf = ({ data }: StoredEvent): string | null =>
  typeof data.policy === 'string' ? data.policy : null
