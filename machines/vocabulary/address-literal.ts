/** Address literals (RFC 5321 §4.1.3): `[192.0.2.1]`, `[IPv6:2001:db8::1]`. No other tag is registered for mail. */

const group = /^[0-9a-f]{1,4}$/i
const octet = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])'
const ipv4 = new RegExp(`^${octet}(?:\\.${octet}){3}$`)

/** Four decimal octets. A leading zero is refused: some read it as octal. */
export const isIPv4 = (text: string): boolean => ipv4.test(text)

/** How many 16-bit groups `text` writes out, or NaN when one of them is none. The last may be an IPv4 address. */
const groups = (text: string, { tail }: { tail: boolean }): number => {
  if (text === '') return 0
  const parts = text.split(':', 9)
  const last = parts.at(-1) ?? ''
  const embedded = tail && last.includes('.')
  if (embedded && !isIPv4(last)) return Number.NaN
  const plain = embedded ? parts.slice(0, -1) : parts
  return plain.every((part) => group.test(part)) ? plain.length + (embedded ? 2 : 0) : Number.NaN
}

/** RFC 4291 §2.2, all three forms; no zone index. */
export const isIPv6 = (text: string): boolean => {
  if (text.length > 45) return false
  const gap = text.indexOf('::')
  if (gap === -1) return groups(text, { tail: true }) === 8
  const head = groups(text.slice(0, gap), { tail: false })
  return head + groups(text.slice(gap + 2), { tail: true }) <= 7
}

/** Whether `text`, with its brackets, is an address literal a mail address or a HELO may hold. */
export const isAddressLiteral = (text: string): boolean => {
  if (!text.startsWith('[') || !text.endsWith(']')) return false
  const inside = text.slice(1, -1)
  return /^ipv6:/i.test(inside) ? isIPv6(inside.slice(5)) : isIPv4(inside)
}
