/** Lines of a report: whatever others said, a field stays one field, in ASCII (RFC 3464 §2.1). */
import { isAscii } from '../../../machines/vocabulary/address.ts'

/** Longest value kept, in characters; with a name in front it stays below 998 (RFC 5322 §2.1.1). */
const longest = 900
/** Where lines are folded. */
const width = 76

/** Control characters, line and paragraph separators, and marks that steer the direction of text. */
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** On one line, at most `most` characters, for people to read. */
export const oneLine = (text: string, most = longest): string => {
  const line = text.replace(unseen, ' ').replace(/ {2,}/g, ' ').trim()
  return line.length <= most ? line : `${line.slice(0, most - 3).replace(/[\ud800-\udbff]$/, '')}...`
}

/** One field, never folded and no space of it lost: for what has a grammar. What is not ASCII becomes `?`. */
export const exactly = (name: string, value: string): string =>
  `${name}: ${value
    .replace(/[^ -~]/gu, '?')
    .slice(0, longest)
    .trim()}\r\n`

/** Lines of at most `width` characters where there are spaces to part them. */
export const wrapped = (text: string, { first = '', rest = '' } = {}): readonly string[] => {
  const lines: string[] = []
  let line = first
  let isEmpty = true
  for (const word of text.split(' ').filter((part) => part !== '')) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line)
      line = rest
      isEmpty = true
    }
    line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }
  return isEmpty ? lines : [...lines, line]
}

/** One field of free text, folded (RFC 5322 §2.2.3). */
export const folded = (name: string, value: string): string =>
  `${wrapped(oneLine(value).replace(/[^ -~]/gu, '?'), { first: `${name}: `, rest: ' ' }).join('\r\n')}\r\n`

/** `utf-8-addr-xtext` (RFC 6533 §3): every character that is not plainly itself as `\x{...}`. */
const utf8Xtext = (address: string): string =>
  address.replace(/[^!-*,-<>-[\]-~]/gu, (char) => `\\x{${char.codePointAt(0)!.toString(16).toUpperCase()}}`)

/** `rfc822; bob@example.org`, or `utf-8; j\x{FC}rgen@example.org` for an address beyond ASCII (RFC 6533 §3). */
export const typedAddress = (address: string): string =>
  isAscii(address) ? `rfc822; ${address}` : `utf-8; ${utf8Xtext(address)}`

/** `ORCPT` as it is kept: the type, `;`, and the address decoded (RFC 3461 §4.2). */
export const originalAddress = (orcpt: string): string => {
  const at = orcpt.indexOf(';')
  const [type, address] = [orcpt.slice(0, at), orcpt.slice(at + 1)]
  return type === 'utf-8' ? `utf-8; ${utf8Xtext(address)}` : `${type}; ${address}`
}
