/** What a notice is made of, and what it is. */
import type {
  RecipientNotification,
  RemoteReply,
  SenderNotification,
} from '../../../machines/vocabulary/events.ts'

export type NoticeKind = 'failed' | 'delayed' | 'delivered'

export type NoticeRecipient = RecipientNotification & {
  readonly address: string
  readonly status: 'waiting' | 'delivered' | 'failed'
  /** The last answer about this recipient; null where no host answered for it. */
  readonly reply: RemoteReply | null
  /** What was wrong where no host answered, for people. */
  readonly fault?: string | null
  /** Its stable code, where it is known (`AttemptFault.kind`). */
  readonly faultKind?: string | null
  /** Name of the host of the last attempt. */
  readonly host?: string | null
  /** Milliseconds since 1970, like all times here. */
  readonly lastAttemptAt?: number | null
  readonly nextAttemptAt?: number | null
  /** When it is given up. */
  readonly giveUpAt?: number | null
  /** The host took `NOTIFY` over and reports success itself (RFC 3461 §5.2.2). */
  readonly passedOn?: boolean
  /** The host keeps the mailbox itself (LMTP): delivered, not relayed. */
  readonly final?: boolean
}

export type NoticeOriginal = SenderNotification & {
  readonly message: string
  /** '' is the null sender, who is told nothing. */
  readonly sender: string
  readonly acceptedAt: number
  readonly smtputf8?: boolean
  readonly subject: string | null
  readonly messageId: string | null
  readonly recipients: readonly NoticeRecipient[]
}

type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

export type NoticeOptions = {
  readonly kind: NoticeKind
  /** Id of the notice, which is a message of its own. */
  readonly id: string
  /** What this server calls itself. */
  readonly reportingHost: string
  /** Whom people can ask. */
  readonly postmaster: string
  readonly original: NoticeOriginal
  /** The original as it was accepted; read as far as it is needed, never before somebody is to be told. */
  readonly originalContent: () => Pieces | Promise<Pieces>
  /** When the notice is made. */
  readonly at: number
}

export type Notice = {
  /** A whole message; ASCII, except where the original is returned in full and is not (`body`). */
  readonly bytes: Buffer
  readonly subject: string
  /** The From field, for people. */
  readonly from: string
  /** The envelope: from `<>` to the sender of the original. */
  readonly recipients: readonly string[]
  readonly body: '7BIT' | '8BITMIME'
  /** The sender's address needs it (RFC 6531 §3.6). */
  readonly smtputf8: boolean
}
