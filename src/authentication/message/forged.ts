/** Authentication-Results fields that somebody else wrote in our name (RFC 8601 §5). */
import type { Field, Head } from './head.ts'

/** Octets of a field in which its name must come; what a name would follow beyond that is no name of ours. */
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

/** `authserv-id`: a token, or a quoted string (RFC 8601 §2.2); lower case, without the dot at its end. */
const namesIn = (field: Field): readonly string[] => {
  const value = field.text.slice(field.text.indexOf(':') + 1).slice(0, longestPreface)
  const named = value.slice(afterRoom(value))
  const quoted = /^"((?:[^"\\]|\\[\s\S])*)"?/.exec(named)
  // Readers that do not know comments see a name in front of one, or behind it.
  const bare = named.replace(/^"|\(.*$/gs, '').split(/[\s;/="]/)[0]!
  const spelled = [quoted?.[1]?.replace(/\\([\s\S])/g, '$1').replace(/\r\n(?=[ \t])/g, '') ?? bare, bare]
  return spelled.map((name) => name.trim().toLowerCase().replace(/\.$/, ''))
}

const isResults = ({ key }: Field): boolean => key.replace(/[^!-~]/g, '') === 'authentication-results'

/** Lines behind a CR or an LF that stands alone are lines of their own for some. */
const linesWithin = (field: Field): readonly Field[] =>
  /\n(?<!\r\n)|\r(?!\n)/.test(field.text)
    ? field.text
        .split(/\r\n|\r|\n/)
        .map((text) => ({ ...field, text, key: text.split(':')[0]!.trim().toLowerCase() }))
    : []

/**
 * Octets of the content, from the first of the field to its line end. Fields of other hosts stay, and so do those that only hold our
 * name somewhere: only what would be taken for our word is left out.
 */
export const forgedFields = ({ fields }: Head, hostname: string): readonly (readonly [number, number])[] => {
  const ours = hostname.toLowerCase().replace(/\.$/, '')
  return fields
    .filter((field) =>
      [field, ...linesWithin(field)].some((one) => isResults(one) && namesIn(one).includes(ours)),
    )
    .map(({ start, end }) => [start, end] as const)
}
