/**
 * The verbs of the dialogue, one row each, and the pure function from a command line to what the machine is told.
 * EHLO's lines, HELP's answer and the parser come from these rows.
 */

import { parsePath } from '../vocabulary/address.ts'
import { isAddressLiteral } from '../vocabulary/address-literal.ts'
import type { RcptParameters } from '../vocabulary/parameters.ts'
import { type MailParameters, parseMailParameters, parseRcptParameters } from '../vocabulary/parameters.ts'
import type { FaultCode } from './command-faults.ts'

export { type Fault, type FaultCode, faults } from './command-faults.ts'

/**
 * What a command line means, as the machine's input: `type`, then the payload. A key that was not given is absent,
 * and keys stand in one order, since facts repeat them and replays compare them.
 */
export type CommandInput =
  | { readonly type: 'HELO'; readonly helo: string }
  | { readonly type: 'EHLO'; readonly helo: string }
  | { readonly type: 'STARTTLS' }
  /** `initial` is a credential: keep it out of facts and dialogues. '' was `=`; null when none came. */
  | { readonly type: 'AUTH'; readonly mechanism: string; readonly initial: string | null }
  | ({ readonly type: 'MAIL'; readonly sender: string } & Omit<MailParameters, 'auth'>)
  | ({ readonly type: 'RCPT'; readonly recipient: string } & RcptParameters)
  | { readonly type: 'DATA' }
  | { readonly type: 'RSET' }
  | { readonly type: 'NOOP'; readonly argument: string }
  | { readonly type: 'VRFY'; readonly argument: string }
  | { readonly type: 'EXPN'; readonly argument: string }
  | { readonly type: 'HELP'; readonly argument: string }
  | { readonly type: 'QUIT' }
  | { readonly type: 'XCLIENT'; readonly argument: string }
  /** A verb we know, or bytes that are no command at all. */
  | { readonly type: 'MALFORMED'; readonly command: string; readonly fault: FaultCode }
  | { readonly type: 'UNKNOWN'; readonly command: string; readonly fault: 'unknown' }
  | { readonly type: 'HTTP'; readonly command: string }

export type CommandContext = {
  /** The client said EHLO, so parameters may follow a path. */
  readonly extended: boolean
}

type Read = (argument: string, context: CommandContext) => CommandInput
export type Verb = {
  readonly verb: string
  /** For HELP and the answer to a wrong use. */
  readonly usage: string
  /** EHLO keywords that come with it; the ones with values or conditions are completed by whoever offers them. */
  readonly keywords: readonly string[]
  readonly rfc: string
  readonly read: Read
}

// RFC 5321 §4.5.3.1.4 asks for 512, its extensions for some 1,100 more; RFC 4954 §4 for 12,288 with AUTH.
export const longestLine = { command: 2_048, authentication: 12_288 } as const

const malformed = (command: string, fault: FaultCode): CommandInput => ({ type: 'MALFORMED', command, fault })

const bare = (type: 'STARTTLS' | 'DATA' | 'RSET' | 'QUIT'): Read => {
  const input = Object.freeze({ type })
  return (argument) => (argument === '' ? input : malformed(type, 'argument-unexpected'))
}
const optional =
  (type: 'NOOP' | 'HELP'): Read =>
  (argument) => ({ type, argument })
const required =
  (type: 'VRFY' | 'EXPN' | 'XCLIENT'): Read =>
  (argument) =>
    argument === '' ? malformed(type, 'argument-missing') : { type, argument }

// What real clients call themselves, short of what would break a header line: RFC 5321 §4.1.4 forbids refusing more.
const tolerableName = /^[!-~]{1,255}$/
const greeting =
  (type: 'HELO' | 'EHLO'): Read =>
  (helo) => {
    if (helo === '') return malformed(type, 'helo-missing')
    return tolerableName.test(helo) ? { type, helo } : malformed(type, 'helo-syntax')
  }

const authentication: Read = (argument) => {
  if (argument === '') return malformed('AUTH', 'argument-missing')
  // RFC 4422 §3.1, RFC 4954 §4: a mechanism, then perhaps the first response; `=` is an empty one.
  const match = /^([a-z0-9_-]{1,20})(?: +([a-z0-9+/=]+))?$/i.exec(argument)
  if (!match) return malformed('AUTH', 'argument-syntax')
  const initial = match[2] === '=' ? '' : (match[2] ?? null)
  return { type: 'AUTH', mechanism: match[1]!.toUpperCase(), initial }
}

/** Where the path begins: after `FROM:` or `TO:`, and after the spaces many clients put there. */
const pathStart = (argument: string, word: 'FROM:' | 'TO:'): number => {
  if (argument.slice(0, word.length).toUpperCase() !== word) return -1
  let at = word.length
  while (argument.charCodeAt(at) === 0x20) at++
  return at
}

const sender: Read = (argument, context) => {
  if (argument === '') return malformed('MAIL', 'argument-missing')
  const start = pathStart(argument, 'FROM:')
  if (start === -1) return malformed('MAIL', 'sender-syntax')
  const path = parsePath(argument.slice(start), { kind: 'reverse' })
  if (!path.ok) return malformed('MAIL', `sender-${path.fault}`)
  if (path.rest === '' && !path.utf8) return { type: 'MAIL', sender: path.address }
  const parameters = parseMailParameters(path.rest, context)
  if (!parameters.ok) return malformed('MAIL', parameters.fault)
  // RFC 6531 §3.5
  if (path.utf8 && !parameters.values.smtputf8) return malformed('MAIL', 'not-ascii')
  const { values } = parameters
  if (values.auth === undefined) return { type: 'MAIL', sender: path.address, ...values }
  // RFC 4954 §5: whoever is not trusted for it has its AUTH read and forgotten.
  const { auth: _, ...others } = values
  return { type: 'MAIL', sender: path.address, ...others }
}

const recipient: Read = (argument, context) => {
  if (argument === '') return malformed('RCPT', 'argument-missing')
  const start = pathStart(argument, 'TO:')
  if (start === -1) return malformed('RCPT', 'recipient-syntax')
  const path = parsePath(argument.slice(start), { kind: 'forward' })
  if (!path.ok) return malformed('RCPT', `recipient-${path.fault}`)
  if (path.rest === '') return { type: 'RCPT', recipient: path.address }
  const parameters = parseRcptParameters(path.rest, context)
  if (!parameters.ok) return malformed('RCPT', parameters.fault)
  return { type: 'RCPT', recipient: path.address, ...parameters.values }
}

const row = (verb: string, usage: string, keywords: readonly string[], rfc: string, read: Read): Verb => ({
  verb,
  usage: usage === '' ? verb : `${verb} ${usage}`,
  keywords,
  rfc,
  read,
})

/** In the order of a dialogue. */
export const verbs: readonly Verb[] = [
  row('HELO', 'host', [], 'RFC 5321 §4.1.1.1', greeting('HELO')),
  row('EHLO', 'host', ['PIPELINING', 'ENHANCEDSTATUSCODES'], 'RFC 5321 §4.1.1.1', greeting('EHLO')),
  row('STARTTLS', '', ['STARTTLS'], 'RFC 3207 §4', bare('STARTTLS')),
  row('AUTH', 'mechanism [initial-response]', ['AUTH'], 'RFC 4954 §4', authentication),
  row(
    'MAIL',
    'FROM:<address> [SIZE=n] [BODY=7BIT|8BITMIME] [SMTPUTF8] [RET=FULL|HDRS] [ENVID=xtext] [REQUIRETLS] [AUTH=xtext]',
    ['SIZE', '8BITMIME', 'SMTPUTF8', 'REQUIRETLS', 'XROUTE'],
    'RFC 5321 §4.1.1.2',
    sender,
  ),
  row(
    'RCPT',
    'TO:<address> [NOTIFY=NEVER|SUCCESS,FAILURE,DELAY] [ORCPT=type;xtext]',
    ['DSN'],
    'RFC 5321 §4.1.1.3',
    recipient,
  ),
  row('DATA', '', [], 'RFC 5321 §4.1.1.4', bare('DATA')),
  row('RSET', '', [], 'RFC 5321 §4.1.1.5', bare('RSET')),
  row('VRFY', 'address', [], 'RFC 5321 §4.1.1.6', required('VRFY')),
  row('EXPN', 'list', [], 'RFC 5321 §4.1.1.7', required('EXPN')),
  row('HELP', '[command]', ['HELP'], 'RFC 5321 §4.1.1.8', optional('HELP')),
  row('NOOP', '[text]', [], 'RFC 5321 §4.1.1.9', optional('NOOP')),
  row('QUIT', '', [], 'RFC 5321 §4.1.1.10', bare('QUIT')),
  row(
    'XCLIENT',
    'attribute=value ...',
    ['XCLIENT'],
    'https://www.postfix.org/XCLIENT_README.html',
    required('XCLIENT'),
  ),
]

/** The answer to HELP, one verb a line. */
export const helpLines: readonly string[] = ['Commands:', ...verbs.map(({ usage }) => usage)]

const byVerb: ReadonlyMap<string, Verb> = new Map(verbs.map((verb) => [verb.verb, verb]))
/** Verbs of other standards: known, not spoken here (RFC 5321 §4.2.4.1 wants 502 for these). */
const unimplemented: ReadonlySet<string> = new Set(
  'BDAT BURL TURN ATRN ETRN SEND SOML SAML XFORWARD XADR XCIR XSTA XGEN XAUTH XTRN EXPS VERB ONEX'.split(' '),
)
const http = /^(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) \S.* HTTP\/\d/i

/** Only a word that looks like a verb is kept: anything else may be a password that lost its way. */
const nameOf = (line: string): string => /^[a-z]{1,10}(?=[ :]|$)/i.exec(line)?.[0].toUpperCase() ?? '?'

/** What no command may hold, whatever its verb. */
const unfit = (line: string): FaultCode | null => {
  if (line.startsWith('\x16\x03')) return 'tls-on-plain'
  if (line.includes('\0')) return 'nul'
  if (/[\x00-\x1f\x7f-\x9f]/.test(line)) return 'control-characters'
  return line.includes('\ufffd') ? 'not-utf8' : null
}

const beyondAscii: ReadonlySet<string> = new Set([
  'MAIL',
  'RCPT',
  'VRFY',
  'EXPN',
  'NOOP',
  'HELP',
  'HELO',
  'EHLO',
])

const strange = (line: string, verb: Verb | undefined): CommandInput | null => {
  const fault = unfit(line)
  if (fault) return malformed(verb?.verb ?? nameOf(line), fault)
  return verb && !beyondAscii.has(verb.verb) ? malformed(verb.verb, 'argument-not-ascii') : null
}

const unrecognised = (line: string, word: string): CommandInput => {
  const request = http.exec(line)
  if (request) return { type: 'HTTP', command: request[1]!.toUpperCase() }
  if (unimplemented.has(word)) return malformed(word, 'unimplemented')
  return { type: 'UNKNOWN', command: nameOf(line), fault: 'unknown' }
}

/**
 * Reads one command line: without its CRLF, decoded as UTF-8 (what is not UTF-8 as U+FFFD). Never throws. Verbs in any
 * case, spaces at the end and more than one between words are taken (RFC 5321 §4.1.1, §2.4).
 */
export const parseCommand = (given: string, context: CommandContext): CommandInput => {
  const line = given.endsWith(' ') ? given.trimEnd() : given
  const space = line.indexOf(' ')
  const word = (space === -1 ? line : line.slice(0, space)).toUpperCase()
  const verb = byVerb.get(word)
  if (line.length > (word === 'AUTH' ? longestLine.authentication : longestLine.command))
    return malformed(verb?.verb ?? nameOf(line), 'line-too-long')
  if (!/^[ -~]*$/.test(line)) {
    const refused = strange(line, verb)
    if (refused) return refused
  }
  if (!verb) return unrecognised(line, word)
  return verb.read(space === -1 ? '' : line.slice(space + 1).trimStart(), context)
}

const hostName = /^[a-z0-9]+(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)*$/i

/** Whether a HELO name is what RFC 5321 §4.1.1.1 asks for: a fully qualified domain name or an address literal. */
export const heloIsValid = (helo: string): boolean => {
  if (helo.startsWith('[')) return isAddressLiteral(helo)
  const labels = helo.split('.')
  return (
    helo.length <= 255 &&
    hostName.test(helo) &&
    labels.length > 1 &&
    labels.every((label) => label.length <= 63) &&
    !/^[0-9]+$/.test(labels.at(-1)!)
  )
}
