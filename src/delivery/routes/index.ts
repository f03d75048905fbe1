/** Finds where mail for a next hop goes: as configured for its domain, else through the smart host, else as DNS says. */
import { networkInterfaces } from 'node:os'
import { isHostAndPort } from '../../../machines/vocabulary/xroute.ts'
import { asciiDomain } from '../../authentication/spelling.ts'
import type { Config } from '../../config/schema.ts'
import { openResolver, type Resolver } from '../../dns/index.ts'
import type { Routes } from '../port.ts'
import { configuredHops, configuredRoute, hopName } from './configured.ts'
import { directRoute } from './direct.ts'
import { noRoute } from './faults.ts'
import { openLookup } from './lookup.ts'
import { hasGlobalIpv6, type Interfaces, ourselves } from './ourselves.ts'
import { type FetchOptions, policyFetcher } from './sts-fetch.ts'
import { StsStore } from './sts-store.ts'

export { StsStore } from './sts-store.ts'

export type RoutesOptions = {
  /** From 0 up to 1: spreads mail over hosts of equal preference. */
  readonly random?: () => number
  /** Who is asked, instead of a resolver of its own on the name servers of the configuration. */
  readonly resolver?: Resolver
  /** What this machine is reached by. */
  readonly interfaces?: Interfaces
  /** Policies that are known already: they stay in force when a configuration is read again. */
  readonly policies?: StsStore
  /** Where policies are asked for, instead of port 443 of a host that the usual authorities vouch for. */
  readonly policyHosts?: Pick<FetchOptions, 'port' | 'ca' | 'timeout'>
}

const spelled = (nextHop: string): string =>
  nextHop.startsWith('[') || isHostAndPort(nextHop) ? nextHop : asciiDomain(nextHop).replace(/\.$/, '')

/** Asks the name servers of the configuration; a configuration that was read again wants a new one. */
export const createRoutes = (
  config: Config,
  {
    random = Math.random,
    resolver = openResolver(config.dns),
    interfaces = networkInterfaces,
    policies = new StsStore(),
    policyHosts = {},
  }: RoutesOptions = {},
): Routes => {
  const { port, allowPrivate, route, mtaSts } = config.delivery
  const fetch = policyFetcher({ ...policyHosts, allowPrivate })
  const open = (signal: AbortSignal) => openLookup({ resolver, dns: config.dns }, signal)
  const hopFor = configuredHops(config.delivery)
  const ipv6First = (): boolean => hasGlobalIpv6(interfaces)
  return {
    async resolve(nextHop, signal, { tlsOptional = false } = {}) {
      if (signal.aborted) throw noRoute('stopped', nextHop)
      if (route === 'capture') throw noRoute('captured', nextHop)
      const name = spelled(nextHop)
      const hop = hopFor(name)
      const settings = { lookup: open(signal), port, ipv6First }
      if (hop !== null) return configuredRoute(hop, settings)
      return directRoute(name, {
        ...{ ...settings, random, allowPrivate, ourselves: ourselves(config) },
        // RFC 8689 §4.2.2
        policyOf:
          mtaSts && !tlsOptional
            ? (domain) => policies.policyOf(domain, { openLookup: open, fetch, signal })
            : null,
      })
    },
    destination: (nextHop) => {
      const name = spelled(nextHop)
      const hop = hopFor(name)
      return hop === null ? name : hopName(hop)
    },
    login: (nextHop) => hopFor(spelled(nextHop))?.login ?? null,
  }
}
