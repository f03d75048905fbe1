/** The header of a message or of a part of it: the fields that are told, within bounds, and what is said of the content. */
import type { Encoding } from './decoding.ts'

export type Section = {
  /** Its fields as they stand, without the empty line behind them. */
  readonly fields: readonly Uint8Array[]
  readonly content: ContentSaid
  /** Where what stands behind it begins: the content, or the line that ended it. */
  readonly next: number
  readonly isCut: boolean
}
export type ContentSaid = {
  /** Of a multipart; null where this is none, or does not say how its parts are told apart, and then is a text like others. */
  readonly boundary: string | null
  readonly isAttachment: boolean
  readonly encoding: Encoding
}

/** Bytes of header that are left for all parts of a message; counted down. */
export type Budget = { left: number }

/** Fields of one section, and bytes of one field. */
const mostFields = 1_000
const longestField = 64 * 1024
/** Bytes of a field that is needed even when there is no room for more. */
const longestNeeded = 1_000
/** Bytes of one section that are looked at line by line. */
const mostLooked = 8 * 1024 * 1024

/** The first of each is what counts: without it the content cannot be read, or nobody knows what mail this is. */
const needed = /^(content-(?:type|transfer-encoding|disposition|id)|from|to|cc|reply-to|subject|date)[ \t]*:/i

const lineFeed = 0x0a
const isFolded = (sign: number | undefined): boolean => sign === 0x20 || sign === 0x09

type Field = { readonly start: number; readonly end: number }

/** One field with its folded lines; `end` is behind the last of them. RFC 5322 §2.2.3 */
const fieldAt = (whole: Buffer, start: number): Field => {
  for (let at = start; ; ) {
    const end = whole.indexOf(lineFeed, at)
    if (end === -1) return { start, end: whole.length }
    if (!isFolded(whole[end + 1])) return { start, end: end + 1 }
    at = end + 1
  }
}

const isEmptyLine = (whole: Buffer, at: number): boolean =>
  whole[at] === lineFeed || (whole[at] === 0x0d && whole[at + 1] === lineFeed)

/** Behind the next empty line. */
const behindHeader = (whole: Buffer, at: number): number => {
  const found = [whole.indexOf('\n\n', at), whole.indexOf('\n\r\n', at)].filter((one) => one !== -1)
  return found.length === 0 ? whole.length : Math.min(...found) + 1
}

/** Ends with a line's end, whatever was cut off. */
const cutTo = (field: Buffer, longest: number): Buffer =>
  field.length <= longest && field.at(-1) === lineFeed
    ? field
    : Buffer.concat([field.subarray(0, longest), Buffer.from('\r\n')])

/** `isBoundary`: whether the line that begins there ends the part, though its header was not at its end. */
export const sectionAt = (
  whole: Buffer,
  from: number,
  { budget, isBoundary }: { readonly budget: Budget; readonly isBoundary: (at: number) => boolean },
): Section => {
  const fields: Buffer[] = []
  const said = new Map<string, string>()
  let isCut = false
  let at = from
  while (at < whole.length && !isEmptyLine(whole, at) && !isBoundary(at)) {
    if (at - from > mostLooked) {
      isCut = true
      at = behindHeader(whole, at)
      break
    }
    const { start, end } = fieldAt(whole, at)
    at = end
    const name = needed.exec(whole.toString('latin1', start, Math.min(end, start + 30)))?.[1]?.toLowerCase()
    const isFirst = name !== undefined && !said.has(name)
    const hasRoom = fields.length < mostFields && budget.left > 0
    const longest = hasRoom ? Math.min(longestField, budget.left) : isFirst ? longestNeeded : 0
    if (end - start > longest) isCut = true
    if (longest === 0) continue
    const field = cutTo(whole.subarray(start, end), isFirst ? Math.max(longest, longestNeeded) : longest)
    budget.left -= field.length
    fields.push(field)
    if (isFirst) said.set(name, saidIn(field))
  }
  const isOver = at >= whole.length || !isEmptyLine(whole, at)
  return { fields, content: contentSaid(said), next: isOver ? at : whole.indexOf(lineFeed, at) + 1, isCut }
}

const saidIn = (field: Buffer): string =>
  field
    .toString('latin1')
    .replace(/\r?\n/g, '')
    .replace(/^[^:]*:/, '')
    .trim()

/** Without comments (RFC 2045 §5.1), as far as those are not in each other. */
const plain = (value = ''): string => value.replace(/\([^()]*\)/g, ' ')
const first = (value: string): string => value.replace(/;.*$/s, '').replace(/["\\]/g, '').trim().toLowerCase()

/** In one piece, or in several that follow each other (RFC 2231 §3). */
const boundaryIn = (value: string): string | null => {
  const pieces = [
    ...value.matchAll(/;[ \t]*boundary(\*\d+)?[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/gi),
  ]
  const whole = pieces.find(([, place]) => place === undefined)
  const read = (whole === undefined ? pieces : [whole]).map(
    ([, , quoted, word = '']) => quoted?.replace(/\\(.)/g, '$1') ?? word,
  )
  return read.join('') || null
}

const encodingOf = (value: string): Encoding => {
  const named = /[\w-]+/.exec(value.toLowerCase())?.[0] ?? ''
  if (named.includes('base64')) return 'base64'
  return named.includes('quoted-printable') ? 'quoted-printable' : 'none'
}

const texts: ReadonlySet<string> = new Set(['', 'text/plain', 'text/html'])

const contentSaid = (said: ReadonlyMap<string, string>): ContentSaid => {
  const kind = said.get('content-type') ?? ''
  const type = first(plain(kind))
  const isMultipart = type.startsWith('multipart/')
  return {
    // A comment is none within a value.
    boundary: isMultipart ? (boundaryIn(kind) ?? boundaryIn(plain(kind))) : null,
    isAttachment:
      !isMultipart && (!texts.has(type) || first(plain(said.get('content-disposition'))) === 'attachment'),
    encoding: encodingOf(plain(said.get('content-transfer-encoding'))),
  }
}
