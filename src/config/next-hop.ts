/** A relay as people write it: `host`, `host:port`, or a URL that also says how to speak to it and who we are there. */
import { isIP } from 'node:net'
import { parseDomain } from './values.ts'

export type Login = { readonly user: string; readonly password: string }
export type AskedTls = 'required' | 'opportunistic' | 'never'

export type NextHop = {
  readonly protocol: 'smtp' | 'lmtp'
  /** A name in lower case, or an IP address without brackets. */
  readonly host: string
  /** Null where none is written and the scheme has none of its own. */
  readonly port: number | null
  /** `implicit` with smtps; null where nothing is said. */
  readonly tls: AskedTls | 'implicit' | null
  readonly login: Login | null
}

/** A section of `delivery.routes`: what a text says, and what does not fit into one. */
export type NextHopSection = {
  readonly host: string
  readonly tls?: AskedTls | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
}

export type ParsedHop = { readonly value: NextHop } | { readonly wrong: string; readonly at?: string }

/** RFC 8314 §7.3 for smtps; LMTP must not be on 25 (RFC 2033 §5), 24 is what mail systems are given for it. */
const schemes = {
  'smtp:': { protocol: 'smtp', port: null, tls: null },
  'smtps:': { protocol: 'smtp', port: 465, tls: 'implicit' },
  'lmtp:': { protocol: 'lmtp', port: 24, tls: null },
} as const
export type Scheme = keyof typeof schemes

const isScheme = (text: string): text is Scheme => Object.hasOwn(schemes, text)
const isAskedTls = (text: string): text is AskedTls => ['required', 'opportunistic', 'never'].includes(text)

const hostAndPort = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s/@?#]+))(?::(\d{1,5}))?$/i

const hostOf = (text: string): string | null => (isIP(text) === 0 ? parseDomain(text) : text.toLowerCase())

const plainHop = (text: string): ParsedHop => {
  // There may be a password in it.
  const wrong = /[@?]/.test(text)
    ? 'this is no host; with a user write smtp://user:password@host:port'
    : `'${text}' is no host; write host:port, IPv6 in brackets`
  const [, v6, name, digits] = hostAndPort.exec(text) ?? []
  const host = hostOf(v6 ?? name ?? '')
  if (host === null || (v6 !== undefined && isIP(v6) !== 6)) return { wrong }
  if (digits === undefined) return { value: { protocol: 'smtp', host, port: null, tls: null, login: null } }
  const port = Number(digits)
  return port < 1 || port > 65_535
    ? { wrong }
    : { value: { protocol: 'smtp', host, port, tls: null, login: null } }
}

/** Null where an escape (`%40`) is none. */
const unescaped = (text: string): string | null => {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

const loginOf = ({ username, password }: URL): Login | null | 'wrong' => {
  if (username === '' && password === '') return null
  const login = { user: unescaped(username), password: unescaped(password) }
  return login.user && login.password ? { user: login.user, password: login.password } : 'wrong'
}

/** What a URL's `?tls=` asks for; undefined for a query that says anything else. */
const askedOf = ({ searchParams }: URL): AskedTls | null | undefined => {
  const [first, ...more] = [...searchParams]
  if (first === undefined) return null
  return more.length === 0 && first[0] === 'tls' && isAskedTls(first[1]) ? first[1] : undefined
}

/** The value of a URL never stands in what is wrong with it: there may be a password in it. */
const urlHop = (text: string, form: string): ParsedHop => {
  const wrong = `not a URL of the form ${form}`
  const url = URL.parse(text)
  if (!url || !isScheme(url.protocol) || url.port === '0') return { wrong }
  const host = hostOf(url.hostname.replace(/^\[|\]$/g, ''))
  const login = loginOf(url)
  const asked = askedOf(url)
  if (host === null || asked === undefined || !['', '/'].includes(url.pathname) || url.hash) return { wrong }
  if (login === 'wrong')
    return { wrong: 'user and password go together; write @ : / # % in them as %40 %3A %2F %23 %25' }
  const { protocol, port, tls } = schemes[url.protocol]
  if (tls === 'implicit' && asked !== null && asked !== 'required')
    return { wrong: `smtps is TLS from the first byte; tls=${asked} contradicts it` }
  return {
    value: { protocol, host, port: url.port === '' ? port : Number(url.port), tls: tls ?? asked, login },
  }
}

/** `relay`, `relay:2525`, `[2001:db8::1]:25`, `smtp://user:pass@relay:587?tls=opportunistic`, `smtps://...`, `lmtp://...`. */
export const parseNextHop = (text: string): ParsedHop =>
  text.includes('://') ? urlHop(text, 'lmtp://host:port or smtps://host:port') : plainHop(text)

export const relayForm = 'smtp://user:pass@relay.example.net:587'

/** The smart host: a URL, smtp or smtps. */
export const parseRelay = (text: string): ParsedHop => {
  const parsed = urlHop(text, relayForm)
  return 'value' in parsed && parsed.value.protocol === 'lmtp'
    ? { wrong: `not a URL of the form ${relayForm}` }
    : parsed
}

/** The same as a section; `at` names the key that is wrong. */
export const parseHopSection = ({ host, tls, user, password }: NextHopSection): ParsedHop => {
  const parsed = parseNextHop(host)
  if ('wrong' in parsed) return { ...parsed, at: 'host' }
  const { value } = parsed
  if ((user === undefined) !== (password === undefined))
    return { wrong: 'user and password go together', at: user === undefined ? 'password' : 'user' }
  if (user !== undefined && value.login) return { wrong: 'host names a user already', at: 'user' }
  if (tls !== undefined && value.tls === 'implicit' && tls !== 'required')
    return { wrong: `smtps is TLS from the first byte; ${tls} contradicts it`, at: 'tls' }
  const login = user === undefined || password === undefined ? value.login : { user, password }
  return { value: { ...value, login, tls: value.tls === 'implicit' ? 'implicit' : (tls ?? value.tls) } }
}
