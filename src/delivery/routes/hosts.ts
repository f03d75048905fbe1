/** From names and addresses to the hosts of a route, in the order in which they are tried. */
import { isIPv6 } from 'node:net'
import tools from 'mx-connect/lib/tools.js'
import type { RemoteHost } from '../../../machines/vocabulary/events.ts'

/** RFC 5321 §5.1: a limit may be set on the addresses that are tried. */
const mostHosts = 10
/** One host with many addresses leaves room for the others. RFC 5321 §5.1: at least two should be tried. */
const mostOfOne = 4

export type NamedHost = {
  readonly name: string
  readonly addresses: readonly string[]
  readonly preference?: number
}

const halves = (addresses: readonly string[]): { readonly v4: string[]; readonly v6: string[] } => ({
  v4: addresses.filter((address) => !isIPv6(address)),
  v6: addresses.filter((address) => isIPv6(address)),
})

/** How hosts are reached; `ipv6First` is asked only where a host has both families, since it takes a look at this machine. */
export type Reach = { readonly port: number; readonly ipv6First: () => boolean }

/** The better family first; where there are both, each keeps half of the room. */
const ordered = (
  addresses: readonly string[],
  { ipv6First }: Pick<Reach, 'ipv6First'>,
): readonly string[] => {
  const { v4, v6 } = halves(addresses)
  if (v4.length === 0 || v6.length === 0) return addresses.slice(0, mostOfOne)
  const [first, second] = ipv6First() ? [v6, v4] : [v4, v6]
  return [...first.slice(0, mostOfOne / 2), ...second.slice(0, mostOfOne / 2)]
}

export const remoteHosts = (hosts: readonly NamedHost[], { port, ipv6First }: Reach): readonly RemoteHost[] =>
  hosts
    .flatMap(({ name, addresses, preference }) =>
      ordered(addresses, { ipv6First }).map((address) => ({
        ...{ name, address, port },
        ...(preference !== undefined && { preference }),
      })),
    )
    .slice(0, mostHosts)

/**
 * Whether strangers may make us connect to this address: never to what can be no host; to loopback and private networks,
 * whether written as IPv4 or hidden in IPv6, and to addresses of this machine only where that is allowed.
 */
export const isAllowed = (address: string, { allowPrivate }: { readonly allowPrivate: boolean }): boolean =>
  tools.isInvalid({ dnsOptions: { blockLocalAddresses: !allowPrivate } }, address) === false
