/**
 * The facts: what a postmaster would say happened, in the past tense. Each name is written here once and
 * stored for ever; renaming one means an upcaster. Views read `type` and `data` of these and nothing else.
 */

import type { Findings, MessageFindings } from './findings.ts'

/** Where a recipient's mail goes, decided when the recipient was accepted (never later). */
export type Destination =
  | { readonly kind: 'mailbox'; readonly mailbox: string }
  | { readonly kind: 'nextHop'; readonly nextHop: string }

/** What the directory says of a recipient address. */
export type Place =
  | { readonly kind: 'mailbox'; readonly mailbox: string }
  | { readonly kind: 'foreign'; readonly nextHop: string }
  | {
      readonly kind: 'unknown'
      readonly domain: string
      /** Looks like a return path of ours (SRS), and is none: its hash is wrong, or it is too old. */
      readonly because?: 'return-path-forged' | 'return-path-expired'
    }
  | {
      readonly kind: 'alias'
      /** As it is written in the configuration, whatever tag it was given with; or a return path of ours. */
      readonly alias: string
      /** What it stands for, each once. */
      readonly targets: readonly AliasTarget[]
    }
export type AliasTarget = { readonly address: string; readonly destination: Destination }

/** `RET` and `ENVID` of MAIL (RFC 3461 §4.3, §4.4). */
export type SenderNotification = { readonly ret?: 'FULL' | 'HDRS'; readonly envid?: string }
/** `NOTIFY` and `ORCPT` of RCPT (RFC 3461 §4.1, §4.2). */
export type RecipientNotification = { readonly notify?: readonly string[]; readonly orcpt?: string }

/**
 * What a sender who asked for it is told as soon as the mail is accepted: that it is in a mailbox here (RFC 3461 §5.2.3), or has
 * gone on to the several addresses that an alias stands for (§5.2.7.3).
 */
export type ReceiptKind = 'delivered' | 'expanded'

export type AcceptedRecipient = RecipientNotification & {
  readonly address: string
  readonly destination: Destination
  /** Absent where nothing is to be told of it, or not yet. */
  readonly receipt?: ReceiptKind
  /** The alias that was given; `address` is one of those it stands for. */
  readonly alias?: string
  /** What was given, where it is not the alias as it is written: with a tag, in capitals. */
  readonly given?: string
}

/** The client's end of the connection; `name` is what a trusted proxy told us, else null. */
export type Peer = { readonly address: string; readonly port: number; readonly name: string | null }
export type TlsFacts = {
  readonly version: string
  readonly cipher: string
  readonly servername: string | null
  /** Of a host that we connect to: `valid` for its name, or what is wrong with it: `ERR_TLS_CERT_ALTNAME_INVALID`. */
  readonly certificate?: string
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
  /** The server it came to, where several share a log. */
  readonly node: string
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
  /** Over TLS and verified hosts only, all the way (RFC 8689). */
  readonly requiretls?: boolean
  /** XROUTE: how a playground is to send it on, `direct` or `host:port`. */
  readonly route?: string
}
/** What was found out about a client and its sender before its first recipient was judged. */
export type ClientExamined = Findings & {
  /** The name under which a refusal lets one ask about it: the session's id. */
  readonly session: string
}
export type RecipientAccepted = RecipientNotification & {
  readonly recipient: string
  /** What the directory said of the address; `MessageAccepted` says where its mail goes. */
  readonly place: Place
  readonly reason: string
  /** The rule of the policy that let the client in past the others, or says that its mail is Junk. */
  readonly rule?: string
}
/** The rule of the policy that decided, and what it was about. */
export type ByRule = { readonly rule?: string; readonly about?: string }
/** `code` and `enhanced` are what the client was told; `reason` is ours. */
export type RecipientRefused = RecipientNotification &
  ByRule & {
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
/** What a report says of a delivery: that it failed for good, takes long, or succeeded (RFC 3461 §6). */
export type NoticeKind = 'failed' | 'delayed' | 'delivered'
export type DeliveryCause = {
  readonly delivery: string
  readonly kind: NoticeKind
  /** The attempt after which it was owed; absent in logs of before there was one for each. */
  readonly attempt?: number
}
/** Of a receipt: mail that was where it was going, or on several ways, when it was accepted. */
export type ReceiptCause = { readonly message: string; readonly kind: 'delivered' }
/** What a notice is about: a delivery, or a message. */
export type NoticeCause = DeliveryCause | ReceiptCause
/** A notice that was owed and will not be made. */
export type NoticeDropped = {
  readonly cause: NoticeCause
  readonly sender: string
  /** Stable code: `nobody-to-tell`, `overtaken`. */
  readonly reason: string
}
export type MessageAccepted = SenderNotification & {
  readonly message: string
  readonly sender: string
  readonly user: string | null
  readonly recipients: readonly AcceptedRecipient[]
  /** `Received:` fields it had on arrival. */
  readonly received: number
  /** Addresses of its `Delivered-To:` fields, the newest first, a bounded number; absent when none. */
  readonly deliveredTo?: readonly string[]
  /** Bytes and SHA-256 (hex) of the content as stored: as it came in, dots unstuffed, before our trace lines. */
  readonly size: number
  readonly sha256: string
  readonly body?: '7BIT' | '8BITMIME'
  readonly smtputf8?: boolean
  /** As in `SenderAccepted`. */
  readonly requiretls?: boolean
  readonly route?: string
  /** Its header says `TLS-Required: No` (RFC 8689 §3): what domains ask of their senders is not kept to. */
  readonly tlsOptional?: boolean
  /** From the header, decoded, bounded to 998 characters each; null where the field is missing. */
  readonly subject: string | null
  readonly from: string | null
  readonly messageId: string | null
  /** Header lines the submission service added (RFC 6409 §8), each with its CRLF; absent when none. */
  readonly added?: string
  /** True when bare CR or LF were made CRLF. */
  readonly repaired?: true
  /** Of mail we composed ourselves: the delivery or the message it reports on, and what of it. Absent in all other mail. */
  readonly cause?: NoticeCause
  /** Of a stranger's mail: what readers are told of the sender. */
  readonly examined?: Pick<Findings, 'spf' | 'reverseName'>
  /** Of a stranger's mail: who answers for it. */
  readonly authentication?: MessageFindings
  /** Rules of the policy by which it is Junk; absent when none. */
  readonly tags?: readonly string[]
  readonly trace: TraceFacts
}
export type MessageRefused = ByRule & {
  readonly authentication?: MessageFindings
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

/** A remote host's reply to one command (RFC 5321 §4.2). */
export type RemoteReply = {
  readonly code: number
  /** `5.1.1`, or '' where the host gave none. */
  readonly enhanced: string
  /** Its words, lines joined by a space, bounded. */
  readonly text: string
  /** What it answered: `connect`, `EHLO`, `STARTTLS`, `AUTH`, `MAIL`, `RCPT`, `DATA`, `content`; `suppression` where it was not asked. */
  readonly command: string
  /** No host said it: what we decided ourselves, where a host could not have taken it, and did not ask. Absent in words of hosts. */
  readonly own?: true
}
/** Why an attempt, or one host of it, came to nothing before the host could answer for the recipients. */
export type AttemptFault = {
  /** Stable code, see `delivery/faults.ts`: `no-such-domain`, `null-mx`, `connection-refused`, `timeout`, `tls-failed`, ... */
  readonly kind: string
  /** Where: `route`, or the command that was not answered as it should be, as in `RemoteReply.command`. */
  readonly during: string
  readonly text: string
  readonly reply: RemoteReply | null
  /** It may go better another time. */
  readonly temporary: boolean
}
export type DeliveryRecipient = RecipientNotification & { readonly address: string }
/** What an attempt came to for one recipient. */
export type RecipientOutcome = {
  readonly address: string
  readonly result: 'delivered' | 'deferred' | 'failed'
  readonly reply: RemoteReply | null
}
export type RemoteHost = {
  /** As the route names it, and as its certificate is checked. */
  readonly name: string
  readonly address: string
  readonly port: number
  /** Of its MX record. */
  readonly preference?: number
}
export type RouteKind = 'mx' | 'route' | 'smarthost' | 'literal'
/** What a domain asks of those who send it mail (RFC 8461), as it was when the route was found. */
export type RoutePolicy = {
  readonly kind: 'mta-sts'
  /** As its TXT record names it; '' where no policy could be had. */
  readonly id: string
  readonly mode: 'enforce' | 'testing' | 'none'
  /** Mail hosts that it does not name: left out with `enforce`, used with `testing`. */
  readonly unmatched?: readonly string[]
  /** Why it could not be asked for again (it stays in force), or not be had at all. */
  readonly fault?: string
}
export type Route = {
  readonly kind: RouteKind
  readonly protocol: 'smtp' | 'lmtp'
  /** `required`: with a certificate that is valid for the host's name, or not at all. `opportunistic` looks at none. */
  readonly tls: 'opportunistic' | 'required' | 'implicit' | 'never'
  /** In the order in which they are tried. */
  readonly hosts: readonly RemoteHost[]
  /** Absent where there is none to be looked for, or none is published. */
  readonly policy?: RoutePolicy
}

export type DeliveryQueued = SenderNotification & {
  readonly message: string
  readonly sender: string
  readonly nextHop: string
  readonly recipients: readonly DeliveryRecipient[]
  /** The alias for which it is forwarded: its domain stands in the rewritten sender. Absent in all other mail. */
  readonly forwarder?: string
  /** Of the content as stored. */
  readonly size: number
  readonly body?: '7BIT' | '8BITMIME'
  readonly smtputf8?: boolean
  /** As in `MessageAccepted`; `tlsOptional` only without `requiretls`. */
  readonly requiretls?: boolean
  readonly tlsOptional?: boolean
  readonly route?: string
  /** Octets of the content that do not leave: fields of others in our name. */
  readonly forged?: MessageFindings['forged']
  /** Header lines put in front of the content as it leaves, each with its CRLF: signatures, the trace. */
  readonly prefix: string
  /** When the message was accepted, milliseconds since 1970: patience is counted from here. */
  readonly acceptedAt: number
  /** The server that has it, until another starts an attempt. */
  readonly node: string
  /** Hash of the policy in force: the stream `policy-<hash>` holds it. */
  readonly policy: string
}
export type AttemptStarted = {
  readonly startedAt: number
  /** Whose hosts are tried: the next hop, or the configured host that stands in for it. Its pace is kept under this name. */
  readonly destination: string
  readonly node: string
  /** The attempt is over by then, however slowly its host goes. */
  readonly leaseUntil: number
  /** 1 for the first. */
  readonly attempt: number
}
export type RouteResolved = { readonly route: Route }
export type Connected = {
  readonly host: RemoteHost
  readonly greeting: string
  /** Keywords of its EHLO reply. */
  readonly extensions: readonly string[]
  /** The connection was used for another message before. */
  readonly reused: boolean
  /** STARTTLS follows. */
  readonly securing: boolean
  readonly tls: TlsFacts | null
  /** As `AttemptStarted` named it. */
  readonly destination: string
}
export type HostSecured = { readonly tls: TlsFacts; readonly extensions: readonly string[] }
/** One host of the route came to nothing; the next is tried. */
export type HostPassedOver = { readonly host: RemoteHost; readonly fault: AttemptFault }
/** What an attempt came to. */
export type AttemptEnded = {
  readonly endedAt: number
  readonly outcomes: readonly RecipientOutcome[]
  readonly fault: AttemptFault | null
  /** The connection broke after the final dot, before the answer: the host may have the mail. */
  readonly uncertain: boolean
  /** Whether the destination answered as a mail host; null where the attempt says nothing of it. */
  readonly answered: boolean | null
  /** As `AttemptStarted` named it. */
  readonly destination: string
}
/** What the sender is owed after an attempt: a notice of this kind about these recipients, who have had none of it. */
export type NoticeOwed = {
  readonly kind: NoticeKind
  readonly attempt: number
  readonly recipients: readonly string[]
}
/** Absent where the sender is owed nothing. */
export type Owing = { readonly notices?: readonly NoticeOwed[] }
/** What is to be done when the attempt under way has ended, who asked for it, and when. */
export type NotedAct = ActedUpon & { readonly act: 'hold' | 'cancel' }
/**
 * What stood noted when the attempt ended; absent where nothing did. A mail that would have waited is held or cancelled by it, and
 * waits for no time; one that has come to its end is what it is, and the note void.
 */
export type Noted = { readonly noted?: NotedAct }
export type Delivered = AttemptEnded & Owing & Noted
export type Deferred = AttemptEnded &
  Owing &
  Noted & {
    readonly reason: string
    /** Null where it is held or cancelled now. */
    readonly nextAttemptAt: number | null
    /** The sender is told that it takes long. */
    readonly warned: boolean
  }
export type DeliveryFailed = AttemptEnded & Owing & Noted & { readonly reason: string }
export type DeliveryExpired = AttemptEnded & Owing & { readonly reason: string }
/** The server ended in the middle of an attempt. */
export type AttemptLost = Noted & {
  readonly foundAt: number
  /** The server ended without a word: the last steps of the attempt may be missing here. */
  readonly crashed: boolean
  /** It was cut between the final dot and its answer, or we cannot tell: the host may have the mail. */
  readonly uncertain: boolean
  /** Null where it is held or cancelled now. */
  readonly nextAttemptAt: number | null
  /** As `AttemptStarted` named it. */
  readonly destination: string
}
/** Its time came while its destination rested: it was not tried, and waits for its next turn. */
export type DeliveryPostponed = {
  readonly postponedAt: number
  readonly destination: string
  /** The end of the rest. */
  readonly restingUntil: number
  readonly nextAttemptAt: number
  /** Attempts made so far. */
  readonly attempts: number
  readonly reason: string
}
/** What somebody did to a delivery. */
export type ActedUpon = {
  readonly actedAt: number
  /** `operator`, or the account that asked; `server` where a limit did. */
  readonly by: string
}
/** Tried now: `destination` is that of the last attempt, '' where there was none; its rest is over. */
export type TriedNow = ActedUpon & { readonly nextAttemptAt: number; readonly destination: string }
/** What an account sent within a time (`per`, milliseconds), and how much it may. */
export type SendingOver = {
  readonly account: string
  readonly of: 'messages' | 'recipients'
  readonly count: number
  readonly limit: number
  readonly per: number
}
export type DeliveryHeld = ActedUpon & {
  /** Stable code: `sending-limit`; absent where somebody asked for it. */
  readonly reason?: string
  readonly sending?: SendingOver
}
export type DeliveryReleased = TriedNow
export type RetryRequested = TriedNow
export type DeliveryCancelled = ActedUpon & { readonly reason: string }
export type ActRefused = ActedUpon & { readonly act: string; readonly reason: string }
/** Asked for in the middle of an attempt. */
export type ActNoted = NotedAct
/** A hold that was noted, and will not be. */
export type ActTakenBack = ActedUpon & { readonly act: 'hold' }

export type AccountAdded = {
  readonly account: string
  readonly password: string
  readonly addresses: readonly string[]
}
export type AccountPasswordChanged = { readonly account: string; readonly password: string }
export type AccountRemoved = { readonly account: string }
export type DomainAdded = { readonly domain: string; readonly catchAll: string | null }
export type DomainRemoved = { readonly domain: string }
/** Nothing is sent to the address, for ever. `by` is `operator`, or the account that asked. */
export type SuppressionAdded = { readonly address: string; readonly by: string }
/** Mail is sent there again, whatever its host said before. */
export type SuppressionCleared = { readonly address: string; readonly by: string }
/** A server that shares its log lives: who hears nothing more of it for `lease` milliseconds may take its work over. */
export type NodeAlive = {
  readonly node: string
  /** Tells two servers of one name apart. */
  readonly instance: string
  readonly lease: number
  /** Marks of its keys for return paths, of the one that signs first; absent where it forwards nothing. They give away nothing of the keys. */
  readonly returnPaths?: readonly string[]
}
export type NodeLeft = { readonly node: string; readonly instance: string }
export type PolicyAdopted = { readonly policy: unknown }
/** From now on the sessions of a service are judged by this policy: a server began with it, or was told to take it. */
export type PolicyChanged = {
  readonly service: Service
  /** Hashes: the streams `policy-<hash>` hold them. */
  readonly policy: string
  /** Null where a server began. */
  readonly previous: string | null
  readonly node: string
}
/** Histories that are kept no longer, as `retention` asks. It is said first, then they are removed. */
export type HistoryForgotten = {
  /** The setting. */
  readonly rule: 'sessions' | 'refusedSessions'
  /** They had ended before this time, milliseconds since 1970. */
  readonly before: number
  readonly streams: readonly string[]
}
/** Bodies that are kept no longer, as `retention.content` asks. What else is known of these messages stays. */
export type ContentForgotten = {
  /** The messages were accepted before this time, milliseconds since 1970. */
  readonly before: number
  readonly messages: readonly string[]
}

/** Somebody has logged in over HTTP. Of the secret in the cookie only the SHA-256 is here: nobody can log in with that. */
export type LoginOpened = {
  /** The id of the login: the stream's. */
  readonly login: string
  readonly account: string
  /** SHA-256 of the secret, hexadecimal. */
  readonly hash: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  readonly peer: { readonly address: string }
  /** What the browser calls itself, bounded. */
  readonly agent: string
}
export type LoginClosed = {
  readonly login: string
  readonly account: string
  /** Stable code: `logged-out`, `revoked`, `too-many`. A changed password or a removed account ends logins without this. */
  readonly reason: string
  /** The account or the key that asked; `operator`. */
  readonly by: string
}
/** A key for programs. Of its secret only the SHA-256 is here: nobody can use that. */
export type KeyAdded = {
  readonly key: string
  readonly role: 'look' | 'act' | 'administer'
  /** What it sees and does is what concerns this account; null: everything. */
  readonly account: string | null
  /** SHA-256 of the secret, hexadecimal. */
  readonly hash: string
}
export type KeyRemoved = { readonly key: string }
/** From here on a webhook is told: the end of the log when a server first had it in its configuration. */
export type WebhookAdded = { readonly webhook: string; readonly node: string; readonly position: number }
/** This server sends from now on; it does so until it ends, is silent for its lease, or has the webhook no longer. */
export type WebhookTaken = { readonly webhook: string; readonly node: string; readonly position: number }
/** Up to this position all is sent. Not every event sent has one of these: after a crash some are sent again. */
export type WebhookAdvanced = { readonly webhook: string; readonly node: string; readonly position: number }
/** The receiver did not take the next event. It is tried again. */
export type WebhookFailed = {
  readonly webhook: string
  readonly node: string
  /** Up to which all is sent. */
  readonly position: number
  /** How often in a row, and since when, milliseconds since 1970. */
  readonly attempts: number
  readonly since: number
  readonly nextAttemptAt: number
  /** Stable words: `answered 503`, `timeout`, `ECONNREFUSED`. Never what the receiver said. */
  readonly error: string
}
/** The receiver said that it wants no more (410): nothing is sent until somebody says so. */
export type WebhookDisabled = {
  readonly webhook: string
  readonly node: string
  readonly position: number
  readonly reason: 'gone'
  /** Position of the event that it answered so; absent in logs of before. */
  readonly refused?: number
}
/** Somebody wants it told from this position on, once more or leaving out what is between. */
export type WebhookMoved = { readonly webhook: string; readonly position: number; readonly by: string }
/** This server sends no more: it ends, or has the webhook no longer. */
export type WebhookReleased = { readonly webhook: string; readonly node: string; readonly position: number }

/** What stands on a message in a mailbox from now on: all of its flags. `id` is the mailbox message's; `by` is who asked. */
export type MessageFlagged = {
  readonly id: string
  readonly mailbox: string
  readonly flags: readonly string[]
  readonly by: string
}
/** It is in another mailbox now, under another id, with what stood on it. */
export type MessageMoved = {
  readonly id: string
  readonly mailbox: string
  readonly to: string
  /** Its id there. */
  readonly as: string
  readonly message: string
  readonly from: string | null
  /** Of the envelope, where it is known. */
  readonly sender?: string
  readonly subject: string | null
  readonly size: number
  readonly flags: readonly string[]
  readonly by: string
}
/** It is in the mailbox no longer. What else is known of the message stays. */
export type MessageExpunged = {
  readonly id: string
  readonly mailbox: string
  readonly size: number
  readonly by: string
}
/**
 * Somebody sends a mail over HTTP, under a key of theirs, and may ask again with the same key when no answer came: then it is looked up here
 * and in the session's history what has become of it.
 */
export type SubmissionBegun = {
  readonly account: string
  /** SHA-256 of what was asked, in hex: the same key for something else is refused. */
  readonly request: string
  /** In which it is sent. */
  readonly session: string
}
/** The mail was accepted. */
export type SubmissionAccepted = {
  readonly account: string
  readonly message: string
  /** What the answer was made of. */
  readonly refused: readonly { readonly address: string; readonly reply: string }[]
}

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
  ClientExamined: ClientExamined
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
  DeliveryQueued: DeliveryQueued
  AttemptStarted: AttemptStarted
  RouteResolved: RouteResolved
  Connected: Connected
  HostSecured: HostSecured
  HostPassedOver: HostPassedOver
  Delivered: Delivered
  Deferred: Deferred
  Failed: DeliveryFailed
  Expired: DeliveryExpired
  AttemptLost: AttemptLost
  Postponed: DeliveryPostponed
  Held: DeliveryHeld
  Released: DeliveryReleased
  RetryRequested: RetryRequested
  Cancelled: DeliveryCancelled
  ActRefused: ActRefused
  ActNoted: ActNoted
  ActTakenBack: ActTakenBack
  NoticeDropped: NoticeDropped
  AccountAdded: AccountAdded
  AccountPasswordChanged: AccountPasswordChanged
  AccountRemoved: AccountRemoved
  DomainAdded: DomainAdded
  DomainRemoved: DomainRemoved
  SuppressionAdded: SuppressionAdded
  SuppressionCleared: SuppressionCleared
  NodeAlive: NodeAlive
  NodeLeft: NodeLeft
  PolicyAdopted: PolicyAdopted
  PolicyChanged: PolicyChanged
  HistoryForgotten: HistoryForgotten
  ContentForgotten: ContentForgotten
  MessageFlagged: MessageFlagged
  MessageMoved: MessageMoved
  MessageExpunged: MessageExpunged
  SubmissionBegun: SubmissionBegun
  SubmissionAccepted: SubmissionAccepted
  LoginOpened: LoginOpened
  LoginClosed: LoginClosed
  KeyAdded: KeyAdded
  KeyRemoved: KeyRemoved
  WebhookAdded: WebhookAdded
  WebhookTaken: WebhookTaken
  WebhookAdvanced: WebhookAdvanced
  WebhookFailed: WebhookFailed
  WebhookDisabled: WebhookDisabled
  WebhookMoved: WebhookMoved
  WebhookReleased: WebhookReleased
}
export type FactName = keyof Facts

/** An event as views and readers see it: a stored fact with its place in the log. */
export type EventOf<Name extends FactName = FactName> = {
  [N in Name]: {
    /** Dense, from 1, over the whole log. */
    readonly position: number
    readonly id: string
    /** `category-id`: `smtp_session-<id>`, `delivery-<id>`, `account-<name>`, `domain-<name>`, `policy-<hash>`. */
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
