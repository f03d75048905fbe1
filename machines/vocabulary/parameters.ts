/** What may stand behind the path in MAIL and RCPT (RFC 5321 §4.1.1.11): text in, typed values or a refusal out. */
import { parseAddress } from './address.ts'
import { parseRoute } from './xroute.ts'
import { decodeUtf8Text, decodeXtext } from './xtext.ts'

/** `parameter-unknown`: we never offered it (555). `parameter-syntax`: known, but not so, or twice (501). */
export type ParameterFault = 'parameter-unknown' | 'parameter-syntax'
export type MailParameters = {
  /** RFC 1870: octets the client means to send. */
  readonly size?: number
  /** RFC 6152 */
  readonly body?: '7BIT' | '8BITMIME'
  /** RFC 6531 §3.4 */
  readonly smtputf8?: true
  /** RFC 3461 §4.3 */
  readonly ret?: 'FULL' | 'HDRS'
  /** RFC 3461 §4.4, decoded. */
  readonly envid?: string
  /** RFC 8689 §2 */
  readonly requiretls?: true
  /** `direct` or `host:port`, see `xroute.ts`. */
  readonly route?: string
  /** RFC 4954 §5, decoded: who submitted it, '' for `<>`. We believe nobody, so nobody reads it. */
  readonly auth?: string
}
export type RcptParameters = {
  /** RFC 3461 §4.1, upper case, each once. */
  readonly notify?: readonly string[]
  /** RFC 3461 §4.2, RFC 6533 §3: `type;address`, the address decoded. */
  readonly orcpt?: string
}
export type Parsed<Values> =
  | { readonly ok: true; readonly values: Values }
  | { readonly ok: false; readonly fault: ParameterFault }

/** Reads one value (null: none was given) into a value, or undefined when it is wrong. */
type Reader = (value: string | null) => unknown
type Readers<Values> = {
  readonly [Name in keyof Required<Values>]: { readonly keyword: string; readonly read: Reader }
}

const oneOf =
  (...words: readonly string[]): Reader =>
  (value) =>
    words.find((word) => word === value?.toUpperCase())

// RFC 1870 §5: up to twenty digits; what is beyond counting is too large anyway.
const size: Reader = (value) =>
  value !== null && /^[0-9]{1,20}$/.test(value) ? Math.min(Number(value), Number.MAX_SAFE_INTEGER) : undefined

const flag: Reader = (value) => (value === null ? true : undefined)

// RFC 3461 §4.4: at most 100 characters as they came.
const envid: Reader = (value) =>
  value !== null && value.length <= 100 ? (decodeXtext(value) ?? undefined) : undefined

const submitter: Reader = (value) => {
  if (value === '<>') return ''
  const address = value === null ? null : decodeXtext(value)
  return (address === null ? null : parseAddress(address)) ?? undefined
}

const notify: Reader = (value) => {
  const words = new Set(value?.toUpperCase().split(','))
  if (words.has('NEVER')) return words.size === 1 ? ['NEVER'] : undefined
  const known = [...words].every((word) => word === 'SUCCESS' || word === 'FAILURE' || word === 'DELAY')
  return known && words.size > 0 ? [...words] : undefined
}

// RFC 3461 §4.2: at most 500 characters as they came; the type is an atom.
const orcpt: Reader = (value) => {
  const [, type, text] = /^([a-z0-9!#$%&'*/?^_`{|}~-]{1,40});(.+)$/iu.exec(value ?? '') ?? []
  if (value === null || value.length > 500 || !type || !text) return undefined
  const address = type.toLowerCase() === 'utf-8' ? decodeUtf8Text(text) : decodeXtext(text)
  return address === null ? undefined : `${type.toLowerCase()};${address}`
}

// The order here is the order of the keys in every fact.
const mail: Readers<MailParameters> = {
  size: { keyword: 'SIZE', read: size },
  body: { keyword: 'BODY', read: oneOf('7BIT', '8BITMIME') },
  smtputf8: { keyword: 'SMTPUTF8', read: flag },
  ret: { keyword: 'RET', read: oneOf('FULL', 'HDRS') },
  envid: { keyword: 'ENVID', read: envid },
  requiretls: { keyword: 'REQUIRETLS', read: flag },
  route: { keyword: 'XROUTE', read: (value) => parseRoute(value ?? '') },
  auth: { keyword: 'AUTH', read: submitter },
}
const rcpt: Readers<RcptParameters> = {
  notify: { keyword: 'NOTIFY', read: notify },
  orcpt: { keyword: 'ORCPT', read: orcpt },
}

const refusal = (fault: ParameterFault) => ({ ok: false, fault }) as const
const keyword = /^[a-z0-9][a-z0-9-]*$/i
/** RFC 5321 §4.1.2 esmtp-value; RFC 6531 §3.3 adds what is beyond ASCII. */
const legible = /^[!-<>-~\u{80}-\u{10ffff}]+$/u

type Words = Map<string, string | null>
/** `KEY=value KEY` as a map; a fault for a word that is none, or comes twice. */
const wordsOf = (text: string, known: ReadonlySet<string>): Words | ParameterFault => {
  const words: Words = new Map()
  for (const word of text.split(' ')) {
    if (word === '') continue
    const equals = word.indexOf('=')
    const key = (equals === -1 ? word : word.slice(0, equals)).toUpperCase()
    const value = equals === -1 ? null : word.slice(equals + 1)
    if (!keyword.test(key)) return 'parameter-syntax'
    if (!known.has(key)) return 'parameter-unknown'
    if (words.has(key) || (value !== null && !legible.test(value))) return 'parameter-syntax'
    words.set(key, value)
  }
  return words
}

const parser = <Values>(readers: Readers<Values>) => {
  const table = Object.entries<{ keyword: string; read: Reader }>(readers)
  const known = new Set(table.map(([, { keyword }]) => keyword))
  return (text: string, { extended }: { readonly extended: boolean }): Parsed<Partial<Values>> => {
    // RFC 5321 §4.1.1.11: parameters are for clients that said EHLO.
    if (!extended) return refusal('parameter-unknown')
    const words = wordsOf(text, known)
    if (typeof words === 'string') return refusal(words)
    const values: Record<string, unknown> = {}
    for (const [name, { keyword, read }] of table) {
      const given = words.get(keyword)
      if (given === undefined) continue
      const value = read(given)
      if (value === undefined) return refusal('parameter-syntax')
      values[name] = value
    }
    return { ok: true, values: values as Partial<Values> }
  }
}

const parseMail = parser<MailParameters>(mail)
const parseRcpt = parser<RcptParameters>(rcpt)
const nothing = { ok: true, values: {} } as const

/** `text` is what `parsePath` left. `extended`: the client said EHLO. */
export const parseMailParameters = (
  text: string,
  options: { readonly extended: boolean },
): Parsed<MailParameters> => {
  if (text === '') return nothing
  // What nearly every client sends, and all of it.
  const only = options.extended ? /^SIZE=([0-9]{1,15})$/.exec(text) : null
  return only ? { ok: true, values: { size: Number(only[1]) } } : parseMail(text, options)
}

export const parseRcptParameters = (
  text: string,
  options: { readonly extended: boolean },
): Parsed<RcptParameters> => (text === '' ? nothing : parseRcpt(text, options))
