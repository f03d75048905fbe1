/** The policies that governed recorded actors, from their streams: `policy-<hash>` with one `PolicyAdopted`. */
import type { LogReader, StoredEvent } from '../log/port.ts'

/** What a history has to have beside its streams: the policy with this hash, or undefined when it is not there. */
export type PolicyOf = (hash: string) => unknown

/** The hash of the policy that governs a stream, by its first event; null where the machine has none. */
export const policyHashOf = ({ data }: StoredEvent): string | null =>
  typeof data.policy === 'string' ? data.policy : null

export const policyStream = (hash: string): string => `policy-${hash}`

/** The policy recorded in a stream, or undefined when the stream is not there. */
export const readPolicy = async (log: Pick<LogReader, 'readStream'>, hash: string): Promise<unknown> => {
  for await (const page of log.readStream(policyStream(hash), { limit: 1 }))
    for (const { type, data } of page) if (type === 'PolicyAdopted') return data.policy
  return undefined
}
