/**
 * What a sender is owed after an attempt: a notice about recipients who failed in it, about those it brought the mail to where
 * that was asked for, and one time about those who wait long. Nobody stands in two notices of a kind.
 */
import type { NoticeKind, NoticeOwed } from '../vocabulary/events.ts'
import { hearsNothing, isWanted, noticeKinds, reportsItself } from '../vocabulary/notices.ts'
import type { DeliveryContext, Standing } from './context.ts'
import type { DeliveryInput, InputOf } from './inputs.ts'
import { isTimeToWarn, judgeAttempt } from './judgements.ts'

/** What the attempt was for one recipient who waited when it began; null where it changed nothing to tell of. */
type Change = (after: Standing) => NoticeKind | null

/** Nobody is owed anything, whatever the attempt came to: the most frequent case, and the cheapest to find out. */
const expectsNothing = ({ sender, recipients, hostReports }: DeliveryContext, onlyTaken: boolean): boolean =>
  hearsNothing(sender) ||
  (onlyTaken && (hostReports || !recipients.some((recipient) => isWanted(recipient, 'delivered'))))

/** The context as it was when the attempt ended, before its outcome is remembered. */
export const noticesAfter = (
  context: DeliveryContext,
  event: InputOf<'ATTEMPT_ENDED'>,
): readonly NoticeOwed[] => {
  const onlyTaken = event.fault === null && event.outcomes.every(({ result }) => result === 'delivered')
  if (expectsNothing(context, onlyTaken)) return []
  const { ending, recipients } = judgeAttempt(context, event)
  const isLong = ending === 'deferred' && isTimeToWarn(context, event.endedAt)
  const changeOf: Change = ({ status }) => {
    if (status === 'delivered') return context.hostReports ? null : 'delivered'
    if (status === 'failed' || ending === 'expired') return 'failed'
    return isLong ? 'delayed' : null
  }
  const waited = recipients.filter((_, place) => context.recipients[place]?.status === 'waiting')
  return noticeKinds.flatMap((kind) => {
    const concerned = waited.filter((standing) => changeOf(standing) === kind && isWanted(standing, kind))
    if (concerned.length === 0) return []
    return [{ kind, attempt: context.attempts, recipients: concerned.map(({ address }) => address) }]
  })
}

/** Whether the host that is about to be sent the mail reports success itself. */
export const hostReportsAfter = (event: DeliveryInput): boolean =>
  'extensions' in event && reportsItself(event.extensions)
