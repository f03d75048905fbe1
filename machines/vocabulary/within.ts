/** What lies within what: an address in a network (`192.0.2.0/24`, `2001:db8::/32`, a lone address), a name under a domain. */
import { isIPv4, isIPv6 } from './address-literal.ts'

let last: { readonly text: string; readonly octets: readonly number[] | null } = { text: '', octets: null }

/**
 * The 4 or 16 octets of an address; IPv4 within IPv6 is IPv4, a zone index is left away. Null for what is none. Many rules ask of
 * one client: it is read once.
 */
export const octetsOf = (text: string): readonly number[] | null => {
  if (last.text !== text) last = { text, octets: readOctets(text) }
  return last.octets
}

const readOctets = (text: string): readonly number[] | null => {
  const bare = text.includes('%') ? text.replace(/%.*$/, '') : text
  if (isIPv4(bare)) return bare.split('.').map(Number)
  if (!isIPv6(bare)) return null
  const octets = sixteen(bare)
  return octets.slice(0, 12).every((octet, at) => octet === (at < 10 ? 0 : 255)) ? octets.slice(12) : octets
}

const sixteen = (text: string): number[] => {
  const [head = '', tail] = text.split('::')
  const first = groupsOf(head)
  if (tail === undefined) return first
  const last = groupsOf(tail)
  return [...first, ...Array<number>(16 - first.length - last.length).fill(0), ...last]
}
const groupsOf = (text: string): number[] => (text === '' ? [] : text.split(':').flatMap(groupOctets))
const groupOctets = (group: string): number[] => {
  if (group.includes('.')) return group.split('.').map(Number)
  const value = Number.parseInt(group, 16)
  return [value >> 8, value & 255]
}

/** Whether an address is in the network; what is no address is in none. @throws RangeError for what is no network */
export const networkTest = (network: string): ((address: string) => boolean) => {
  const [start = '', prefix] = network.split('/')
  const octets = octetsOf(start)
  if (octets === null) throw new RangeError(`${network} is no network`)
  // Of IPv4 within IPv6 the first 96 bits are said already.
  const mapped = octets.length === 4 && start.includes(':') ? 96 : 0
  const bits = prefix === undefined ? octets.length * 8 : Number(prefix) - mapped
  if (!(bits >= 0 && bits <= octets.length * 8)) throw new RangeError(`${network} is no network`)
  return (address) => {
    const asked = octetsOf(address)
    return asked !== null && asked.length === octets.length && sameBits(asked, octets, bits)
  }
}

const sameBits = (one: readonly number[], other: readonly number[], bits: number): boolean => {
  const whole = bits >> 3
  for (let at = 0; at < whole; at++) if (one[at] !== other[at]) return false
  const left = 8 - (bits & 7)
  return left === 8 || one[whole]! >> left === other[whole]! >> left
}

/** Whether `name` is the domain or below it; both in lower case. */
export const isWithin = (name: string, domain: string): boolean =>
  name === domain || name.endsWith(`.${domain}`)
