/**
 * How hard a destination is tried: a few deliveries at a time at first, more while it answers, fewer when it does not, and
 * none for a while when it fails again and again; then one of them asks whether it is back.
 */
export type Pace = {
  /** Deliveries under way at a time. */
  readonly limit: number
  /** Attempts in a row that the destination did not answer as a mail host. */
  readonly failures: number
  /** Nothing is tried before this time, milliseconds since 1970. */
  readonly restingUntil: number
}

const firstLimit = 10
/** Failures in a row from which a destination rests. */
const patience = 3
const firstRest = 10_000
const longestRest = 300_000

export const firstPace = (most: number): Pace => ({
  limit: Math.min(firstLimit, most),
  failures: 0,
  restingUntil: 0,
})

/** Somebody wants it tried now. */
export const roused = (pace: Pace): Pace => ({ ...pace, restingUntil: 0 })

/** It answered, whatever it said. */
export const afterAnswer = (pace: Pace, most: number): Pace => ({
  limit: Math.min(most, pace.failures > 0 ? Math.min(firstLimit, most) : pace.limit + 1),
  failures: 0,
  restingUntil: 0,
})

/** No connection, a broken one, silence, or 421. */
export const afterFailure = ({ limit, failures }: Pace, at: number): Pace => {
  const counted = failures + 1
  const rest = Math.min(firstRest * 2 ** (counted - patience), longestRest)
  return {
    limit: counted >= patience ? 1 : Math.max(1, Math.floor(limit / 2)),
    failures: counted,
    restingUntil: counted >= patience ? at + rest : 0,
  }
}

export const isResting = ({ restingUntil }: Pace, at: number): boolean => at < restingUntil
