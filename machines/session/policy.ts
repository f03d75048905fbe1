import type { Service } from '../vocabulary/events.ts'
import type { Rules } from './rules/rules.ts'

/**
 * What governs a session: data only, so that it can be hashed, recorded (`policy-<hash>`) and, for a backtest,
 * replaced. One object for each service; sessions share it.
 */
export type SessionPolicy = {
  readonly service: Service
  /** Our name in the greeting, in replies to EHLO and on `Received:` lines. */
  readonly hostname: string
  /** `none`: AUTH is not known. `offered`: known, under TLS. `required`: no mail without it. */
  readonly authentication: 'none' | 'offered' | 'required'
  /** STARTTLS is offered on a plain connection. */
  readonly startTls: boolean
  /** A logged-in sender may use only addresses of its account, in the envelope and in `From:`. */
  readonly ownAddressesOnly: boolean
  /** What happens to a message that contains bare CR or LF (RFC 5321 §2.3.8). */
  readonly bareNewlines: 'refuse' | 'repair'
  /** `451@any.domain` gets a 451, `slow@` waits, `drop@` drops the line: for those who test their senders. */
  readonly magicRecipients: boolean
  /** What findings about strangers lead to; absent where nobody is examined. */
  readonly rules?: Rules
  readonly limits: {
    /** Bytes, as announced by SIZE (RFC 1870). */
    readonly messageSize: number
    readonly recipients: number
    /** Octets in a line of content; RFC 5321 §4.5.3.1.6 asks for 998, real mail has more. */
    readonly contentLine: number
    /** Refused commands since the last accepted message, after which the session is ended. */
    readonly errors: number
    /** NOOP, RSET, VRFY, EXPN, HELP and EHLO since the last accepted message, after which the session is ended. */
    readonly idleCommands: number
    /** Failed logins in one session, after which it is ended. */
    readonly loginFailures: number
    /** Messages in one session, after which it is ended, so that no stream grows for ever. */
    readonly messages: number
    /** `Received:` lines above which a message is taken for looping (RFC 5321 §6.3). */
    readonly received: number
  }
}
