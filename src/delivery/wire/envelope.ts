/** MAIL and RCPT as this host takes them, and what can be said of an envelope before a word is spoken. */
import { isAscii } from '../../../machines/vocabulary/address.ts'
import type { DeliveryRecipient, RemoteReply, TlsFacts } from '../../../machines/vocabulary/events.ts'
import { encodeXtext } from '../../../machines/vocabulary/xtext.ts'
import type { Envelope } from '../port.ts'
import { mustBeSecure, unsupported } from '../secure-way.ts'
import type { Extensions } from './hello.ts'
import type { Setting } from './transaction.ts'

const unwritable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\p{Cs}]/u
/** A quoted string (RFC 5321 §4.1.2), or what needs no quotes. */
const pieces = /^(?:"(?:[^"\\]|\\.)*"|[^"\\<> ])+$/su

/** Whether an address can stand between angle brackets without ending them, or the line. */
export const isWritable = (address: string): boolean => !unwritable.test(address) && pieces.test(address)

/** Somebody's address is beyond ASCII, or the header is (RFC 6531 §3.4). */
export const needsUtf8 = ({ sender, recipients, smtputf8 }: Envelope): boolean =>
  smtputf8 === true || !isAscii(sender) || recipients.some(({ address }) => !isAscii(address))

const own = (code: number, enhanced: string, text: string, command: string): RemoteReply => ({
  ...{ code, enhanced, text, command },
  own: true,
})

/** The reply we give in the host's stead to a recipient that cannot be written, or null. */
export const recipientRefusal = ({ address }: DeliveryRecipient): RemoteReply | null =>
  isWritable(address) ? null : own(550, '5.1.3', 'the address cannot be written in SMTP', 'RCPT')

/** RFC 8689 §4.2.1: the host is the one it should be, and will ask the same of the next. */
const passesOn = (tls: TlsFacts | null, extensions: Extensions): boolean =>
  tls?.certificate === 'valid' && extensions.has('REQUIRETLS')

/** The reply we give in the host's stead for every recipient, or null. */
export const envelopeRefusal = (
  envelope: Envelope,
  { extensions, tls }: Pick<Setting, 'extensions' | 'tls'>,
): RemoteReply | null => {
  if (envelope.sender !== '' && !isWritable(envelope.sender))
    return own(550, '5.1.7', 'the sender’s address cannot be written in SMTP', 'MAIL')
  if (needsUtf8(envelope) && !extensions.has('SMTPUTF8'))
    return own(550, '5.6.7', 'the host does not take internationalised addresses (SMTPUTF8)', 'MAIL')
  if (mustBeSecure(envelope) && !passesOn(tls, extensions)) return unsupported('MAIL')
  if (envelope.route !== undefined && !extensions.has('XROUTE'))
    return own(555, '5.5.4', 'the host takes no routes (XROUTE)', 'MAIL')
  // RFC 1870 §4: nothing, or 0, is no limit.
  const limit = Number(/^\d{1,20}$/.exec(extensions.get('SIZE') ?? '')?.[0] ?? 0)
  if (limit > 0 && envelope.size > limit)
    return own(552, '5.3.4', `the message has ${envelope.size} bytes, the host takes ${limit}`, 'MAIL')
  return null
}

const joined = (words: readonly (string | null)[]): string => words.filter((word) => word !== null).join(' ')

export const mailLine = (
  envelope: Envelope,
  { extensions, tls }: Pick<Setting, 'extensions' | 'tls'>,
): string => {
  const { sender, size, body, requiretls, ret, envid, route } = envelope
  const has = (keyword: string): boolean => extensions.has(keyword)
  return joined([
    `MAIL FROM:<${sender}>`,
    // RFC 1870 §3
    has('SIZE') ? `SIZE=${size}` : null,
    // RFC 6152 §3; where it is not offered, the octets go as they are.
    has('8BITMIME') && body === '8BITMIME' ? 'BODY=8BITMIME' : null,
    has('SMTPUTF8') && needsUtf8(envelope) ? 'SMTPUTF8' : null,
    // RFC 8689 §4.2.1
    has('REQUIRETLS') && tls !== null && requiretls ? 'REQUIRETLS' : null,
    // RFC 3461 §4.3, §4.4
    has('DSN') && ret !== undefined ? `RET=${ret}` : null,
    has('DSN') && envid !== undefined && /^[ -~]+$/.test(envid) ? `ENVID=${encodeXtext(envid)}` : null,
    // Ours, between a command and a playground; a value of RFC 5321 §4.1.2's `esmtp-value`.
    route !== undefined && /^[!-<>-~]+$/.test(route) ? `XROUTE=${route}` : null,
  ])
}

// RFC 3461 §4.1
const conditions = new Set(['NEVER', 'SUCCESS', 'FAILURE', 'DELAY'])

const notifyOf = ({ notify }: DeliveryRecipient): string | null => {
  const known = notify?.filter((word) => conditions.has(word)) ?? []
  return known.length > 0 ? `NOTIFY=${known.join(',')}` : null
}

/** RFC 6533 §3, `utf-8-addr-xtext`: readable for hosts with and without SMTPUTF8. */
const encodeUtf8 = (text: string): string =>
  text.replace(/[^!-*,-<>-[\]-~]/gu, (char) => {
    const point = char.codePointAt(0)!.toString(16).toUpperCase()
    return `\\x{${point.padStart(2, '0')}}`
  })

// RFC 3461 §4.2: the original recipient, whatever it became on the way.
const orcptOf = ({ orcpt }: DeliveryRecipient): string | null => {
  const [, type, text] = /^([\w-]{1,40});(.+)$/su.exec(orcpt ?? '') ?? []
  if (type === undefined || text === undefined || unwritable.test(text)) return null
  if (type.toLowerCase() === 'utf-8') return `ORCPT=${type};${encodeUtf8(text)}`
  return isAscii(text) ? `ORCPT=${type};${encodeXtext(text)}` : null
}

export const rcptLine = (recipient: DeliveryRecipient, extensions: Extensions): string => {
  const dsn = extensions.has('DSN')
  return joined([
    `RCPT TO:<${recipient.address}>`,
    dsn ? notifyOf(recipient) : null,
    dsn ? orcptOf(recipient) : null,
  ])
}
