/**
 * How hard a destination is tried: a few deliveries at a time at first, more while it answers, fewer when it does not, and
 * none for a while when it fails again and again; then one of them asks whether it is back. All of it follows from three
 * numbers that the recorded attempts add up to.
 */
import type { AttemptFault } from '../vocabulary/events.ts'

export type Pace = {
  /** Attempts in a row that it answered as a mail host, whatever it said. */
  readonly answers: number
  /** Attempts in a row that it did not. */
  readonly failures: number
  /** When the last of `failures` ended, milliseconds since 1970; null where there is none. */
  readonly failedAt: number | null
}

const firstLimit = 10
/** Failures in a row from which a destination rests. */
const patience = 3
const firstRest = 10_000
const longestRest = 300_000

export const firstPace: Pace = { answers: 0, failures: 0, failedAt: null }

/** Kinds of fault that lie with us, or with the question where the mail goes. */
const notTheirs: ReadonlySet<string> = new Set([
  'unforeseen',
  'content-unreadable',
  'stopped',
  'called-off',
  // What one mail wants more than others.
  'requiretls-not-offered',
  'requiretls-without-tls',
])

/**
 * What an attempt says of its destination: it answered as a mail host, or did not. Null where nothing was asked of it, where
 * the fault is ours, and for attempts that began before the last failure ended: those failed together, and count as one.
 */
export const judgeAnswer = (
  { failedAt }: Pace,
  { fault, startedAt }: { readonly fault: AttemptFault | null; readonly startedAt: number },
): boolean | null => {
  if (fault === null) return true
  if (fault.during === 'route' || notTheirs.has(fault.kind)) return null
  return failedAt !== null && startedAt < failedAt ? null : false
}

export const paceAfter = (pace: Pace, answered: boolean | null, at: number): Pace => {
  if (answered === null) return pace
  if (answered) return { answers: pace.answers + 1, failures: 0, failedAt: null }
  return { answers: 0, failures: pace.failures + 1, failedAt: at }
}

/** Somebody wants it tried now: what was is forgotten. */
export const roused: Pace = firstPace

/** Deliveries under way at a time, `most` at most. */
export const limitOf = ({ answers, failures }: Pace, most: number): number => {
  if (failures >= patience) return 1
  if (failures > 0) return Math.max(1, Math.min(most, firstLimit) >> failures)
  return Math.min(most, firstLimit + answers)
}

/** Nothing is tried before this time, milliseconds since 1970; 0 where it does not rest. */
export const restingUntil = ({ failures, failedAt }: Pace): number => {
  if (failures < patience || failedAt === null) return 0
  return failedAt + Math.min(firstRest * 2 ** (failures - patience), longestRest)
}
