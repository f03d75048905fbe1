/** The way that DNS shows: to the hosts of a domain, or to an address that stands in for one. */

import { isAddressLiteral } from '../../../machines/vocabulary/address-literal.ts'
import type { Route, RoutePolicy } from '../../../machines/vocabulary/events.ts'
import { literalAddress } from '../../authentication/own-literals.ts'
import { noRoute } from './faults.ts'
import { isAllowed, type NamedHost, type Reach, remoteHosts } from './hosts.ts'
import { type Lookup, lookupFault } from './lookup.ts'
import { type LocatedHost, locate, mailHosts } from './mail-hosts.ts'
import type { Ourselves } from './ourselves.ts'
import { underPolicy } from './sts-policy.ts'
import type { InForce } from './sts-store.ts'

export type DirectOptions = Reach & {
  readonly lookup: Lookup
  /** From 0 up to 1. */
  readonly random: () => number
  readonly ourselves: Ourselves
  readonly allowPrivate: boolean
  /** The MTA-STS policy of a domain; null where nobody looks for one. */
  readonly policyOf: ((domain: string) => Promise<InForce>) | null
}

const direct = (kind: 'mx' | 'literal', hosts: readonly NamedHost[], options: Reach): Route => ({
  kind,
  protocol: 'smtp',
  tls: 'opportunistic',
  hosts: remoteHosts(hosts, options),
})

const recorded = ({ policy, fault }: InForce, unmatched: readonly string[]): RoutePolicy | null =>
  policy === null && fault === null
    ? null
    : {
        kind: 'mta-sts',
        id: policy?.id ?? '',
        mode: policy?.mode ?? 'none',
        ...(unmatched.length > 0 && { unmatched }),
        ...(fault !== null && { fault }),
      }

const isOurs = ({ name, found }: LocatedHost, { isOurName, isOurAddress }: Ourselves): boolean =>
  isOurName(name) || (found.kind === 'found' && found.addresses.some(isOurAddress))

/** RFC 5321 §5.1: where we are one of the hosts, only those that are preferred to us are of use. */
const beforeUs = (hosts: readonly LocatedHost[], us: Ourselves): readonly LocatedHost[] => {
  const own = hosts.filter((host) => isOurs(host, us)).map(({ preference }) => preference)
  return hosts.filter(({ preference }) => preference < Math.min(...own))
}

const namedHosts = (hosts: readonly LocatedHost[], options: DirectOptions): readonly NamedHost[] =>
  hosts.flatMap(({ name, preference, found }) => {
    const addresses =
      found.kind === 'found' ? found.addresses.filter((address) => isAllowed(address, options)) : []
    return addresses.length === 0 ? [] : [{ name, addresses, preference }]
  })

/** None of `hosts` can be used: why, beginning with what may be otherwise another time. */
const nowhere = (domain: string, hosts: readonly LocatedHost[]) => {
  const failure = hosts.flatMap(({ found }) => (found.kind === 'failed' ? [found.failure] : []))[0]
  if (failure) return lookupFault(failure, domain)
  const refused = hosts.find(({ found }) => found.kind === 'found' || found.kind === 'refused')
  return refused ? noRoute('bad-destination', placeOf(domain, refused)) : noRoute('no-address', domain)
}

const placeOf = (domain: string, { name, found }: LocatedHost): string => {
  const addresses = 'addresses' in found ? found.addresses.map((address) => ` [${address}]`).join('') : ''
  return `${domain} names ${name}${addresses}`
}

const toDomain = async (domain: string, options: DirectOptions): Promise<Route> => {
  const found = mailHosts(domain, options).then((hosts) => locate(hosts, options.lookup))
  const [located, inForce] = await Promise.all([found, options.policyOf?.(domain) ?? noPolicy])
  const useful = beforeUs(located, options.ourselves)
  if (useful.length === 0) throw noRoute('loops-back', domain)
  const { usable, unmatched } = underPolicy(useful, inForce.policy)
  // RFC 8461 §5: rather not at all; another time the domain may have mended its policy, or its records.
  if (usable.length === 0) throw noRoute('mta-sts-mismatch', `${domain} names ${unmatched.join(', ')}`)
  const hosts = namedHosts(usable, options)
  if (hosts.length === 0) throw nowhere(domain, usable)
  const route = direct('mx', hosts, options)
  const policy = recorded(inForce, unmatched)
  if (policy === null) return route
  return { ...route, tls: policy.mode === 'enforce' ? 'required' : 'opportunistic', policy }
}

const noPolicy: InForce = { policy: null, fault: null }

/** RFC 5321 §4.1.3 */
const toLiteral = (literal: string, options: DirectOptions): Route => {
  const address = isAddressLiteral(literal) ? literalAddress(literal) : null
  if (address === null) throw noRoute('bad-literal', literal)
  if (options.ourselves.isOurAddress(address)) throw noRoute('loops-back', literal)
  if (!isAllowed(address, options)) throw noRoute('bad-destination', literal)
  return direct('literal', [{ name: address, addresses: [address] }], options)
}

/** `nextHop` is a domain in A-labels or an address literal. @throws NoRoute */
export const directRoute = async (nextHop: string, options: DirectOptions): Promise<Route> =>
  nextHop.startsWith('[') ? toLiteral(nextHop, options) : await toDomain(nextHop, options)
