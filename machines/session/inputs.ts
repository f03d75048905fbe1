/** What the session machine is told: the client's commands (`commands.ts`) and the world's answers. */
import type { Peer, Place, Service, TlsFacts } from '../vocabulary/events.ts'
import type { Findings, MessageFindings } from '../vocabulary/findings.ts'
import type { CommandInput } from './commands.ts'

/** Sessions that end before a word could be said. */
export const silentDoors = ['left-too-soon', 'handshake-failed', 'proxy-header-failed'] as const
export type SilentDoor = (typeof silentDoors)[number]

/** Whether there is room for one more session, and whether it begins as it should. */
export type Door =
  | 'open'
  | 'too-many-sessions'
  | 'too-many-from-address'
  | 'log-not-keeping-up'
  | 'shutting-down'
  | 'talked-too-soon'
  | SilentDoor

export type Opened = {
  readonly service: Service
  readonly local: { readonly address: string; readonly port: number }
  readonly peer: Peer
  readonly proxy: { readonly address: string; readonly protocol: 'xclient' | 'proxy' } | null
  readonly tls: TlsFacts | null
  readonly policy: string
  /** The peer is in `proxy.trusted` and may use XCLIENT. */
  readonly trusted: boolean
  readonly node: string
  readonly door: Door
}

/** The facts of a message whose final dot has come; the bytes are kept aside under `message`. */
export type ContentFacts = {
  readonly message: string
  readonly size: number
  readonly sha256: string
  /** Number of `Received:` fields. */
  readonly received: number
  /** Addresses of `Delivered-To:` fields, the newest first, a bounded number. */
  readonly deliveredTo?: readonly string[]
  readonly subject: string | null
  readonly from: string | null
  readonly messageId: string | null
  /** Every address in `From:`; only where the policy asks whose they are. */
  readonly authors?: readonly string[]
  /** `TLS-Required: No` in the header (RFC 8689 §3). */
  readonly tlsOptional?: true
  /** Header lines a submission service adds (RFC 6409 §8). */
  readonly added?: string
  /** NUL was found. */
  readonly nul?: true
  /** Octets of the longest line, where it is longer than RFC 5321 §4.5.3.1.6 allows (998). */
  readonly longestLine?: number
  /** Bare CR or LF was found and left as it was. */
  readonly bare?: true
  /** Bare CR or LF was found and made CRLF. */
  readonly repaired?: true
  /** Who answers for it; of mail from strangers. */
  readonly authentication?: MessageFindings
}

export type CredentialsVerdict =
  | 'ok'
  | 'bad-credentials'
  | 'login-throttled'
  | 'login-cancelled'
  | 'login-malformed'
  | 'login-unavailable'

export type WorldInput =
  | ({ readonly type: 'OPEN' } & Opened)
  | { readonly type: 'SECURED'; readonly tls: TlsFacts }
  | { readonly type: 'SECURING_FAILED'; readonly error: string }
  | {
      readonly type: 'CREDENTIALS'
      readonly verdict: CredentialsVerdict
      readonly user: string | null
      readonly addresses: readonly string[]
    }
  /** What was found out about the client and its sender; `session` is the name under which one can ask about it. */
  | ({ readonly type: 'EXAMINED'; readonly session: string } & Findings)
  | ({ readonly type: 'CONTENT' } & ContentFacts)
  | {
      readonly type: 'CONTENT_LOST'
      readonly size: number
      readonly fault: 'storage-full' | 'storage-unavailable'
    }
  | { readonly type: 'ENDLESS_LINE' }
  | { readonly type: 'TIMEOUT' }
  | { readonly type: 'DISCONNECTED' }
  /** The server that had the session ended without ending it. */
  | { readonly type: 'CUT_OFF' }
  | { readonly type: 'SHUTDOWN' }

/** What XCLIENT asked for, as understood by the wire. */
export type Renamed = {
  readonly peer: Peer
  readonly helo: string | null
  readonly user: string | null
  readonly addresses: readonly string[]
}

/** Commands with what the world knows about them: where a recipient's mail would go, what XCLIENT's attributes mean. */
type Informed<Input> = Input extends { readonly type: 'RCPT' }
  ? Input & { readonly place: Place }
  : Input extends { readonly type: 'XCLIENT' }
    ? Input & { readonly renamed: Renamed | null }
    : Input extends { readonly type: 'AUTH' }
      ? Omit<Input, 'initial'>
      : Input

export type SessionInput = Informed<CommandInput> | WorldInput
export type InputOf<Type extends SessionInput['type']> = Extract<SessionInput, { readonly type: Type }>

/** Payload keys of each input, in the order in which facts repeat them (`MachineModule.inputs`). */
export const sessionInputs = {
  OPEN: ['service', 'local', 'peer', 'proxy', 'tls', 'policy', 'trusted', 'node', 'door'],
  HELO: ['helo'],
  EHLO: ['helo'],
  STARTTLS: [],
  SECURED: ['tls'],
  SECURING_FAILED: ['error'],
  AUTH: ['mechanism'],
  CREDENTIALS: ['verdict', 'user', 'addresses'],
  XCLIENT: ['argument', 'renamed'],
  MAIL: ['sender', 'size', 'body', 'smtputf8', 'ret', 'envid', 'requiretls', 'route'],
  RCPT: ['recipient', 'notify', 'orcpt', 'place'],
  EXAMINED: ['session', 'reverseName', 'helo', 'spf', 'listings', 'rates', 'acquaintance', 'karma'],
  DATA: [],
  CONTENT: [
    'message',
    'size',
    'sha256',
    'received',
    'deliveredTo',
    'subject',
    'from',
    'messageId',
    'authors',
    'tlsOptional',
    'added',
    'nul',
    'longestLine',
    'bare',
    'repaired',
    'authentication',
  ],
  CONTENT_LOST: ['size', 'fault'],
  RSET: [],
  NOOP: ['argument'],
  VRFY: ['argument'],
  EXPN: ['argument'],
  HELP: ['argument'],
  QUIT: [],
  MALFORMED: ['command', 'fault'],
  UNKNOWN: ['command', 'fault'],
  HTTP: ['command'],
  ENDLESS_LINE: [],
  TIMEOUT: [],
  DISCONNECTED: [],
  CUT_OFF: [],
  SHUTDOWN: [],
} as const satisfies Record<SessionInput['type'], readonly string[]>
