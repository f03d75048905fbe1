/**
 * Whom a message says it is from, and whether all readers would say the same. Hosts check one reading and people are shown another:
 * that is how forged mail passes (Chen, Paxson, Jiang: "Composition Kills", USENIX Security 2020). So wherever two readers may see
 * two domains the answer is `ambiguous`, and nothing that was found of one of these domains is believed of the message.
 */
import { domainToASCII, domainToUnicode } from 'node:url'
import { isAscii, splitAddress } from '../../../machines/vocabulary/address.ts'
import type { AuthorFinding } from '../../../machines/vocabulary/findings.ts'
import { headerFacts } from '../../smtp/header-facts.ts'
import type { Field, Head } from './head.ts'
import { type Listed, type Mailbox, type Parsed, parseMailboxes } from './mailboxes.ts'
import { organizationOf } from './organization.ts'

/** Octets of a From field that are looked into. */
const longestFrom = 4096
const mostDomains = 10

const asciiName = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/
/**
 * A domain in A-labels, lower case; null where it is none, or where only some readers would make this name of it: the rules for
 * what is typed (UTS #46) turn full-width letters, other dots and invisible characters into names that are not written there.
 */
export const mailDomain = (written: string): string | null => {
  const lower = written.toLowerCase()
  // The Kelvin sign is a k in lower case: only what is ASCII as it is written is read as ASCII.
  if (isAscii(written)) return lower.length <= 253 && asciiName.test(lower) ? lower : null
  if (isAscii(lower)) return null
  const ascii = domainToASCII(lower)
  const isSame = ascii !== '' && domainToUnicode(ascii) === lower.normalize('NFC')
  return isSame && asciiName.test(ascii) && ascii.length <= 253 ? ascii : null
}

const afterSign = /@[ \t]*([^\s"(),:;<>@[\\\]]+)/g
/** Whatever stands behind an @: what the most careless reader could take for the domain. */
const looseDomains = (text: string): readonly string[] =>
  [...text.matchAll(afterSign)].map(([, domain]) => mailDomain(domain!) ?? domain!.toLowerCase())

/** What the log's own reader of headers sees. */
const alsoRead = (value: string): readonly string[] =>
  headerFacts(Buffer.from(`From: ${value}\r\n\r\n`, 'utf8'))
    .fromAddresses.filter((address) => address.includes('@'))
    .map((address) => splitAddress(address).domain)
    .map((domain) => mailDomain(domain) ?? domain)

const bounded = (domains: readonly string[]): readonly string[] =>
  [...new Set(domains)].filter((domain) => mailDomain(domain) !== null).slice(0, mostDomains)

const ambiguous = (about: string, domains: readonly string[]): AuthorFinding => ({
  result: 'ambiguous',
  domains: bounded(domains),
  about,
})
const none = (about: string): AuthorFinding => ({ result: 'none', domains: [], about })

const addressLike = /[\p{L}\p{N}._%+-]+ ?@ ?((?:[\p{L}\p{N}-]+\.)+[\p{L}\p{N}-]{2,})/u
/** The domain of another owner that a name speaks of; invisible characters and look-alikes of @ and dot do not hide it. */
const posesAs = (display: string, domain: string): { readonly poses?: string } => {
  const text = display
    .slice(0, 998)
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
  const found = mailDomain(addressLike.exec(text)?.[1] ?? '')
  return found === null || organizationOf(found) === organizationOf(domain) ? {} : { poses: found }
}

const oneOf = ({ domain: written, display }: Mailbox, others: readonly string[]): AuthorFinding => {
  const domain = mailDomain(written)
  if (domain === null)
    return ambiguous('what stands behind the @ is no name that all would read alike', others)
  if (others.some((other) => other !== domain))
    return ambiguous('some readers would take another address for the author', [domain, ...others])
  return { result: 'one', domains: [domain], ...posesAs(display, domain) }
}

const severalOf = (mailboxes: readonly Mailbox[], others: readonly string[]): AuthorFinding => {
  const domains = mailboxes.map(({ domain }) => mailDomain(domain))
  const all = domains.filter((domain) => domain !== null)
  if (all.length < domains.length || others.some((other) => !all.includes(other)))
    return ambiguous('a list of authors that can be read in two ways', [...all, ...others])
  return { result: 'several', domains: bounded(all), about: `${mailboxes.length} authors` }
}

/** A name that is not quoted as it should be, and an address in brackets at the end: `Smith, Bob <bob@example.org>`. */
const carelessName = /^([^<>\\()]*)<([^\s"(),:;<>@[\\\]]+)@([^\s"(),:;<>@[\\\]]+)>$/
const carelessOf = (value: string): AuthorFinding => {
  const match = carelessName.exec(value)
  const name = match?.[1] ?? ''
  const isWhole = match !== null && (name.match(/"/g) ?? []).length % 2 === 0 && !value.includes('=?')
  if (!isWhole) return ambiguous('a From field that is not written as it should be', looseDomains(value))
  const mailbox: Mailbox = { local: match[2]!, domain: match[3]!, display: name }
  return oneOf(mailbox, [...looseDomains(name), ...alsoRead(value)])
}

const listed = ({ mailboxes, hidden }: Listed, value: string): AuthorFinding => {
  const others = [...hidden.flatMap(looseDomains), ...alsoRead(value)]
  return mailboxes.length === 1 ? oneOf(mailboxes[0]!, others) : severalOf(mailboxes, others)
}

const fromParsed = (parsed: Parsed, value: string): AuthorFinding => {
  if (parsed.kind === 'list') return listed(parsed, value)
  if (parsed.kind === 'empty') return none('no address in the From field')
  if (parsed.kind === 'group') return ambiguous('a group in the From field (RFC 6854)', looseDomains(value))
  return carelessOf(value)
}

/** Octets as UTF-8 (RFC 6532), or as they are where they are none. */
const readable = (text: string): string => {
  if (isAscii(text)) return text
  const decoded = Buffer.from(text, 'latin1').toString('utf8')
  return decoded.includes('\ufffd') ? text : decoded
}

/** The one From field that is there. */
const authorIn = ({ text }: Field): AuthorFinding => {
  const value = readable(text.slice(text.indexOf(':') + 1).replace(/\r\n(?=[ \t])/g, '')).trim()
  if (value.length > longestFrom)
    return ambiguous('a From field longer than any reader shows', looseDomains(value.slice(0, longestFrom)))
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value))
    return ambiguous('control characters in the From field', looseDomains(value))
  // RFC 2152: few decode it, and those that do see another text than all others.
  if (/=\?[^?]*utf-?7[^?]*\?/i.test(value))
    return ambiguous('an encoded word in UTF-7 in the From field', looseDomains(value))
  return fromParsed(parseMailboxes(value), value)
}

const looseEnds = /\r\n|\r|\n/
/** What ends a line only for readers that know all line ends of Unicode. */
const loosestEnds = /\r\n|[\r\n\v\f\x85]/
/** Lines that some reader takes for a From field, whatever invisible things, and how many, stand in its name or around it. */
const fromLike = (line: string): boolean => {
  const colon = line.indexOf(':')
  const name = colon === -1 ? line : line.slice(0, colon)
  if (name.replace(/[^!-~]/g, '').toLowerCase() !== 'from') return false
  // A fold may say "from:" in passing; what would name somebody counts.
  return !/^[ \t]/.test(line) || colon === -1 || /[@<]|^\s*$/.test(line.slice(colon + 1))
}

/** Whether some reader ends the header in what stands above: a line that is empty to the eye, or no field at all. */
const mayEndIn = (above: string): boolean => {
  const lines = above.split(looseEnds)
  lines.pop()
  return lines.some(
    (line, at) => line.trim() === '' || (/^[ \t]/.test(line) ? at === 0 : !/^[!-9;-~]+[ \t]*:/.test(line)),
  )
}

const domainsOf = (fields: readonly Field[]): readonly string[] =>
  fields.flatMap(({ text }) => looseDomains(readable(text.slice(0, longestFrom))))

/**
 * Reads the author from a header. Domains are in A-labels, lower case, ten at most. A header that is too long is ambiguous:
 * somebody may read on.
 */
export const readAuthor = (head: Head): AuthorFinding => {
  if (head.tooLong) return ambiguous('the header is longer than what is read of it', [])
  const fields = head.fields.filter(({ key }) => key === 'from')
  const lines = head.text.split(loosestEnds).filter(fromLike)
  const exact = fields.filter(({ text }) => /^from:/i.test(text))
  const [only] = exact
  if (lines.length === 0) return none('no From field')
  if (exact.length > 1)
    return { result: 'several', domains: bounded(domainsOf(exact)), about: `${exact.length} From fields` }
  if (only === undefined || lines.length > 1)
    return ambiguous('a From field that only some readers see', [
      ...domainsOf(fields),
      ...lines.flatMap(looseDomains),
    ])
  if (mayEndIn(head.text.slice(0, only.start)))
    return ambiguous('some readers end the header above the From field', domainsOf(fields))
  return authorIn(only)
}
