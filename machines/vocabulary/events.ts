/**
 * The facts: what a postmaster would say happened, in the past tense. Each name is written here once and
 * stored for ever; renaming one means an upcaster. Views read `type` and `data` of these and nothing else.
 */

/** Where a recipient's mail goes, decided when the recipient was accepted (never later). */
export type Destination =
  | { readonly kind: 'mailbox'; readonly mailbox: string }
  | { readonly kind: 'nextHop'; readonly nextHop: string }

/** What the directory says of a recipient address. */
export type Place =
  | { readonly kind: 'mailbox'; readonly mailbox: string }
  | { readonly kind: 'foreign'; readonly nextHop: string }
  | { readonly kind: 'unknown'; readonly domain: string }

/** `RET` and `ENVID` of MAIL (RFC 3461 §4.3, §4.4). */
export type SenderNotification = { readonly ret?: 'FULL' | 'HDRS'; readonly envid?: string }
/** `NOTIFY` and `ORCPT` of RCPT (RFC 3461 §4.1, §4.2). */
export type RecipientNotification = { readonly notify?: readonly string[]; readonly orcpt?: string }

export type AcceptedRecipient = RecipientNotification & {
  readonly address: string
  readonly destination: Destination
}

/** The client's end of the connection; `name` is what a trusted proxy told us, else null. */
export type Peer = { readonly address: string; readonly port: number; readonly name: string | null }
export type TlsFacts = {
  readonly version: string
  readonly cipher: string
  readonly servername: string | null
}
export type Service = 'mx' | 'submission' | 'submissions'

/** What is written on the `Received:` line (RFC 5321 §4.4); its time is the event's own. */
export type TraceFacts = {
  readonly by: string
  readonly helo: string
  readonly peer: Peer
  /** `SMTP`, `ESMTP`, `ESMTPS`, `ESMTPA`, `ESMTPSA`, with `UTF8` in front of `SMTP` where RFC 6531 §4.3 says so. */
  readonly protocol: string
  readonly tls: TlsFacts | null
}

export type SessionOpened = {
  readonly service: Service
  readonly local: { readonly address: string; readonly port: number }
  readonly peer: Peer
  /** The trusted proxy that told us about the peer, or null. */
  readonly proxy: { readonly address: string; readonly protocol: 'xclient' | 'proxy' } | null
  /** Implicit TLS, where the listener has it. */
  readonly tls: TlsFacts | null
  /** Hash of the policy in force: the stream `policy-<hash>` holds it. */
  readonly policy: string
  /** The peer may use XCLIENT. */
  readonly trusted: boolean
  /** `open`, or the reason why the session was refused at the door. */
  readonly door: string
}
export type ClientIdentified = { readonly helo: string; readonly extended: boolean }
export type ClientRenamed = {
  readonly argument: string
  readonly renamed: { readonly peer: Peer; readonly helo: string | null; readonly user: string | null }
}
export type TlsRequested = Record<string, never>
export type TlsStarted = { readonly tls: TlsFacts }
export type AuthenticationStarted = { readonly mechanism: string }
export type ClientAuthenticated = {
  readonly verdict: string
  readonly mechanism: string
  readonly user: string
  readonly addresses: readonly string[]
}
export type AuthenticationFailed = {
  /** The same as `reason`. */
  readonly verdict: string
  readonly addresses: readonly string[]
  readonly mechanism: string
  readonly user: string | null
  readonly reason: string
}
export type SenderAccepted = SenderNotification & {
  readonly sender: string
  readonly size?: number
  readonly body?: '7BIT' | '8BITMIME'
  readonly smtputf8?: boolean
}
export type RecipientAccepted = RecipientNotification & {
  readonly recipient: string
  /** What the directory said of the address; `MessageAccepted` says where its mail goes. */
  readonly place: Place
  readonly reason: string
}
/** `code` and `enhanced` are what the client was told; `reason` is ours. */
export type RecipientRefused = RecipientNotification & {
  readonly recipient: string
  readonly place: Place
  readonly code: number
  readonly enhanced: string
  readonly reason: string
}
export type SenderRefused = {
  readonly sender: string
  readonly code: number
  readonly enhanced: string
  readonly reason: string
}
export type ContentStarted = Record<string, never>
export type MessageAccepted = SenderNotification & {
  readonly message: string
  readonly sender: string
  readonly user: string | null
  readonly recipients: readonly AcceptedRecipient[]
  /** `Received:` fields it had on arrival. */
  readonly received: number
  /** Bytes and SHA-256 (hex) of the content as stored: as it came in, dots unstuffed, before our trace lines. */
  readonly size: number
  readonly sha256: string
  readonly body?: '7BIT' | '8BITMIME'
  readonly smtputf8?: boolean
  /** From the header, decoded, bounded to 998 characters each; null where the field is missing. */
  readonly subject: string | null
  readonly from: string | null
  readonly messageId: string | null
  /** Header lines the submission service added (RFC 6409 §8), each with its CRLF; absent when none. */
  readonly added?: string
  /** True when bare CR or LF were made CRLF. */
  readonly repaired?: true
  readonly trace: TraceFacts
}
export type MessageRefused = {
  readonly sender: string
  readonly recipients: readonly string[]
  readonly size: number
  readonly code: number
  readonly enhanced: string
  readonly reason: string
}
export type TransactionReset = Record<string, never>
/** NOOP, VRFY, EXPN, HELP: answered, nothing changed. */
export type CommandAnswered = { readonly command: string; readonly argument: string }
/** Begins with what the command said, where it was understood (`sender`, `recipient`, `mechanism`, ...). */
export type CommandRefused = {
  readonly command: string
  /** What was wrong with its syntax, where that is why; the same as `reason`. */
  readonly fault?: string
  readonly code: number
  readonly enhanced: string
  readonly reason: string
}
export type SessionClosed = {
  /** Stable code: `quit`, `disconnected`, `timeout`, `shutdown`, `too-many-errors`, ... (see `reasons.ts`). */
  readonly reason: string
  /** The state the session was in when it ended. */
  readonly during: string
  /** How many were accepted in it. */
  readonly messages: number
}

export type AccountAdded = {
  readonly account: string
  readonly password: string
  readonly addresses: readonly string[]
}
export type AccountPasswordChanged = { readonly account: string; readonly password: string }
export type AccountRemoved = { readonly account: string }
export type DomainAdded = { readonly domain: string; readonly catchAll: string | null }
export type DomainRemoved = { readonly domain: string }
export type PolicyAdopted = { readonly policy: unknown }

/** Every fact of this release by name, with its data. */
export type Facts = {
  SessionOpened: SessionOpened
  ClientIdentified: ClientIdentified
  ClientRenamed: ClientRenamed
  TlsRequested: TlsRequested
  TlsStarted: TlsStarted
  AuthenticationStarted: AuthenticationStarted
  ClientAuthenticated: ClientAuthenticated
  AuthenticationFailed: AuthenticationFailed
  SenderAccepted: SenderAccepted
  SenderRefused: SenderRefused
  RecipientAccepted: RecipientAccepted
  RecipientRefused: RecipientRefused
  ContentStarted: ContentStarted
  MessageAccepted: MessageAccepted
  MessageRefused: MessageRefused
  TransactionReset: TransactionReset
  CommandAnswered: CommandAnswered
  CommandRefused: CommandRefused
  SessionClosed: SessionClosed
  AccountAdded: AccountAdded
  AccountPasswordChanged: AccountPasswordChanged
  AccountRemoved: AccountRemoved
  DomainAdded: DomainAdded
  DomainRemoved: DomainRemoved
  PolicyAdopted: PolicyAdopted
}
export type FactName = keyof Facts

/** An event as views and readers see it: a stored fact with its place in the log. */
export type EventOf<Name extends FactName = FactName> = {
  [N in Name]: {
    /** Dense, from 1, over the whole log. */
    readonly position: number
    readonly id: string
    /** `category-id`: `smtp_session-<id>`, `account-<name>`, `domain-<name>`, `policy-<hash>`. */
    readonly stream: string
    /** From 0 within its stream. */
    readonly revision: number
    readonly type: N
    readonly version: number
    /** Milliseconds since 1970, UTC. Printed as ISO 8601 outside. */
    readonly at: number
    readonly data: Facts[N]
    readonly meta: Readonly<Record<string, string>>
  }
}[Name]
