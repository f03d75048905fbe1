/** The network an address lies in, as far as its neighbours are taken for the same people: IPv4 /24, IPv6 /64. */
import { isIPv4, isIPv6 } from './address-literal.ts'

const group = (text: string): number => Number.parseInt(text, 16)

/** The 16-bit groups that `text` writes out, a trailing IPv4 address as two. */
const groupsOf = (text: string): readonly number[] => {
  if (text === '') return []
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [group(part)]
    const [a, b, c, d] = part.split('.').map(Number)
    return [a! * 256 + b!, c! * 256 + d!]
  })
}

/** All eight of them. */
const expanded = (address: string): readonly number[] => {
  const gap = address.indexOf('::')
  if (gap === -1) return groupsOf(address)
  const head = groupsOf(address.slice(0, gap))
  const tail = groupsOf(address.slice(gap + 2))
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail]
}

const aroundIPv4 = (address: string): string => `${address.slice(0, address.lastIndexOf('.'))}.0/24`

const aroundIPv6 = (address: string): string => {
  const groups = expanded(address)
  // RFC 4291 §2.5.5.2: an IPv4 address that a socket for both shows.
  if (groups.slice(0, 5).every((one) => one === 0) && groups[5] === 0xffff) {
    const [high, low] = [groups[6]!, groups[7]!]
    return aroundIPv4(`${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`)
  }
  const prefix = groups
    .slice(0, 4)
    .map((one) => one.toString(16))
    .join(':')
  return `${prefix}::/64`
}

/** `192.0.2.0/24`, `2001:db8:0:1::/64`; what is no address, as it is. */
export const networkAround = (address: string): string => {
  if (isIPv4(address)) return aroundIPv4(address)
  const plain = address.replace(/%.*$/s, '')
  return isIPv6(plain) ? aroundIPv6(plain) : address
}
