/** Which of some networks an address belongs to. */
import { BlockList, isIP } from 'node:net'

/**
 * Whether an address is in one of these networks (`192.0.2.0/24`, or a lone address). IPv4 within IPv6 is IPv4; what is no
 * address, as of a socket that is gone, is in none.
 */
export const membersOf = (networks: readonly string[]): ((address: string) => boolean) => {
  if (networks.length === 0) return () => false
  const list = new BlockList()
  for (const network of networks) {
    const [address, prefix] = network.split('/') as [string, string | undefined]
    const family = address.includes(':') ? 'ipv6' : 'ipv4'
    list.addSubnet(address, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family)
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}
