/**
 * Notices to senders about what became of their mail: who wants one of which kind, who never gets one, and under which name
 * each is kept. Whoever decides, counts or writes notices asks here.
 */
import type { NoticeCause, NoticeKind, RecipientNotification } from './events.ts'

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

/** Its stream, which exists once: it holds the notice, or why there is none. */
export const noticeStream = ({ delivery, kind, attempt }: NoticeCause): string =>
  attempt === undefined ? `notice-${delivery}_${kind}` : `notice-${delivery}_${kind}_${attempt}`
