/** The address literals (RFC 5321 §4.1.3) that mean this machine. */
import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'
import type { Listener } from '../config/schema.ts'

const wildcards = new Set(['0.0.0.0', '::'])

/** One spelling of an IP address; IPv4 inside IPv6 is IPv4. @throws Error for what is none */
export const spelled = (address: string): string => ipaddr.process(address).toNormalizedString()

/** The IP address in `[192.0.2.1]` or `[IPv6:2001:db8::1]`; null for what is no literal. */
export const literalAddress = (domain: string): string | null => {
  if (!domain.startsWith('[') || !domain.endsWith(']')) return null
  const inside = domain.slice(1, -1).replace(/^ipv6:/i, '')
  return ipaddr.isValid(inside) ? spelled(inside) : null
}

/** Addresses the listeners take mail on; a wildcard stands for all addresses of this machine. */
export const ownAddresses = (listeners: readonly Pick<Listener, 'address'>[]): ReadonlySet<string> => {
  const given = listeners.map(({ address }) => address)
  const every = given.some((address) => wildcards.has(address))
  const machine = every ? Object.values(networkInterfaces()).flatMap((each) => each ?? []) : []
  const addresses = [...given, ...machine.map(({ address }) => address.replace(/%.*$/, ''))]
  return new Set(addresses.filter((address) => !wildcards.has(address)).map(spelled))
}
