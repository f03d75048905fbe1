/** What a domain asks of those who send it mail (RFC 8461): read from its TXT record and its policy, and applied to its hosts. */
import mtaSts from 'mailauth/lib/mta-sts.js'
import type { RoutePolicy } from '../../../machines/vocabulary/events.ts'
import type { Lookup } from './lookup.ts'

export type StsPolicy = {
  /** As its TXT record named it when it was fetched. */
  readonly id: string
  readonly mode: RoutePolicy['mode']
  /** Host names; `*.` in front stands for one label. */
  readonly mx: readonly string[]
  /** Seconds for which it holds. */
  readonly maxAge: number
}

/**
 * The id that the domain (in A-labels) publishes; null where it publishes none that is usable: no record, several, or one that is malformed
 * (RFC 8461 §3.1).
 * @throws LookupFailed where DNS cannot say
 */
export const publishedId = async (domain: string, lookup: Lookup): Promise<string | null> => {
  try {
    const resolver = (name: string): Promise<readonly unknown[]> => lookup.records(name, 'TXT')
    return (await mtaSts.resolvePolicy(domain, { strict: true, resolver })) || null
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'multi_sts_records') return null
    throw error
  }
}

/** RFC 8461 §3.2. @throws Error with what is wrong with the text */
export const readPolicy = (id: string, text: string): StsPolicy => {
  const { mode, mx = [], maxAge } = mtaSts.parsePolicy(text, { strict: true })
  return { id, mode, mx, maxAge }
}

/** RFC 8461 §4.1 */
const names = ({ mode, mx }: StsPolicy, host: string): boolean =>
  mode === 'none' || mtaSts.validateMx(host, { mode, mx }).valid

/** The hosts that mail may be given to under `policy`, and those it does not name. */
export const underPolicy = <Host extends { readonly name: string }>(
  hosts: readonly Host[],
  policy: StsPolicy | null,
): { readonly usable: readonly Host[]; readonly unmatched: readonly string[] } => {
  if (policy === null) return { usable: hosts, unmatched: [] }
  const unmatched = hosts.filter(({ name }) => !names(policy, name))
  return {
    // RFC 8461 §5: in testing mode mail goes where it would go without a policy.
    usable: policy.mode === 'enforce' ? hosts.filter((host) => !unmatched.includes(host)) : hosts,
    unmatched: unmatched.map(({ name }) => name),
  }
}
