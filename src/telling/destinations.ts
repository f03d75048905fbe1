/** How a destination stands at a time, for whoever asks: whether it rests, and how hard it is tried. */
import { limitOf, restingUntil } from '../../machines/delivery/pacing.ts'
import type { Destination } from '../shapes/destination.ts'
import type { DestinationStatus } from '../views/answers/destinations.ts'

/** `most`: deliveries that any destination gets at a time; `at` in milliseconds since 1970. */
export const destinationAt = (
  { failedAt, lastTriedAt, lastAnsweredAt, lastReply, lastFault, ...counts }: DestinationStatus,
  { most, at }: { readonly most: number; readonly at: number },
): Destination => {
  const pace = { ...counts, failedAt }
  const until = restingUntil(pace)
  const isResting = until > at
  return {
    ...counts,
    state: isResting ? 'resting' : counts.failures > 0 ? 'failing' : 'steady',
    limit: limitOf(pace, most),
    restingUntil: isResting ? new Date(until).toISOString() : null,
    lastTriedAt,
    lastAnsweredAt,
    lastFailedAt: failedAt === null ? null : new Date(failedAt).toISOString(),
    lastReply,
    lastFault,
  }
}
