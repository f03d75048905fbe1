/** What this machine is called and reached by: for finding loops, and for choosing between IPv4 and IPv6. */
import type { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'
import { ownAddresses } from '../../authentication/own-literals.ts'
import { asciiDomain } from '../../authentication/spelling.ts'
import type { Config } from '../../config/schema.ts'

export type Interfaces = typeof networkInterfaces

export type Ourselves = {
  isOurName(host: string): boolean
  /** Whether mail sent to this address comes in at our own listener. */
  isOurAddress(address: string): boolean
}

/** Other servers are reached on one port; only a listener on the same one can be met there. */
export const ourselves = ({
  hostname,
  listeners,
  delivery,
}: Pick<Config, 'hostname' | 'listeners' | 'delivery'>): Ourselves => {
  const name = asciiDomain(hostname)
  const met = listeners.filter(({ service, port }) => service === 'mx' && port === delivery.port)
  const own = met.length === 0 ? new Set<string>() : ownAddresses(met)
  return {
    isOurName: (host) => asciiDomain(host) === name,
    isOurAddress: (address) => own.has(ipaddr.process(address).toNormalizedString()),
  }
}

const isGlobal = (address: string): boolean => {
  const plain = address.replace(/%.*$/, '')
  return ipaddr.isValid(plain) && ipaddr.parse(plain).range() === 'unicast'
}

/** Whether this machine has an IPv6 address that the world can answer to. */
export const hasGlobalIpv6 = (interfaces: Interfaces): boolean =>
  Object.values(interfaces())
    .flatMap((each) => each ?? [])
    .some(({ family, address }) => family === 'IPv6' && isGlobal(address))
