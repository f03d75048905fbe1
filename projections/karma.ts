/**
 * How well a network behaved, as a number from -100 to 100: of what is known of it, how much speaks for it and how much against,
 * both fading with time.
 *
 *     score = 100 * (good - bad) / (good + bad + 10)
 *     good  = sum over days of accepted * 2^(-age / 7)
 *     bad   = sum over days of (what it did * its weight) * 2^(-age / 7)
 *
 * `age` is in days. The 10 keeps a network of which little is known near 0: one unknown recipient makes -9, fifty make -83.
 */

/** What speaks against a network, and how much each time; an accepted mail speaks for it with 1. */
export const faultWeights = {
  /** Accepted, and filed as Junk. */
  junk: 1,
  /** Recipients that do not exist. */
  unknown: 1,
  /** Refused for good by a rule about who sends. */
  policy: 2,
  /** Dialogue that no honest mail server has. */
  protocol: 2,
  /** Mail for somebody else’s domain. */
  relaying: 3,
  logins: 3,
} as const
export type Fault = keyof typeof faultWeights
export const faults = Object.keys(faultWeights) as readonly Fault[]

/** What a network did on one day. */
export type Day = Readonly<Record<Fault, number>> & {
  /** Whole days since 1970. */
  readonly day: number
  readonly accepted: number
}

const dayLength = 86_400_000
export const dayOf = (at: number): number => Math.floor(at / dayLength)

/** Days after which what happened counts half. */
const halfLife = 7
/** Days after which nothing is remembered. */
export const rememberedDays = 30
const reserve = 10

const badOf = (day: Day): number => faults.reduce((sum, fault) => sum + day[fault] * faultWeights[fault], 0)

/** How much what happened so many days ago still counts: 1 to 0. */
export const shareOf = (age: number): number =>
  age >= rememberedDays ? 0 : 2 ** (-Math.max(0, age) / halfLife)

/** `now` in milliseconds since 1970. */
export const karmaScore = (days: readonly Day[], now: number): number => {
  const today = dayOf(now)
  let good = 0
  let bad = 0
  for (const day of days) {
    const share = shareOf(today - day.day)
    good += day.accepted * share
    bad += badOf(day) * share
  }
  return Math.round((100 * (good - bad)) / (good + bad + reserve))
}
