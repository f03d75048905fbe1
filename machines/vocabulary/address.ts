/**
 * Mail addresses: from a command's argument to a value, or a refusal. Written as `local@domain`, the local part as
 * given, the domain in lower case, the null sender as ''.
 */
import { isAddressLiteral } from './address-literal.ts'

/**
 * `syntax`: not a path at all. `no-domain`: `<bob>`. `too-long`: beyond RFC 5321 §4.5.3.1. `characters`: control or
 * invisible characters, or what is not UTF-8.
 */
export type PathFault = 'syntax' | 'no-domain' | 'too-long' | 'characters'
export type Path =
  | { readonly ok: true; readonly address: string; readonly utf8: boolean; readonly rest: string }
  | { readonly ok: false; readonly fault: PathFault }

// RFC 5321 §4.5.3.1.1, §4.5.3.1.2, §4.5.3.1.3 (the brackets count), RFC 1035 §2.3.4; octets of UTF-8.
const most = { local: 64, domain: 255, path: 256, label: 63 } as const

/** Nearly all mail: a dot-atom and a name, nothing quoted, nothing beyond ASCII. One look, no backtracking. */
const plain =
  /^<([\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*)@(\w+(?:-+\w+)*(?:\.\w+(?:-+\w+)*)*)>(?= |$)/

// RFC 6531 §3.3: atext, qtextSMTP and sub-domain with UTF-8. An underscore in a name is no RFC's, but many hosts'.
const dotAtom = /[\w!#$%&'*+/=?^`{|}~\-\u{80}-\u{10ffff}]+(?:\.[\w!#$%&'*+/=?^`{|}~\-\u{80}-\u{10ffff}]+)*/uy
const quoted = /"(?:[ !#-[\]-~\u{80}-\u{10ffff}]|\\[ -~])*"/uy
const name =
  /[\w\p{L}\p{M}\p{N}·・]+(?:-+[\w\p{L}\p{M}\p{N}·・]+)*(?:\.[\w\p{L}\p{M}\p{N}·・]+(?:-+[\w\p{L}\p{M}\p{N}·・]+)*)*/uy
const literal = /\[[!-Z^-~]*\]/y
/** RFC 5321 §4.1.1.3, appendix C: a source route is taken and ignored. */
const route = /@[\w.-]+(?:,@[\w.-]+)*:/y
const postmaster = /^<postmaster>(?= |$)/i

/** Characters nobody can see, or that no file may hold: controls, formats, private use, spaces beyond ASCII's, U+FFFD. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{DI}\p{NChar}\ufffd\u2800]|(?! )\p{Zs}/u

/** Octets of `text` in UTF-8. */
export const octetsOf = (text: string): number => {
  let octets = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit > 0x7f) octets += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1
  }
  return octets
}

/** Whether an address may travel without SMTPUTF8 (RFC 6531 §3.4). */
export const isAscii = (text: string): boolean => /^[\x00-\x7f]*$/.test(text)

const matchAt = (pattern: RegExp, text: string, at: number): string => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ''
}

/**
 * A return path that a forwarder wrote: another address within a local part (SRS). Refusing long ones would lose mail that was
 * forwarded to us, and reports on mail that we forwarded; RFC 5321 §4.5.3.1 would rather have no limits at all.
 */
const forwarders = /^"?SRS[01][=+-]/i

const tooLong = (local: string, domain: string): boolean => {
  const localOctets = octetsOf(local)
  const domainOctets = octetsOf(domain)
  if ((localOctets > most.local && !forwarders.test(local)) || domainOctets > most.domain) return true
  if (localOctets + domainOctets + 3 > most.path) return true
  return domainOctets > most.label && domain.split('.').some((label) => octetsOf(label) > most.label)
}

const refusal = (fault: PathFault): Path => ({ ok: false, fault })
const lowerDomain = (domain: string): string =>
  isAscii(domain) ? domain.toLowerCase() : domain.normalize('NFC').toLowerCase()

const accepted = (local: string, domain: string, rest: string): Path => {
  if (tooLong(local, domain)) return refusal('too-long')
  const utf8 = !isAscii(local) || !isAscii(domain)
  return { ok: true, address: `${local}@${lowerDomain(domain)}`, utf8, rest: rest.trimStart() }
}

const endsAt = (text: string, at: number, close: string): boolean => {
  const end = at + close.length
  return text.startsWith(close, at) && (end === text.length || text[end] === ' ')
}

/** The mailbox that starts at `at` and must be followed by `close`, then by a space or nothing. */
const mailboxAt = (text: string, at: number, close: '>' | ''): Path => {
  const local = matchAt(text[at] === '"' ? quoted : dotAtom, text, at)
  const sign = at + local.length
  if (local === '') return refusal('syntax')
  if (text[sign] !== '@') return refusal(endsAt(text, sign, close) ? 'no-domain' : 'syntax')
  const domain = matchAt(text[sign + 1] === '[' ? literal : name, text, sign + 1)
  if (domain === '' || (domain.startsWith('[') && !isAddressLiteral(domain))) return refusal('syntax')
  const end = sign + 1 + domain.length
  return endsAt(text, end, close)
    ? accepted(local, domain, text.slice(end + close.length))
    : refusal('syntax')
}

const uncommonPath = (text: string, kind: 'reverse' | 'forward'): Path => {
  if (kind === 'reverse' && /^<>(?: |$)/.test(text))
    return { ok: true, address: '', utf8: false, rest: text.slice(2).trimStart() }
  // RFC 5321 §4.5.1: postmaster without a domain is ours.
  const own = kind === 'forward' ? matchAt(postmaster, text, 0) : ''
  if (own !== '')
    return { ok: true, address: own.slice(1, -1), utf8: false, rest: text.slice(own.length).trimStart() }
  // Brackets forgotten: taken, since many clients do (not RFC 5321 §4.1.2).
  if (text[0] !== '<') return mailboxAt(text, 0, '')
  const hops = matchAt(route, text, 1)
  if (hops.length + 2 > most.path) return refusal('too-long')
  return mailboxAt(text, 1 + hops.length, '>')
}

/**
 * The path at the beginning of `text`, which is what stands after `FROM:` or `TO:` (RFC 5321 §4.1.2, RFC 6531 §3.3).
 * `rest` is what follows it, without the space between. `<>` is a reverse path only, `<postmaster>` a forward path only.
 */
export const parsePath = (text: string, { kind }: { readonly kind: 'reverse' | 'forward' }): Path => {
  const match = plain.exec(text)
  if (match) {
    const whole = match[0]
    const local = match[1]!
    const domain = match[2]!
    if (local.length > most.local || domain.length > most.label)
      return accepted(local, domain, text.slice(whole.length))
    const rest = text.length === whole.length ? '' : text.slice(whole.length).trimStart()
    return { ok: true, address: `${local}@${domain.toLowerCase()}`, utf8: false, rest }
  }
  const path = uncommonPath(text, kind)
  if (path.ok ? unseen.test(path.address) : unseen.test(text)) return refusal('characters')
  return path
}

/** A whole mailbox without brackets, as in `AUTH=` or a list of an account's addresses; null when it is none. */
export const parseAddress = (text: string): string | null => {
  const path =
    text.startsWith('<') || text.startsWith('@') ? null : parsePath(`<${text}>`, { kind: 'reverse' })
  return path?.ok && path.rest === '' && path.address !== '' ? path.address : null
}

/** Both halves; `postmaster` has no domain, the null sender has neither. */
export const splitAddress = (address: string): { readonly local: string; readonly domain: string } => {
  const sign = address.lastIndexOf('@')
  return sign === -1
    ? { local: address, domain: '' }
    : { local: address.slice(0, sign), domain: address.slice(sign + 1) }
}

const bare = /^[\w!#$%&'*+/=?^`{|}~\-\u{80}-\u{10ffff}]+(?:\.[\w!#$%&'*+/=?^`{|}~\-\u{80}-\u{10ffff}]+)*$/u
/** What a local part says, without quotes. */
export const unquote = (local: string): string =>
  local.startsWith('"') ? local.slice(1, -1).replace(/\\(.)/gsu, '$1') : local
/** The one way to write what a local part says. */
export const requote = (text: string): string =>
  bare.test(text) ? text : `"${text.replace(/["\\]/g, (special) => `\\${special}`)}"`

/** The one way to write a local part: without quotes where none are needed (RFC 5321 §4.1.2), no needless backslash. */
export const canonicalLocal = (local: string): string =>
  local.startsWith('"') ? requote(unquote(local)) : local

/** `name` of `name+tag`; what has no tag, or nothing before it, stays as it is. */
export const withoutTag = (local: string): string => {
  const text = unquote(local)
  const plus = text.indexOf('+')
  return plus > 0 ? requote(text.slice(0, plus)) : canonicalLocal(local)
}

/**
 * What two spellings of one mailbox have in common: quotes only where needed, lower case, NFC. For comparing and for
 * keys; never for a path on the wire, where a local part belongs to its host (RFC 5321 §2.4).
 */
export const addressKey = (address: string): string => {
  const { local, domain } = splitAddress(address)
  const text = canonicalLocal(local).normalize('NFC').toLowerCase()
  return domain === '' ? text : `${text}@${lowerDomain(domain)}`
}

export const sameAddress = (one: string, other: string): boolean =>
  one === other || addressKey(one) === addressKey(other)
