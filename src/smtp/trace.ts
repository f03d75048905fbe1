/**
 * The lines we put on top of a message (RFC 5321 §4.4). They are composed when it is read, from its `MessageAccepted`,
 * so that the same fact always gives the same bytes.
 */
import type { MessageAccepted, TlsFacts, TraceFacts } from '../../machines/vocabulary/events.ts'
import { givenAddresses } from '../../machines/vocabulary/recipients.ts'
import { resultsFactsOf, resultsLines } from '../authentication/message/results.ts'

/**
 * What others told us may not end our line or open a comment: control characters and what is beyond ASCII become `?`,
 * and so do parentheses and backslashes, which a comment would have to quote (RFC 5322 §3.2.2).
 */
const harmless = (text: string): string => text.replace(/[^ -~]|[()\\]/gu, '?').slice(0, 255)
/** An address may hold UTF-8 (RFC 6532 §3.3), never a control character. */
const oneLine = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, '?')

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (value: number): string => String(value).padStart(2, '0')

/** RFC 5322 §3.3, in UTC: `Thu, 1 Jan 2026 00:00:00 +0000`. `at` in milliseconds since 1970. */
export const mailDate = (at: number): string => {
  const date = new Date(at)
  const day = `${days[date.getUTCDay()]}, ${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`
}

/** `[192.0.2.1]`, `[IPv6:2001:db8::1]` (RFC 5321 §4.1.3); IPv4 within IPv6 as IPv4. */
export const literalOf = (address: string): string => {
  const bare = address.replace(/^::ffff:(?=[0-9.]+$)/i, '').replace(/%.*$/, '')
  return bare.includes(':') ? `[IPv6:${harmless(bare)}]` : `[${harmless(bare)}]`
}

/** A HELO name may hold anything printable; what is no name or literal would not be read as one. */
const helloName = (helo: string): string => (/^[\w.:[\]-]{1,255}$/.test(helo) ? helo : 'unknown')
const claimed = (helo: string): string => (helloName(helo) === helo ? '' : `helo=${harmless(helo)} `)

// RFC 5321 §4.4: the name the client gave, then in a comment what we saw for ourselves.
const fromClause = ({ helo, peer }: TraceFacts): string =>
  `from ${helloName(helo)} (${claimed(helo)}${peer.name === null ? '' : `${harmless(peer.name)} `}${literalOf(peer.address)})`

const tlsComment = (tls: TlsFacts | null): string =>
  tls === null ? '' : ` (version=${harmless(tls.version)} cipher=${harmless(tls.cipher)})`

/** RFC 3848 and RFC 6531 §4.3 names come ready from the session. */
const byClause = (message: string, { by, protocol, tls }: TraceFacts): string =>
  `by ${harmless(by)} with ${harmless(protocol)} id ${harmless(message)}${tlsComment(tls)}`

/** For filters of mail programs: the rules of the policy by which the mail is Junk. */
const taggedLine = ({ tags = [] }: MessageAccepted): string =>
  tags.length === 0 ? '' : `X-FSMTP-Tagged: ${tags.map(harmless).join(',\r\n\t')}\r\n`

/**
 * `Return-Path:`, `Received:` and the lines a submission service added, each ending in CRLF. `at` is the event's time,
 * in milliseconds. `recipient` names whom this copy is for; without it `for` appears when only one was given, since
 * naming one of several would tell each of the others (RFC 5321 §7.2).
 */
export const traceLines = (
  accepted: MessageAccepted,
  at: number,
  { recipient }: { readonly recipient?: string } = {},
): string => {
  const { message, sender, recipients, trace } = accepted
  const given = givenAddresses(recipients)
  const whom = recipient ?? (given.length === 1 ? given[0] : undefined)
  const forClause = whom === undefined ? '' : `\r\n\tfor <${oneLine(whom)}>`
  const received = `Received: ${fromClause(trace)}\r\n\t${byClause(message, trace)}${forClause}; ${mailDate(at)}\r\n`
  const found = `${resultsLines(resultsFactsOf(accepted))}${taggedLine(accepted)}`
  return `Return-Path: <${oneLine(sender)}>\r\n${received}${found}${accepted.added ?? ''}`
}

/** The line that says which alias forwarded a mail, so that the alias knows it again. No RFC's, but every forwarder's. */
export const deliveredToLine = (alias: string): string => `Delivered-To: ${oneLine(alias)}\r\n`
