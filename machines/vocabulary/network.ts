/** The network an address lies in, as far as its neighbours are taken for the same people: IPv4 /24, IPv6 /64. */
import { octetsOf } from './within.ts'

const hex = (high = 0, low = 0): string => (high * 256 + low).toString(16)

/** `192.0.2.0/24`, `2001:db8:0:1::/64`; what is no address, as it is. */
export const networkAround = (address: string): string => {
  const octets = octetsOf(address)
  if (octets === null) return address
  if (octets.length === 4) return `${octets[0]}.${octets[1]}.${octets[2]}.0/24`
  const groups = [0, 2, 4, 6].map((at) => hex(octets[at], octets[at + 1]))
  return `${groups.join(':')}::/64`
}
