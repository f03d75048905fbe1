/** What the log keeps of a message's header (RFC 5322 §3.6), found without parsing the rest. */
import { addressParser, decodeWords } from 'postal-mime'
import { parseAddress, splitAddress } from '../../machines/vocabulary/address.ts'

export type HeaderFacts = {
  /** Decoded, on one line, at most 998 characters; null where the field is missing. So are `from` and `messageId`. */
  readonly subject: string | null
  readonly from: string | null
  readonly messageId: string | null
  /** Whether there is a Date field. */
  readonly date: boolean
  /**
   * Every address in every From field, domain in lower case; one that is no address stays as it was found. Where a
   * field can be read in two ways both are here, so that whoever checks them refuses rather than believes.
   */
  readonly fromAddresses: readonly string[]
  /** How many Received fields: one for each host the mail has passed (RFC 5321 §6.3). */
  readonly receivedLines: number
  /** Addresses of Delivered-To fields, the topmost first, a hundred at most; what is no address is passed over. */
  readonly deliveredTo: readonly string[]
  /** `TLS-Required: No`: what domains ask of their senders is not to be kept to (RFC 8689 §3). */
  readonly tlsOptional: boolean
}

/** Octets looked at. A header beyond that is cut there. */
export const headerWindow = 256 * 1024
const longestFact = 998
/** Octets of a field before decoding: enough for 998 characters in any encoding a person would use. */
const longestRaw = 16 * 1024
/** Octets of all From fields that are parsed; parsing takes time that grows faster than they do. */
const longestFrom = 4 * 1024

/** As many as there may be Received lines by default: a loop is found before. */
const mostDeliveredTo = 100

type Field = 'subject' | 'from' | 'message-id' | 'date' | 'received' | 'delivered-to' | 'tls-required'
const fieldNames: readonly Field[] = [
  'subject',
  'from',
  'message-id',
  'date',
  'received',
  'delivered-to',
  'tls-required',
]
const colon = /[ \t]*:/y

/** The field whose line starts at `at`, with where its value starts; null for all others. */
const fieldAt = (text: string, at: number): { readonly field: Field; readonly value: number } | null => {
  const start = text.slice(at, at + 12).toLowerCase()
  const field = fieldNames.find((name) => start.startsWith(name))
  if (!field) return null
  colon.lastIndex = at + field.length
  return colon.test(text) ? { field, value: colon.lastIndex } : null
}

/** Whether a field we look for may start with this character, in either case. */
const mayStart = (code: number): boolean => {
  const lower = code | 0x20
  return (
    lower === 0x73 || lower === 0x66 || lower === 0x6d || lower === 0x64 || lower === 0x72 || lower === 0x74
  )
}
const isFold = (code: number): boolean => code === 0x20 || code === 0x09
const lineEnd = (text: string, at: number): number => text.indexOf('\n', at) + 1 || text.length

/** The header as Latin-1 text, one character per octet; a body may follow. */
const headerText = (content: Buffer): string => {
  const window = content.length > headerWindow ? content.subarray(0, headerWindow) : content
  const end = window.indexOf('\r\n\r\n')
  return window.toString('latin1', 0, end === -1 ? window.length : end + 2)
}

type Found = { -readonly [Name in Exclude<Field, 'from' | 'delivered-to'>]?: string } & {
  from: string[]
  receivedLines: number
  deliveredTo: string[]
}

const collect = (text: string): Found => {
  const found: Found = { from: [], receivedLines: 0, deliveredTo: [] }
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at)
    if (code === 0x0a || (code === 0x0d && text.charCodeAt(at + 1) === 0x0a)) break
    let end = lineEnd(text, at)
    const match = mayStart(code) ? fieldAt(text, at) : null
    if (match) {
      while (end < text.length && isFold(text.charCodeAt(end))) end = lineEnd(text, end)
      note(found, match.field, text.slice(match.value, end))
    }
    at = end
  }
  return found
}

const note = (found: Found, field: Field, value: string): void => {
  if (field === 'from') found.from.push(value)
  else if (field === 'received') found.receivedLines++
  else if (field === 'delivered-to') noteDelivery(found, value)
  else found[field] ??= value
}

/** `sales@example.org`, in brackets or not. */
const noteDelivery = ({ deliveredTo }: Found, value: string): void => {
  if (deliveredTo.length === mostDeliveredTo || value.length > 2 * longestFact) return
  const text = asUtf8(unfold(value))
  const address = parseAddress(/^<(.*)>$/s.exec(text)?.[1] ?? text)
  if (address !== null && !deliveredTo.includes(address)) deliveredTo.push(address)
}

/** Latin-1 characters back to octets and read as UTF-8 (RFC 6532); left as they are when they are not. */
const asUtf8 = (text: string): string => {
  if (!/[\x80-\xff]/.test(text)) return text
  const decoded = Buffer.from(text, 'latin1').toString('utf8')
  return decoded.includes('\ufffd') ? text : decoded
}
const unfold = (value: string): string => value.replace(/\r?\n/g, '').trim()

const bounded = (text: string): string => {
  const clean = /[\x00-\x1f\x7f]/.test(text) ? text.replace(/[\x00-\x1f\x7f]+/g, ' ').trim() : text
  if (clean.length <= longestFact) return clean
  return clean.slice(0, longestFact).replace(/[\ud800-\udbff]$/, '')
}

/** A field's value as a person would read it: unfolded, encoded words decoded (RFC 2047). */
const readable = (value: string | undefined): string | null => {
  if (value === undefined) return null
  const text = asUtf8(unfold(value.length > longestRaw ? value.slice(0, longestRaw) : value))
  return bounded(text.includes('=?') ? decodeWords(text) : text)
}

/** `a@b`, `Name <a@b>`, `"Name" <a@b>`: nothing in it that could mean two things. */
const oneAddress =
  /^(?:(?:[^\x00-\x1f"(),:;<>@[\\\]]*|"[^"\\<>@]*" ?)<([\w.+-]+@[\w.-]+)>|([\w.+-]+@[\w.-]+))$/
const bracketed = /<([^<>]*@[^<>]*)>/g
const separators = /[\s<>(),;:"]+/

/** As addresses are written elsewhere; the parser drops the quotes of a local part that needs them. */
const asAddress = (text: string): string => {
  const { local, domain } = splitAddress(text)
  const quoted = `"${local.replace(/["\\]/g, (special) => `\\${special}`)}"`
  return parseAddress(text) ?? parseAddress(`${quoted}@${domain}`) ?? text
}

/** Every address of one From field (RFC 5322 §3.6.2), groups flattened. */
const addressesIn = (value: string): readonly string[] => {
  const text = asUtf8(unfold(value))
  const simple = oneAddress.exec(text)
  if (simple) return [asAddress(simple[1] ?? simple[2]!)]
  const parsed = addressParser(text, { flatten: true }).map(({ address }) => address ?? '')
  // The parser keeps one address per name; a second one in brackets would be seen by some readers and not by others.
  const others = [...text.replace(/"(?:[^"\\]|\\.)*"/g, '""').matchAll(bracketed)].map(([, inner]) =>
    inner!.trim(),
  )
  return [...new Set([...parsed, ...others].filter((address) => address !== '').map(asAddress))]
}

/** More than any reader would take for an address, in linear time. */
const wordsWithAt = (text: string): string[] => text.split(separators).filter((word) => word.includes('@'))

const allAddresses = (fields: readonly string[]): readonly string[] => {
  if (fields.length === 1 && fields[0]!.length <= longestFrom) return addressesIn(fields[0]!)
  const text = fields.join(',')
  const each = text.length > longestFrom ? wordsWithAt(text) : fields.flatMap(addressesIn)
  return [...new Set(each)]
}

/**
 * Reads the header of a message from its first octets; give at least `headerWindow` of them where there are as many.
 * Junk is passed over: a message without a header has no facts, never an error. Lines may end in CRLF or LF.
 */
export const headerFacts = (content: Buffer): HeaderFacts => {
  const found = collect(headerText(content))
  return {
    subject: readable(found.subject),
    from: readable(found.from[0]),
    messageId: readable(found['message-id']),
    date: found.date !== undefined,
    fromAddresses: allAddresses(found.from),
    receivedLines: found.receivedLines,
    deliveredTo: found.deliveredTo,
    tlsOptional: unfold(found['tls-required'] ?? '').toLowerCase() === 'no',
  }
}
