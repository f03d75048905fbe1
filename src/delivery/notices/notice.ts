/** What a notice is made of, and what it is. */
import type {
  NoticeKind,
  RecipientNotification,
  RemoteReply,
  SenderNotification,
} from '../../../machines/vocabulary/events.ts'

export type NoticeRecipient = RecipientNotification & {
  readonly address: string
  /** What the attempt was answered about this recipient, by a host or by ourselves in its stead; null where nobody answered. */
  readonly reply: RemoteReply | null
  /** What was wrong where no host answered, for people. */
  readonly fault?: string | null
  /** Its stable code, where it is known (`AttemptFault.kind`). */
  readonly faultKind?: string | null
  /** Name of the host that answered; of `own` replies, of the one that was not asked. */
  readonly host?: string | null
  /** Where none answered this time: the last answer of an attempt before. */
  readonly before?: { readonly reply: RemoteReply; readonly host: string | null }
  /** Milliseconds since 1970, like all times here. */
  readonly lastAttemptAt?: number | null
  readonly nextAttemptAt?: number | null
  /** When it is given up. */
  readonly giveUpAt?: number | null
  /** The host keeps the mailbox itself (LMTP), or we do: delivered, not relayed. */
  readonly final?: boolean
  /** It stands for several others, to which the mail has gone on. */
  readonly expanded?: boolean
  /** It stands for another address, which is not to be named. */
  readonly forwarded?: boolean
}

export type NoticeOriginal = SenderNotification & {
  readonly message: string
  readonly sender: string
  readonly acceptedAt: number
  readonly smtputf8?: boolean
  readonly requiretls?: boolean
  readonly subject: string | null
  readonly messageId: string | null
  /** Those the notice is about. */
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
  /** Whom the notice goes to: the sender, or who has the sender's mail. */
  readonly to: readonly string[]
  readonly original: NoticeOriginal
  /** Attempts that were made so far. */
  readonly attempts: number
  /** The original as it was accepted, read as far as it is needed; null where it is gone. */
  readonly originalContent: () => Promise<Pieces | null>
  /** It is gone, or cannot be read: the notice is made without it. */
  readonly unreadable: (error: Error) => void
  /** When the notice is made. */
  readonly at: number
}

export type Notice = {
  /** A whole message; ASCII, except where the original is returned in full and is not (`body`). */
  readonly bytes: Buffer
  readonly subject: string
  /** The From field, for people. */
  readonly from: string
  readonly body: '7BIT' | '8BITMIME'
  /** An address it goes to needs it (RFC 6531 §3.6). */
  readonly smtputf8: boolean
  /** It tells of a mail that was to be secure all the way (RFC 8689 §5). */
  readonly requiretls: boolean
}
