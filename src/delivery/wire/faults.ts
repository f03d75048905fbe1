/** What can go wrong with a host, by a stable code, and how it is told. */
import type { AttemptFault, RemoteReply } from '../../../machines/vocabulary/events.ts'
import { HostFailed } from '../port.ts'

/** Every `AttemptFault.kind` of the wire, with what it means. */
export const wireFaults = {
  'connection-refused': 'Nobody listens on that port, or a firewall says so.',
  'connection-timeout': 'No connection came about in time.',
  'host-unreachable': 'There is no way to that address from here.',
  'connection-lost': 'The host closed the connection in the middle of the dialogue.',
  timeout: 'The host did not answer, or did not take what we sent, in time (RFC 5321 §4.5.3.2).',
  'greeting-refused': 'The host greeted us with a refusal.',
  'hello-refused': 'The host took neither EHLO nor HELO (LHLO for LMTP).',
  'tls-failed': 'STARTTLS was refused, or the handshake failed.',
  'certificate-invalid':
    'The certificate of the host is not valid: not for its name, out of date, or of nobody we know.',
  'tls-not-offered': 'TLS is required here and the host does not offer it.',
  'tls-injection': 'Something in clear followed the answer to STARTTLS: somebody meddles with the line.',
  'requiretls-not-offered': 'The mail wants REQUIRETLS (RFC 8689), and the host does not offer it.',
  'requiretls-without-tls':
    'The mail wants REQUIRETLS (RFC 8689), and there is no TLS with a valid certificate to the host.',
  'login-failed': 'The host did not take the name and password, or there was no safe way to give them.',
  protocol: 'What the host said is no SMTP, or no answer to what it was asked.',
  'host-closing': 'The host said 421: it is about to close the connection.',
  'content-unreadable': 'The message could not be read on our side; nothing was delivered.',
  stopped: 'We ended the attempt ourselves.',
} as const

export type WireFaultKind = keyof typeof wireFaults

export type FaultFacts = {
  readonly kind: WireFaultKind
  readonly during: string
  /** For people; the kind's sentence where there is nothing to add. */
  readonly text?: string
  readonly reply?: RemoteReply | null
  /** Most faults of a host pass: the default is true. */
  readonly temporary?: boolean
}

export const wireFault = (facts: FaultFacts): AttemptFault => ({
  kind: facts.kind,
  during: facts.during,
  text: facts.text ?? wireFaults[facts.kind],
  reply: facts.reply ?? null,
  temporary: facts.temporary ?? true,
})

/** To be thrown. */
export const failed = (facts: FaultFacts): HostFailed => new HostFailed(wireFault(facts))

/** `554 5.7.1 go away`, for a fault's text. */
export const quoted = ({ code, enhanced, text }: RemoteReply): string =>
  [String(code), enhanced, text].filter((part) => part !== '').join(' ')
