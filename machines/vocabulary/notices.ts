/**
 * Notices to senders about what became of their mail: who wants one of which kind, who never gets one, and under which name
 * each is kept. Whoever decides, counts or writes notices asks here.
 */
import type {
  AcceptedRecipient,
  DeliveryCause,
  MessageAccepted,
  NoticeCause,
  NoticeKind,
  RecipientNotification,
} from './events.ts'
import { givenAddress } from './recipients.ts'

/** The words of `NOTIFY` (RFC 3461 §4.1). */
const keywords = {
  failed: 'FAILURE',
  delayed: 'DELAY',
  delivered: 'SUCCESS',
} as const satisfies Readonly<Record<NoticeKind, string>>

export const noticeKinds = ['failed', 'delayed', 'delivered'] as const satisfies readonly NoticeKind[]

/** Whether the sender wants to hear that of the recipient. */
export const isWanted = ({ notify }: RecipientNotification, kind: NoticeKind): boolean =>
  // RFC 3461 §4.1: without NOTIFY failures are told, and delays may be; success only where it was asked for.
  notify === undefined ? kind !== 'delivered' : notify.includes(keywords[kind])

/** The null sender is told nothing, so that there is no notice about a notice (RFC 5321 §4.5.5, §6.1). */
export const hearsNothing = (sender: string): boolean => sender === ''

/**
 * Whether a host with these EHLO keywords reports success itself: it was asked to, and we are not to report as well
 * (RFC 3461 §5.2.2).
 */
export const reportsItself = (extensions: readonly string[]): boolean =>
  extensions.some((keyword) => /^DSN\b/i.test(keyword))

const nobody: readonly AcceptedRecipient[] = Object.freeze([])

/** Those of whom the sender is owed a receipt now that the mail is accepted: each address that was given once. */
export const receiptsOf = ({
  sender,
  recipients,
}: Pick<MessageAccepted, 'sender' | 'recipients'>): readonly AcceptedRecipient[] => {
  // Most mail asks for none.
  if (hearsNothing(sender) || recipients.every(({ receipt }) => receipt === undefined)) return nobody
  const told = new Map<string, AcceptedRecipient>()
  for (const recipient of recipients) {
    const given = givenAddress(recipient)
    if (recipient.receipt !== undefined && !told.has(given)) told.set(given, recipient)
  }
  return [...told.values()]
}

export const owesReceipt = (accepted: Pick<MessageAccepted, 'sender' | 'recipients'>): boolean =>
  receiptsOf(accepted).length > 0

export const isOfDelivery = (cause: NoticeCause): cause is DeliveryCause => 'delivery' in cause

/** The delivery, or the message, that it is about. */
export const subjectOf = (cause: NoticeCause): string =>
  isOfDelivery(cause) ? cause.delivery : cause.message

/** Its stream, which exists once: it holds the notice, or why there is none. */
export const noticeStream = (cause: NoticeCause): string => {
  const stream = `notice-${subjectOf(cause)}_${cause.kind}`
  return isOfDelivery(cause) && cause.attempt !== undefined ? `${stream}_${cause.attempt}` : stream
}
