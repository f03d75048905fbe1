/**
 * XROUTE, of our own and for playgrounds only: `MAIL FROM:<...> XROUTE=direct` or `XROUTE=HOST:PORT` has one mail really leave, to the
 * mail hosts of each recipient's domain or to one host. It is offered to peers on the same machine.
 */
import { splitAddress } from './address.ts'
import { isAddressLiteral } from './address-literal.ts'
import type { Peer, Place } from './events.ts'

const hostAndPort =
  /^(?:\[(?<v6>[0-9a-f:.]{2,45})\]|[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?):(?<port>[0-9]{1,5})$/i

/** `relay.example.net:2525`, `127.0.0.1:2525`, `[::1]:2525`; as a next hop it cannot be taken for a domain or an address literal. */
export const isHostAndPort = (text: string): boolean => {
  const { v6, port } = hostAndPort.exec(text)?.groups ?? {}
  if (v6 !== undefined && !isAddressLiteral(`[IPv6:${v6}]`)) return false
  return port !== undefined && Number(port) > 0 && Number(port) <= 65_535
}

/** `direct` or a host with its port, in lower case; undefined for anything else. */
export const parseRoute = (text: string): string | undefined => {
  const route = text.toLowerCase()
  return route === 'direct' || isHostAndPort(route) ? route : undefined
}

/** Where a recipient's mail goes under `route`, whatever the directory said; an address without a domain stays here. */
export const placeUnder = (
  route: string | undefined,
  { recipient, place }: { readonly recipient: string; readonly place: Place },
): Place => {
  const { domain } = splitAddress(recipient)
  if (route === undefined || domain === '') return place
  return { kind: 'foreign', nextHop: route === 'direct' ? domain.toLowerCase() : route }
}

/** Whether it is on this machine, as far as its address says. */
export const isOnLoopback = ({ address }: Pick<Peer, 'address'>): boolean =>
  /^(?:::ffff:)?127\./i.test(address) || address === '::1'
