/** What a session remembers: small, since thousands of idle ones are held. */
import type { AcceptedRecipient, Peer, TlsFacts, TraceFacts } from '../vocabulary/events.ts'
import type { Findings } from '../vocabulary/findings.ts'
import { isOnLoopback } from '../vocabulary/xroute.ts'
import type { InputOf } from './inputs.ts'
import type { Speaker } from './judgements.ts'
import type { SessionPolicy } from './policy.ts'

export type Transaction = Pick<
  InputOf<'MAIL'>,
  'sender' | 'body' | 'smtputf8' | 'ret' | 'envid' | 'requiretls' | 'route'
>

export type SessionContext = {
  readonly policy: SessionPolicy
  readonly peer: Peer
  /** May use XCLIENT. */
  readonly trusted: boolean
  readonly tls: TlsFacts | null
  /** What the client calls itself, null until EHLO or HELO. */
  readonly helo: string | null
  /** True after EHLO, false after HELO (RFC 5321 §4.1.1.1). */
  readonly extended: boolean
  /** The mechanism of a login under way. */
  readonly mechanism: string | null
  readonly user: string | null
  /** Addresses of the logged-in account. */
  readonly addresses: readonly string[]
  readonly transaction: Transaction | null
  readonly recipients: readonly AcceptedRecipient[]
  /** What was found out for this transaction; null until then. */
  readonly findings: Findings | null
  /** How the session is called in a refusal, once its client was examined. */
  readonly session: string
  /** Accepted in this session. */
  readonly messages: number
  /** Refused commands, and commands without effect, since the last accepted message. */
  readonly errors: number
  readonly idleCommands: number
  /** Recipients beyond the limit since the last accepted message. */
  readonly overshoot: number
  readonly loginFailures: number
}

const nobody: Peer = { address: '', port: 0, name: null }

export const initialContext = (policy: SessionPolicy): SessionContext => ({
  policy,
  peer: nobody,
  trusted: false,
  tls: null,
  helo: null,
  extended: false,
  mechanism: null,
  user: null,
  addresses: [],
  transaction: null,
  recipients: [],
  findings: null,
  session: '',
  messages: 0,
  errors: 0,
  idleCommands: 0,
  overshoot: 0,
  loginFailures: 0,
})

/** A playground lets programs on its own machine send one mail away (`xroute.ts`). */
export const mayRoute = ({ policy, peer }: Pick<SessionContext, 'policy' | 'peer'>): boolean =>
  policy.magicRecipients && isOnLoopback(peer)

export const speaker = ({ tls, user, addresses }: SessionContext): Speaker => ({
  secure: tls !== null,
  user,
  addresses,
})

/** The protocol word of a `Received:` line (RFC 3848, RFC 6531 §4.3). */
const protocolOf = ({ extended, tls, user, transaction }: SessionContext): string => {
  if (!extended) return 'SMTP'
  const letters = `${tls === null ? '' : 'S'}${user === null ? '' : 'A'}`
  return transaction?.smtputf8 ? `UTF8SMTP${letters}` : `ESMTP${letters}`
}

export const traceOf = (context: SessionContext): TraceFacts => ({
  by: context.policy.hostname,
  helo: context.helo ?? '',
  peer: context.peer,
  protocol: protocolOf(context),
  tls: context.tls,
})
