/** The ways that the configuration names: by domain, or one for all. */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Route } from '../../../machines/vocabulary/events.ts'
import { isHostAndPort } from '../../../machines/vocabulary/xroute.ts'
import { asciiDomain } from '../../authentication/spelling.ts'
import {
  type NextHop,
  type NextHopSection,
  type ParsedHop,
  parseHopSection,
  parseNextHop,
  parseRelay,
} from '../../config/next-hop.ts'
import type { Config } from '../../config/schema.ts'
import { noRoute } from './faults.ts'
import { type Reach, remoteHosts } from './hosts.ts'
import { isNothing, type Lookup, LookupFailed, lookupFault } from './lookup.ts'

export type ConfiguredHop = NextHop & { readonly kind: 'route' | 'smarthost' }

type Delivery = Config['delivery']

/** The schema has looked at these before. */
const taken = (parsed: ParsedHop): NextHop => {
  if ('wrong' in parsed) throw new TypeError(parsed.wrong)
  return parsed.value
}

const hopOf = (written: string | NextHopSection): ConfiguredHop => ({
  ...taken(typeof written === 'string' ? parseNextHop(written) : parseHopSection(written)),
  kind: 'route',
})

/** A host and port that somebody gave instead of a domain; null where it is none after all. */
const givenHop = (nextHop: string): ConfiguredHop | null => {
  const parsed = parseNextHop(nextHop)
  return 'wrong' in parsed ? null : { ...parsed.value, kind: 'route' }
}

/** `a.b.example` -> `*.b.example`, `*.example`. */
const parents = (domain: string): readonly string[] =>
  domain.split('.').flatMap((_, at, labels) => (at === 0 ? [] : [`*.${labels.slice(at).join('.')}`]))

const keyOf = (name: string): string =>
  name.startsWith('*.') ? `*.${asciiDomain(name.slice(2))}` : asciiDomain(name)

/**
 * Finds the hop that is configured for a domain in A-labels: its own, that of the nearest name above it, the smart host; or null.
 * An address literal has no names above it.
 */
export const configuredHops = (delivery: Delivery): ((nextHop: string) => ConfiguredHop | null) => {
  const routes = new Map(Object.entries(delivery.routes).map(([name, hop]) => [keyOf(name), hopOf(hop)]))
  const smarthost: ConfiguredHop | null =
    delivery.route === 'smarthost' && delivery.smarthost !== undefined
      ? { ...taken(parseRelay(delivery.smarthost)), kind: 'smarthost' }
      : null
  return (nextHop) => {
    if (isHostAndPort(nextHop)) return givenHop(nextHop)
    const names = nextHop.startsWith('[') ? [] : [nextHop, ...parents(nextHop)]
    const named = names.find((name) => routes.has(name))
    return (named === undefined ? undefined : routes.get(named)) ?? smarthost
  }
}

/** What a hop is called: who reaches the same host in the same way and as the same client shares its connections. */
export const hopName = ({ protocol, host, port, tls, login }: ConfiguredHop): string => {
  const scheme = tls === 'implicit' ? 'smtps://' : protocol === 'lmtp' ? 'lmtp://' : ''
  const user = login === null ? '' : `${login.user}@`
  const place = `${isIP(host) === 6 ? `[${host}]` : host}${port === null ? '' : `:${port}`}`
  const asked = tls === null || tls === 'implicit' ? '' : ` (tls ${tls})`
  return `${scheme}${user}${place}${asked}`
}

/** RFC 6761 §6.3 */
const isLocalName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost')

const isLoopback = (host: string): boolean =>
  isLocalName(host) || (isIP(host) !== 0 && ipaddr.process(host).range() === 'loopback')

/** A password does not go in clear over a network unless somebody asked for it. */
const tlsOf = ({ tls, kind, login, host }: ConfiguredHop): Route['tls'] => {
  if (tls !== null) return tls
  const isConfidential = kind === 'smarthost' || login !== null
  return isConfidential && !isLoopback(host) ? 'required' : 'opportunistic'
}

const addressesOf = async (host: string, lookup: Lookup): Promise<readonly string[]> => {
  if (isIP(host) !== 0) return [host]
  if (isLocalName(host)) return ['127.0.0.1', '::1']
  try {
    return await lookup.addresses(host)
  } catch (error) {
    if (!(error instanceof LookupFailed)) throw error
    throw isNothing(error) ? noRoute('host-not-found', host) : lookupFault(error, host)
  }
}

/** `port` is for a hop that names none. */
export type ConfiguredOptions = Reach & {
  readonly lookup: Lookup
}

/** The person who wrote it knows where it leads: neither loops nor private addresses are looked for. @throws NoRoute */
export const configuredRoute = async (hop: ConfiguredHop, options: ConfiguredOptions): Promise<Route> => {
  const { kind, protocol, host } = hop
  const addresses = await addressesOf(host, options.lookup)
  const hosts = remoteHosts([{ name: host, addresses }], {
    port: hop.port ?? options.port,
    ipv6First: options.ipv6First,
  })
  return { kind, protocol, tls: tlsOf(hop), hosts }
}
