/**
 * Authentication-Results and Received-SPF, composed from what is recorded: the same facts give the same bytes. Whatever stands in them
 * was written by strangers, and may end no line, no comment, no quote.
 */
import { unquote } from '../../../machines/vocabulary/address.ts'
import type { MessageAccepted } from '../../../machines/vocabulary/events.ts'
import type {
  ArcFinding,
  DkimFinding,
  DmarcFinding,
  Findings,
  MessageFindings,
  ReverseName,
  SpfFinding,
} from '../../../machines/vocabulary/findings.ts'

export type ResultsFacts = {
  /** Our name: the host that says so (RFC 8601 §2.5). */
  readonly hostname: string
  readonly examined?: Pick<Findings, 'spf' | 'reverseName'> | undefined
  readonly authentication?: MessageFindings | undefined
  /** Of the envelope, and of the client; for Received-SPF and for what was looked at. */
  readonly sender: string
  readonly helo: string
  readonly address: string
}

/** Octets of a value: one that is longer is left out (RFC 8601 §2.2: it may be), for a part of a name is another name. */
const longestValue = 320
const longestComment = 200
/** A line is folded where it would be longer; no value has room to break it. RFC 5322 §2.1.1 */
const lineLength = 78

// RFC 8601 §2.2: a token (RFC 2045 §5.1), or an address. RFC 7208 §9.1: a dot-atom.
const bare = {
  results: /^(?:[\w!#$%&'*+.^`{|}~-]+|[\w!#$%&'*+.^`{|}~-]*@[\w.-]+)$/,
  spf: /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/,
} as const
type Kind = keyof typeof bare

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

/** Null for what cannot be said without changing it: control characters, and nothing at all. */
const written = (text: string, kind: Kind): string | null => {
  const isUnspeakable = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(text)
  if (text === '' || isUnspeakable || Buffer.byteLength(text) > longestValue) return null
  if (bare[kind].test(text)) return text
  // RFC 8601 §2.2: of an address only what stands before the @ is quoted.
  const address = kind === 'results' ? /^(.+)@([\w.-]+)$/.exec(text) : null
  return address === null ? quoted(text) : `${quoted(unquote(address[1]!))}@${address[2]}`
}
const property = (name: string, text: string | undefined, kind: Kind = 'results'): readonly string[] => {
  const value = text === undefined ? null : written(text, kind)
  return value === null ? [] : [`${name}=${value}`]
}
const comment = (text: string | undefined): readonly string[] => {
  const said = (text ?? '')
    .replace(/[^ -~]|[()\\"]/gu, '?')
    .slice(0, longestComment)
    .trim()
  return said === '' ? [] : [`(${said})`]
}

/** The words of one method; they may be folded between. */
type Words = readonly string[]

const spfWords = ({ result, about, identity, domain }: SpfFinding, sender: string): Words => [
  `spf=${result}`,
  ...comment(about),
  // RFC 8601 §2.7.2
  ...(identity === 'helo' ? property('smtp.helo', domain) : property('smtp.mailfrom', sender || domain)),
]
const dkimWords = ({
  result,
  about,
  domain,
  selector,
  algorithm,
  bits,
  identity,
  signature,
}: DkimFinding): Words => [
  `dkim=${result}`,
  ...comment([about, bits === undefined ? '' : `${bits} bits`].filter(Boolean).join(', ')),
  ...property('header.d', domain),
  ...property('header.i', identity),
  ...property('header.s', selector),
  ...property('header.a', algorithm),
  ...property('header.b', signature), // RFC 6008 §4
]
const dmarcWords = ({ result, about, domain, policy, pct, leftOut }: DmarcFinding): Words => [
  `dmarc=${result}`,
  ...comment(
    [policy && `p=${policy}`, pct !== undefined && `pct=${pct}`, leftOut && 'left out', about]
      .filter(Boolean)
      .join(' '),
  ),
  ...property('header.from', domain ?? undefined),
]
const arcWords = ({ result, about, sealers }: ArcFinding, address: string): Words => [
  `arc=${result}`,
  ...comment([sealers.length > 0 && `i=${sealers.length}`, sealers[0], about].filter(Boolean).join(' ')),
  ...property('smtp.remote-ip', address), // RFC 8617 §7.1
]
// RFC 8601 §2.7.3
const iprev = {
  confirmed: 'pass',
  unconfirmed: 'fail',
  missing: 'permerror',
  temperror: 'temperror',
} as const
const iprevWords = ({ result, name }: ReverseName, address: string): Words => [
  `iprev=${iprev[result]}`,
  ...comment(name ?? undefined),
  ...property('policy.iprev', address),
]

/** What was found, method by method, in the order of RFC 8601's examples. */
const methods = ({ examined, authentication, sender, address }: ResultsFacts): readonly Words[] => {
  const { dkim, dmarc, arc } = authentication ?? {}
  const unsigned: readonly Words[] = dkim?.length === 0 ? [['dkim=none']] : []
  return [
    ...(examined?.reverseName ? [iprevWords(examined.reverseName, address)] : []),
    ...(examined?.spf ? [spfWords(examined.spf, sender)] : []),
    ...(dkim?.map(dkimWords) ?? []),
    ...unsigned,
    ...(dmarc ? [dmarcWords(dmarc)] : []),
    ...(arc && arc.result !== 'none' ? [arcWords(arc, address)] : []),
  ]
}

/** Words on lines, each beginning with a tab but the first. Spaces within quotes and comments stay where they are. */
const folded = (words: Words): string => {
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length + 1 <= lineLength)
      lines.push(`${lines.pop()} ${word}`)
    else lines.push(word)
  }
  return lines.join('\r\n\t')
}

const identified = (hostname: string): string => written(hostname, 'results') ?? 'unknown'

/** What stands behind the name of the field: `mx.example.org; spf=pass ...`; folded, without a line end. */
export const resultsPayload = (facts: ResultsFacts): string => {
  const found = methods(facts)
  return `${identified(facts.hostname)};${found.length === 0 ? ' none' : `\r\n\t${found.map(folded).join(';\r\n\t')}`}`
}

// RFC 8601 §2.2
const resultsLine = (facts: ResultsFacts): string => `Authentication-Results: ${resultsPayload(facts)}\r\n`

const sentences: Readonly<Record<SpfFinding['result'], string>> = {
  pass: 'may send for it',
  fail: 'may not send for it',
  softfail: 'should not send for it',
  neutral: 'nothing is said of the sender',
  none: 'nothing is published',
  temperror: 'no answer',
  permerror: 'what is published makes no sense',
}
// RFC 7208 §9.1
const receivedSpfLine = (spf: SpfFinding, { hostname, sender, helo, address }: ResultsFacts): string => {
  const pairs = {
    'client-ip': address,
    'envelope-from': sender,
    helo,
    receiver: hostname,
    identity: spf.identity,
    mechanism: spf.mechanism,
  }
  const list = Object.entries(pairs).flatMap(([name, text]) =>
    property(name, text, 'spf').map((pair) => `${pair};`),
  )
  return `Received-SPF: ${folded([spf.result, ...comment(`${spf.domain}: ${sentences[spf.result]}`), ...list])}\r\n`
}

/**
 * The lines for the top of a message, each with its CRLF; '' where nothing was looked at. Pure: the same facts give the same bytes.
 */
export const resultsLines = (facts: ResultsFacts): string => {
  const { examined, authentication } = facts
  if (examined === undefined && authentication === undefined) return ''
  const spf = examined?.spf
  return `${resultsLine(facts)}${spf === undefined ? '' : receivedSpfLine(spf, facts)}`
}

/** IPv4 within IPv6 is IPv4. */
const mapped = /^::ffff:(?=[0-9.]+$)/i

/** What an accepted message says of itself. */
export const resultsFactsOf = ({
  examined,
  authentication,
  sender,
  trace,
}: MessageAccepted): ResultsFacts => ({
  ...{ examined, authentication, sender, hostname: trace.by, helo: trace.helo },
  address: trace.peer.address.replace(mapped, '').replace(/%.*$/, ''),
})
