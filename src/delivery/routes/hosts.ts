/** From names and addresses to the hosts of a route, in the order in which they are tried. */
import { isIPv6 } from 'node:net'
import tools from 'mx-connect/lib/tools.js'
import type { RemoteHost } from '../../../machines/vocabulary/events.ts'

/** RFC 5321 §5.1: a limit may be set on the addresses that are tried. */
const mostHosts = 10
/** One host with many addresses leaves room for the others. RFC 5321 §5.1: at least two should be tried. */
const mostOfOne = 4

export type NamedHost = { readonly name: string; readonly addresses: readonly string[] }

const halves = (addresses: readonly string[]): { readonly v4: string[]; readonly v6: string[] } => ({
  v4: addresses.filter((address) => !isIPv6(address)),
  v6: addresses.filter((address) => isIPv6(address)),
})

/** The better family first; where there are both, each keeps half of the room. */
const ordered = (addresses: readonly string[], { ipv6First }: { readonly ipv6First: boolean }): string[] => {
  const { v4, v6 } = halves(addresses)
  const [first, second] = ipv6First ? [v6, v4] : [v4, v6]
  const room = first.length > 0 && second.length > 0 ? mostOfOne / 2 : mostOfOne
  return [...first.slice(0, room), ...second.slice(0, room)]
}

export const remoteHosts = (
  hosts: readonly NamedHost[],
  { port, ipv6First }: { readonly port: number; readonly ipv6First: boolean },
): readonly RemoteHost[] =>
  hosts
    .flatMap(({ name, addresses }) =>
      ordered(addresses, { ipv6First }).map((address) => ({ name, address, port })),
    )
    .slice(0, mostHosts)

/**
 * Whether strangers may make us connect to this address: never to what can be no host; to loopback and private networks,
 * whether written as IPv4 or hidden in IPv6, and to addresses of this machine only where that is allowed.
 */
export const isAllowed = (address: string, { allowPrivate }: { readonly allowPrivate: boolean }): boolean =>
  tools.isInvalid({ dnsOptions: { blockLocalAddresses: !allowPrivate } }, address) === false
