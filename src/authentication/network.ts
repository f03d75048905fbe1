/** Whom an address is counted as. */
import ipaddr from 'ipaddr.js'

/**
 * IPv4: the address. IPv6: its /64, since whoever has one such address has all of them. Anything else, as it is.
 */
export const networkOf = (address: string): string => {
  const plain = address.replace(/%.*$/, '')
  if (!ipaddr.isValid(plain)) return address
  const parsed = ipaddr.process(plain)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  const groups = parsed.toNormalizedString().split(':').slice(0, 4)
  return `${groups.join(':')}::/64`
}
