/** Whom a notice is about, which says whether there is one (RFC 3461 §4.1, RFC 3464 §2). */
import type { NoticeKind, NoticeOriginal, NoticeRecipient } from './notice.ts'

/** RFC 3461 §4.1: without NOTIFY failures are told, and delays may be; success only where it was asked for. */
const isWanted = ({ notify }: NoticeRecipient, kind: NoticeKind): boolean => {
  if (kind === 'failed') return notify?.includes('FAILURE') ?? true
  if (kind === 'delayed') return notify?.includes('DELAY') ?? true
  return notify?.includes('SUCCESS') ?? false
}

const statusFor = { failed: 'failed', delayed: 'waiting', delivered: 'delivered' } as const

/** The recipients the sender is told about; none where nobody is to be told. */
export const concerned = (kind: NoticeKind, original: NoticeOriginal): readonly NoticeRecipient[] => {
  // RFC 5321 §6.1: no notice about a notice, which is what the null sender stands for.
  if (original.sender === '') return []
  return original.recipients.filter(
    (recipient) =>
      recipient.status === statusFor[kind] &&
      isWanted(recipient, kind) &&
      !(kind === 'delivered' && recipient.passedOn === true),
  )
}
