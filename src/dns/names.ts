/** Names as people write them, and as they stand in a message. */

/** RFC 1035 §2.3.4 */
const longestLabel = 63
/** With the octets that say how long each label is, and the one of the root: 253 characters where nothing is escaped. */
const longestName = 255

const backslash = 0x5c
const dot = 0x2e

const isDigit = (octet: number | undefined): boolean => octet !== undefined && octet >= 0x30 && octet <= 0x39

type Escaped = { readonly octet: number; readonly length: number }

/** RFC 1035 §5.1: `\DDD` is an octet by its number, `\X` the character itself. Null for what is neither. */
const escapedAt = (text: Buffer, at: number): Escaped | null => {
  const next = text[at + 1]
  if (next === undefined) return null
  if (!isDigit(next)) return { octet: next, length: 2 }
  const digits = text.toString('latin1', at + 1, at + 4)
  const octet = Number(digits)
  return /^\d{3}$/.test(digits) && octet <= 255 ? { octet, length: 4 } : null
}

/** Labels of a name, or null where an escape is none. */
const labelsOf = (text: Buffer): readonly (readonly number[])[] | null => {
  const labels: number[][] = [[]]
  for (let at = 0; at < text.length; ) {
    const octet = text[at]!
    const escaped = octet === backslash ? escapedAt(text, at) : { octet, length: 1 }
    if (escaped === null) return null
    if (octet === dot) labels.push([])
    else labels.at(-1)!.push(escaped.octet)
    at += escaped.length
  }
  if (labels.at(-1)!.length === 0) labels.pop()
  return labels
}

/**
 * The octets of a name (RFC 1035 §3.1), nothing compressed; `.` is the root. Null where no name can be so: a label over 63 octets,
 * an empty one in the middle, more than 255 octets in all, an escape that is none, nothing.
 */
export const wireName = (text: string): Buffer | null => {
  if (text === '.') return Buffer.of(0)
  // No escape makes four characters out of fewer than one octet: what is longer than this cannot fit.
  if (text === '' || text.length > longestName * 4) return null
  const labels = labelsOf(Buffer.from(text))
  if (labels === null || labels.length === 0) return null
  if (labels.some(({ length }) => length === 0 || length > longestLabel)) return null
  const octets = Buffer.from([...labels.flatMap((label) => [label.length, ...label]), 0])
  return octets.length <= longestName ? octets : null
}

/** Upper-case ASCII letters made small, all other octets as they are (RFC 4343). */
export const withoutCase = (octets: Buffer): Buffer =>
  octets.map((octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet)) as Buffer

/**
 * A name out of a message for people and for asking again: printable ASCII without spaces, all other octets escaped. The library that
 * takes messages apart does not say which dots stood inside a label; they separate here.
 */
export const printedName = (decoded: string): string =>
  decoded === '.'
    ? ''
    : Array.from(Buffer.from(decoded), (octet) => {
        if (octet === backslash) return '\\\\'
        return octet > 0x20 && octet < 0x7f
          ? String.fromCharCode(octet)
          : `\\${String(octet).padStart(3, '0')}`
      }).join('')
