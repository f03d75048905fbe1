/** Addresses as names: back to front, as the tree of names wants them. */
import ipaddr from 'ipaddr.js'

/** `1.2.0.192`; for IPv6 one label for each nibble (RFC 3596 §2.5, RFC 5782 §2.4). IPv4 inside IPv6 is IPv4. */
export const reversedLabels = (address: string): string => {
  const parsed = ipaddr.process(address)
  const bytes = parsed.toByteArray().toReversed()
  if (parsed.kind() === 'ipv4') return bytes.join('.')
  return bytes.flatMap((byte) => [byte & 15, byte >> 4].map((nibble) => nibble.toString(16))).join('.')
}

/** `25.2.0.192.in-addr.arpa` (RFC 1035 §3.5), nibbles in `ip6.arpa` (RFC 3596 §2.5). */
export const reverseName = (address: string): string =>
  `${reversedLabels(address)}.${ipaddr.process(address).kind() === 'ipv4' ? 'in-addr' : 'ip6'}.arpa`
