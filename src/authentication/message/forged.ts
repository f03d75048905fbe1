/** Fields that somebody else wrote in our name: results (RFC 8601 §5), what SPF said here, and our rules. */
import { decodeWords } from 'postal-mime'
import type { Field, Head } from './head.ts'

/** Octets of a field in which its name must come: whoever writes more before it hides it. */
const longestPreface = 4096

const comment = (text: string, start: number): number => {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '(') depth++
    else if (text[at] === ')' && --depth === 0) return at + 1
  }
  return text.length
}

/** Behind whitespace and comments (RFC 5322 §3.2.2, CFWS); a comment that does not end goes on to the end. */
const afterRoom = (text: string): number => {
  let at = 0
  while (at < text.length) {
    if (text[at] === '(') at = comment(text, at)
    else if (/[\s\x00-\x1f]/.test(text[at]!)) at++
    else break
  }
  return at
}

const bareName = (text: string): string => text.trim().toLowerCase().replace(/\.$/, '')

/** Without what some readers leave out: comments, spaces, folds, brackets, what is invisible; encoded words as what they say. */
const squeezed = (text: string): string =>
  bareName(
    decodeWords(text.split(';')[0]!)
      .replace(/\([^()]*\)/g, '')
      .replace(/[^\w.-]/g, ''),
  )

/** `authserv-id`: a token, or a quoted string (RFC 8601 §2.2); lower case, without the dot at its end. */
const namesIn = (named: string): readonly string[] => {
  const quoted = /^"((?:[^"\\]|\\[\s\S])*)"?/.exec(named)
  // Readers that do not know comments see a name in front of one, or behind it.
  const bare = named.replace(/^"|\(.*$/gs, '').split(/[\s;/="]/)[0]!
  const spelled = [quoted?.[1]?.replace(/\\([\s\S])/g, '$1').replace(/\r\n(?=[ \t])/g, '') ?? bare, bare]
  return [...spelled.map(bareName), ...(quoted === null ? [squeezed(named)] : [])]
}

const receiver = /receiver\s*=\s*"?([^\s;"()]+)/gi
/** `Received-SPF` names who looked (RFC 7208 §9.1). */
const isReceiver = (value: string, ours: string): boolean =>
  [...value.matchAll(receiver)].some(([, name = '']) => bareName(name) === ours)

/** Lines behind a CR or an LF that stands alone are lines of their own for some. */
const linesWithin = (field: Field): readonly Field[] =>
  /\n(?<!\r\n)|\r(?!\n)/.test(field.text)
    ? field.text
        .split(/\r\n|\r|\n/)
        .map((text) => ({ ...field, text, key: text.split(':')[0]!.trim().toLowerCase() }))
    : []

const saysOurs = (field: Field, ours: string): boolean => {
  const name = field.key.replace(/[^!-~]/g, '')
  const value = field.text.slice(field.text.indexOf(':') + 1)
  // It names nobody: whoever finds it takes it for ours.
  if (name === 'x-fsmtp-tagged') return true
  if (name === 'received-spf') return isReceiver(value.slice(0, longestPreface), ours)
  if (name !== 'authentication-results') return false
  const preface = afterRoom(value)
  return preface > longestPreface || namesIn(value.slice(preface, preface + longestPreface)).includes(ours)
}

/** Whether a field would be taken for our word. */
export const isForged = (field: Field, hostname: string): boolean => {
  const ours = bareName(hostname)
  return [field, ...linesWithin(field)].some((one) => saysOurs(one, ours))
}

export type Range = readonly [start: number, end: number]
/** Ranges in their order, with one more; what touches is one. */
export const withRange = (ranges: readonly Range[], [start, end]: Range): readonly Range[] => {
  const last = ranges.at(-1)
  return last?.[1] === start ? [...ranges.slice(0, -1), [last[0], end]] : [...ranges, [start, end]]
}

/**
 * Octets of the content, from the first of the field to its line end. Fields of other hosts stay, and so do those that only hold our
 * name somewhere: only what would be taken for our word is left out.
 */
export const forgedFields = ({ fields }: Pick<Head, 'fields'>, hostname: string): readonly Range[] => {
  let ranges: readonly Range[] = []
  for (const field of fields)
    if (isForged(field, hostname)) ranges = withRange(ranges, [field.start, field.end])
  return ranges
}
