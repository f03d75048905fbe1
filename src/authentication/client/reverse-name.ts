/** The name of the client's address, and whether it leads back there (RFC 8601 §2.7.3). */
import ipaddr from 'ipaddr.js'
import type { ReverseName } from '../../../machines/vocabulary/findings.ts'
import { DnsFault, type Resolver, saysNothing } from '../../dns/index.ts'
import { reverseName } from '../../dns/reverse.ts'

export type Look = { readonly resolver: Resolver; readonly signal: AbortSignal }

/** Whoever owns the address can give it any number of names. */
const mostNames = 5

/** Names of hosts, which may stand in a header and a log line as they are; an underscore is against the rules and often there. */
const hostName =
  /^(?=.{1,253}$)[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?(?:\.[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?)*$/

const same = (one: string, other: string): boolean =>
  ipaddr.process(one).toNormalizedString() === ipaddr.process(other).toNormalizedString()

type Confirmed = 'yes' | 'no' | 'unknown'

const leadsBack = async (name: string, address: string, { resolver, signal }: Look): Promise<Confirmed> => {
  const type = ipaddr.process(address).kind() === 'ipv4' ? 'A' : 'AAAA'
  try {
    const found = await resolver.resolve(name, type, { signal })
    return found.some((each) => same(each, address)) ? 'yes' : 'no'
  } catch (error) {
    if (!(error instanceof DnsFault)) throw error
    return saysNothing(error) ? 'no' : 'unknown'
  }
}

const namesOf = async (
  address: string,
  { resolver, signal }: Look,
): Promise<readonly string[] | 'temperror'> => {
  try {
    const found = await resolver.resolve(reverseName(address), 'PTR', { signal })
    return [...new Set(found.map((name) => name.toLowerCase()))]
  } catch (error) {
    if (!(error instanceof DnsFault)) throw error
    return saysNothing(error) ? [] : 'temperror'
  }
}

/** `address` without a zone index. Never rejects for what DNS does; ends with the signal. */
export const findReverseName = async (address: string, look: Look): Promise<ReverseName> => {
  const found = await namesOf(address, look)
  if (found === 'temperror') return { result: 'temperror', name: null }
  if (found.length === 0) return { result: 'missing', name: null }
  const names = found.filter((name) => hostName.test(name)).slice(0, mostNames)
  const confirmed = await Promise.all(names.map((name) => leadsBack(name, address, look)))
  const first = confirmed.indexOf('yes')
  if (first !== -1) return { result: 'confirmed', name: names[first]! }
  return { result: confirmed.includes('unknown') ? 'temperror' : 'unconfirmed', name: names[0] ?? null }
}
