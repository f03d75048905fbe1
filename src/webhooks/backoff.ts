/** When a receiver that did not take an event is asked again: soon at first, then every hour, for as long as it takes. */

const pauses = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 2 * 60_000, 5 * 60_000, 15 * 60_000, 30 * 60_000]
const longest = 3_600_000

/**
 * Milliseconds after so many failures in a row (1 for the first), up to a tenth more by `chance` (0 to 1), so that many do not come back at once.
 * What the receiver asked for counts if it is longer; an hour is the most.
 */
export const pauseAfter = (
  failures: number,
  { retryAfter = null, chance }: { readonly retryAfter?: number | null; readonly chance: number },
): number => {
  const own = (pauses[failures - 1] ?? longest) * (1 + chance / 10)
  return Math.min(longest, Math.max(own, retryAfter ?? 0))
}
