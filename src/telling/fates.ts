/** What has become of the recipients of a mail, counted: they may fare differently within one delivery. */
import type { RecipientOutcome } from '../../machines/vocabulary/events.ts'
import type { Delivery, DeliveryStatus, RecipientStatus, Standing } from '../views/answers/deliveries.ts'
import { deliveryReasonText } from './delivery-reasons.ts'

/** What is over before what is not. */
const order: readonly DeliveryStatus[] = [
  ...(['delivered', 'failed', 'expired', 'cancelled'] as const),
  ...(['held', 'deferred', 'active', 'queued'] as const),
]

export const fatesOf = (recipients: readonly RecipientStatus[]): readonly Standing[] => {
  const counts = new Map<DeliveryStatus, number>()
  for (const { status } of recipients) counts.set(status, (counts.get(status) ?? 0) + 1)
  return [...counts].map(([status, count]) => ({ status, count }))
}

/** `deferred`, `2 delivered`, or `1 delivered, 1 failed, 1 deferred`. */
export const fatesText = (fates: readonly Standing[]): string => {
  const [only, ...others] = fates
  if (only !== undefined && others.length === 0 && only.count === 1) return only.status
  return fates
    .toSorted((one, other) => order.indexOf(one.status) - order.indexOf(other.status))
    .map(({ status, count }) => `${count} ${status}`)
    .join(', ')
}

/** Its status, which is that of all its recipients; where they differ, how many have come to what. */
export const statusText = ({ status, recipients }: Delivery): string => {
  const fates = fatesOf(recipients)
  return fates.length > 1 ? fatesText(fates) : status
}

const refused = 'refused-for-good'
/** What says no more than that recipients were refused, or put off. */
const bare: ReadonlySet<string> = new Set([refused, 'refused-for-now'])

export type Why = {
  /** Where what it is about has come to. */
  readonly status: DeliveryStatus
  /** Stable code. */
  readonly reason: string
  /** What went wrong besides, in words. */
  readonly fault?: string | null
  /** Addresses that were refused for good, and those that wait or were given up. */
  readonly failed: readonly string[]
  readonly others: readonly string[]
}

const forWhom = (addresses: readonly string[]): string => addresses.join(', ')

/**
 * Why it is as it is: a sentence for the code; where some were refused for good and others were not, what is true of each of
 * them. The code names the first, since a refusal weighs most.
 */
export const whyText = ({ status, reason, fault = null, failed, others }: Why): string => {
  const isOfAll = failed.length === 0 || status === 'failed' || status === 'delivered'
  if (isOfAll) return deliveryReasonText(reason)
  const rest = others.length === 0 ? 'the others' : forWhom(others)
  const because = fault ?? (bare.has(reason) ? null : deliveryReasonText(reason))
  return `refused for good for ${forWhom(failed)}; ${status} for ${rest}${because === null ? '' : `: ${because}`}`
}

const isWaiting = ({ status }: RecipientStatus): boolean => status !== 'failed' && status !== 'delivered'

/** Of a delivery as it stands; '' where there is nothing to say. */
export const deliveryWhy = ({ status, reason, recipients }: Delivery): string => {
  if (reason === null || status === 'delivered') return ''
  const of = (chosen: readonly RecipientStatus[]) => chosen.map(({ address }) => address)
  const failed = of(recipients.filter((recipient) => recipient.status === 'failed'))
  return whyText({ status, reason, failed, others: of(recipients.filter(isWaiting)) })
}

/** Of an attempt that ended so. */
export const attemptWhy = (
  status: DeliveryStatus,
  {
    reason,
    outcomes,
    fault,
  }: {
    readonly reason: string
    readonly outcomes: readonly RecipientOutcome[]
    readonly fault: string | null
  },
): string => {
  const of = (result: RecipientOutcome['result']) =>
    outcomes.flatMap((outcome) => (outcome.result === result ? [outcome.address] : []))
  const failed = of('failed')
  // Taken by the host in this attempt, after it had refused others in one before.
  if (reason === refused && failed.length === 0 && fault === null && status === 'failed')
    return 'Others were refused for good in an attempt before.'
  return whyText({ status, reason, fault, failed, others: of('deferred') })
}
