/** What we say: every positive reply of a session, as effects. Refusals come from `reasons.ts`. */
import type { ReplyEffect } from '../vocabulary/machine.ts'
import { type CommandInput, faults, helpLines } from './commands.ts'
import { mayRoute, type SessionContext } from './context.ts'
import type { RefusedVerdict } from './judgements.ts'

export const reply = (code: number, enhanced: string, ...lines: string[]): ReplyEffect => ({
  type: 'effect',
  name: 'reply',
  code,
  enhanced,
  lines,
})

export const refusalReply = ({ code, enhanced, text }: RefusedVerdict): ReplyEffect =>
  reply(code, enhanced, text)

/** The extensions we offer just now (RFC 5321 §4.1.1.1); what a plain or logged-in connection may not use is left out. */
const extensions = ({ policy, peer, tls, user, trusted }: SessionContext): string[] => [
  'PIPELINING', // RFC 2920
  `SIZE ${policy.limits.messageSize}`, // RFC 1870
  '8BITMIME', // RFC 6152
  'SMTPUTF8', // RFC 6531
  'ENHANCEDSTATUSCODES', // RFC 2034
  'DSN', // RFC 3461
  ...(policy.startTls && tls === null ? ['STARTTLS'] : []), // RFC 3207
  ...(policy.authentication !== 'none' && tls !== null && user === null ? ['AUTH PLAIN LOGIN'] : []), // RFC 4954
  ...(tls !== null ? ['REQUIRETLS'] : []), // RFC 8689 §2
  ...(mayRoute({ policy, peer }) ? ['XROUTE'] : []),
  ...(trusted ? ['XCLIENT NAME ADDR PORT PROTO HELO LOGIN'] : []),
  'HELP',
]

export const greeting = ({ policy }: SessionContext): ReplyEffect =>
  reply(220, '', `${policy.hostname} ESMTP FSMTP`)
export const hello = ({ policy }: SessionContext): ReplyEffect => reply(250, '', policy.hostname)
export const extendedHello = (context: SessionContext): ReplyEffect =>
  reply(250, '', context.policy.hostname, ...extensions(context))

export const readyForTls = reply(220, '2.0.0', 'Ready to start TLS')
export const loggedIn = reply(235, '2.7.0', 'Authentication successful')
export const senderOk = reply(250, '2.1.0', 'Sender ok')
export const recipientOk = reply(250, '2.1.5', 'Recipient ok')
export const sendContent = reply(354, '', 'End data with <CR><LF>.<CR><LF>')
export const resetDone = reply(250, '2.0.0', 'Reset')
export const goodbye = reply(221, '2.0.0', 'Bye')
export const stored = (message: string): ReplyEffect => reply(250, '2.6.0', `Accepted as ${message}`)

/** RFC 5321 §7.3: a server that does not verify or expand says 252, which neither confirms nor denies. */
const cannotVerify = reply(252, '2.5.0', 'Cannot say; send the mail and see')
const noop = reply(250, '2.0.0', 'Ok')
const help = reply(214, '2.0.0', ...helpLines)

export const answerTo = (command: string): ReplyEffect => {
  if (command === 'HELP') return help
  return command === 'NOOP' ? noop : cannotVerify
}

/** A command that could not be understood, by its fault. */
export const faultReply = ({ fault }: Extract<CommandInput, { readonly fault: unknown }>): ReplyEffect => {
  const { code, enhanced, text } = faults[fault]
  return reply(code, enhanced, text)
}
