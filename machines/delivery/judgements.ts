/** Decisions about deliveries: pure functions of what is remembered, what an attempt came to, and the policy. */
import type { AttemptFault, NotedAct, RecipientOutcome } from '../vocabulary/events.ts'
import { bySuppression } from '../vocabulary/suppression.ts'
import type { DeliveryContext, Standing } from './context.ts'
import type { InputOf } from './inputs.ts'
import { pauseAfter } from './patience.ts'

type Ended = Pick<InputOf<'ATTEMPT_ENDED'>, 'endedAt' | 'outcomes' | 'fault'>

export type Ending = 'delivered' | 'failed' | 'expired' | 'deferred' | 'held' | 'cancelled'
export type Judged = {
  readonly ending: Ending
  /** Where each recipient stands now. */
  readonly recipients: readonly Standing[]
  /** Stable code: what decided. '' where everything was delivered. */
  readonly reason: string
  /** Null but for `deferred`. */
  readonly nextAttemptAt: number | null
}

const standingAfter = (
  before: Standing,
  outcome: RecipientOutcome | undefined,
  fault: AttemptFault | null,
): Standing => {
  if (before.status !== 'waiting') return before
  if (outcome === undefined)
    return fault === null || fault.temporary
      ? { ...before, reply: fault?.reply ?? before.reply }
      : { ...before, status: 'failed', reply: fault.reply }
  const status = outcome.result === 'deferred' ? 'waiting' : outcome.result
  return { ...before, status, reply: outcome.reply }
}

/** The host's words decide; without any, what was wrong on the way; else what an earlier attempt came to. */
const reasonOf = (
  outcomes: readonly RecipientOutcome[],
  fault: AttemptFault | null,
  ending: Ending,
): string => {
  const failed = outcomes.filter(({ result }) => result === 'failed')
  if (failed.length > 0 && failed.every(({ reply }) => reply?.own))
    return failed.every(({ reply }) => reply?.command === bySuppression) ? 'suppressed' : 'not-sendable'
  if (failed.length > 0) return 'refused-for-good'
  if (fault !== null) return fault.kind
  if (outcomes.some(({ result }) => result === 'deferred')) return 'refused-for-now'
  return ending === 'failed' ? 'refused-for-good' : ''
}

/** What becomes of a mail that waits where somebody asked for this meanwhile. */
export const endingBy = { hold: 'held', cancel: 'cancelled' } as const satisfies Record<
  NotedAct['act'],
  Ending
>

/** What somebody wants counts before our patience, the host's last word before both. */
const endingOf = (recipients: readonly Standing[], noted: NotedAct | null, isOver: boolean): Ending => {
  if (recipients.some(({ status }) => status === 'waiting')) {
    if (noted !== null) return endingBy[noted.act]
    return isOver ? 'expired' : 'deferred'
  }
  return recipients.some(({ status }) => status === 'failed') ? 'failed' : 'delivered'
}

/** Some were taken, and all others deferred because they were too many. */
const wantsTheRestNow = (outcomes: readonly RecipientOutcome[]): boolean =>
  outcomes.some(({ result }) => result === 'delivered') &&
  outcomes.every(
    ({ result, reply }) =>
      result !== 'deferred' || (reply?.command === 'RCPT' && (reply.code === 452 || reply.code === 552)),
  )

/** What becomes of a delivery after an attempt (RFC 5321 §4.5.4.1). */
export const judgeAttempt = (context: DeliveryContext, { endedAt, outcomes, fault }: Ended): Judged => {
  const { policy, acceptedAt, noted } = context
  const recipients = context.recipients.map((standing) =>
    standingAfter(
      standing,
      outcomes.find(({ address }) => address === standing.address),
      fault,
    ),
  )
  const giveUpAt = acceptedAt + policy.giveUpAfter
  const ending = endingOf(recipients, noted, endedAt >= giveUpAt)
  const judged = { ending, recipients, reason: reasonOf(outcomes, fault, ending) }
  if (ending !== 'deferred') return { ...judged, nextAttemptAt: null }
  // RFC 5321 §4.5.3.1.10: a host that takes so many recipients at a time gets the others in the next transaction.
  if (fault === null && wantsTheRestNow(outcomes)) return { ...judged, nextAttemptAt: endedAt }
  // The last attempt is made when patience ends, not after it.
  return { ...judged, nextAttemptAt: Math.min(endedAt + pauseAfter(context), Math.max(giveUpAt, endedAt)) }
}

/** Whether the sender is to be told now that it takes long: once, and not when the end is near. */
export const isTimeToWarn = ({ policy, acceptedAt, warned }: DeliveryContext, at: number): boolean =>
  !warned && at - acceptedAt >= policy.warnAfter && policy.warnAfter < policy.giveUpAfter

/**
 * When an attempt that was cut off is made again: at once; after the planned pause where the one before was cut off, too, so that a
 * mail which ends its servers does not do so without end; null where somebody wants it held or cancelled.
 */
export const afterLoss = (context: DeliveryContext, foundAt: number): number | null => {
  if (context.noted !== null) return null
  return context.lost === 0 ? foundAt : foundAt + pauseAfter(context)
}

/** When there is something to say whatever the destination does: that it takes long, then that it is over. */
const nextWord = ({ policy, acceptedAt, warned }: DeliveryContext): number => {
  const isToWarn = !warned && policy.warnAfter < policy.giveUpAfter
  return acceptedAt + (isToWarn ? policy.warnAfter : policy.giveUpAfter)
}

/** Whether a turn may be left out while the destination rests: not where the sender is to hear something, which wants an attempt. */
export const mayWait = (context: DeliveryContext, at: number): boolean => at < nextWord(context)

/** The turn after one that is left out, which `context` has counted. */
export const nextTurn = (
  context: DeliveryContext,
  { postponedAt, restingUntil }: Pick<InputOf<'POSTPONE'>, 'postponedAt' | 'restingUntil'>,
): number => Math.min(Math.max(restingUntil, postponedAt + pauseAfter(context)), nextWord(context))
