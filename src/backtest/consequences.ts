/**
 * What mail that fares otherwise changes for mail that comes later: how many are counted, and who is known. What was found out then
 * stands, corrected by the difference; so the same rules find the same, and half of a log is as good as all of it. What nobody
 * counted then is counted anew.
 */
import { isLetInByNetwork } from '../../machines/session/rules/names.ts'
import type { Outcome, Rules } from '../../machines/session/rules/rules.ts'
import { dkimVouches, spfVouches } from '../../machines/session/rules/vouching.ts'
import type { Acquaintance, DkimFinding, Findings, RateCount } from '../../machines/vocabulary/findings.ts'
import { networkAround } from '../../machines/vocabulary/network.ts'
import { awaitedFor, knownFor, senderKey } from '../../projections/reputation.ts'
import { domainOf, Rates, type RateWindow } from '../reputation/rates.ts'
import { Window } from '../reputation/window.ts'
import type { Mail } from './course.ts'

/** Of whom one asks. */
export type Asking = {
  readonly address: string
  readonly sender: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** What was found out then; null where nobody looked. */
  readonly findings: Findings | null
}

export type Found = {
  /** As they would be now. */
  readonly findings: Findings
  /** What became of the mail, and the signatures it had. */
  readonly settle: (was: Mail, now: Mail, dkim: readonly DkimFinding[]) => void
}

const nothing = (): void => {}
const isTaken = ({ fate }: Mail): boolean => fate === 'accepted' || fate === 'tagged'
const isPutOff = ({ reason }: Mail): boolean => reason === 'greylisted'

/** Subjects and pairs remembered; beyond, the one that was silent longest is forgotten. */
const most = 100_000

/** By how much a count is another one now. */
class Difference {
  readonly window: RateWindow
  readonly #gained: Window
  readonly #lost: Window

  constructor(window: RateWindow) {
    this.window = window
    this.#gained = new Window({ per: window.per, most })
    this.#lost = new Window({ per: window.per, most })
  }

  at(subject: string, at: number): number {
    const gained = this.#gained.size === 0 ? 0 : this.#gained.count(subject, at)
    return gained - (this.#lost.size === 0 ? 0 : this.#lost.count(subject, at))
  }

  add(subject: string, at: number, by: 1 | -1): void {
    const window = by > 0 ? this.#gained : this.#lost
    window.add(subject, at, 1)
  }
}

/** What nobody vouches for is counted apart. No subject begins so. */
const shareOf = ({ subject, vouched }: RateCount): string => (vouched === false ? `?${subject}` : subject)

const correctedBy = (difference: Difference, count: RateCount, at: number): RateCount => ({
  ...count,
  messages: count.messages + difference.at(shareOf(count), at),
  ...(count.ifVouched !== undefined && { ifVouched: count.ifVouched + difference.at(count.subject, at) }),
})
const isSameCount = (one: RateCount, other: RateCount): boolean =>
  one.messages === other.messages && one.ifVouched === other.ifVouched

type Met = Asking & { readonly key: string | null; readonly putOffAt: number | null }

/** A pair that is known otherwise than it was then. */
type Pair = { putOffAt: number | null; accepted: number; forgetAt: number }

/** Some rule puts strangers off. */
const asksWhoIsKnown = (rules: Rules): boolean =>
  JSON.stringify(rules).includes(`:${JSON.stringify('greylist' satisfies Outcome)}`)

export class Consequences {
  readonly #rules: Rules
  readonly #anew: Rates
  readonly #differences: readonly Difference[]
  readonly #pairs = new Map<string, Pair>()
  readonly #isGreylisting: boolean

  constructor(rules: Rules) {
    this.#isGreylisting = asksWhoIsKnown(rules)
    this.#rules = rules
    this.#anew = new Rates({ windows: rules.rates, most })
    this.#differences = rules.rates.map((window) => new Difference(window))
  }

  /** For how long before a session one must have looked to have counted everything, in milliseconds. */
  get reach(): number {
    return this.#anew.longest
  }

  examine(asking: Asking): Found {
    const { findings, address } = asking
    if (findings === null && isLetInByNetwork(this.#rules, address)) return { findings: {}, settle: nothing }
    const counts = this.#count(asking)
    const pair = findings?.acquaintance && this.#meet(asking, findings.acquaintance)
    if (counts === null && pair === undefined) return { findings: findings ?? {}, settle: nothing }
    const rates = counts === null ? findings?.rates : counts.rates
    const acquaintance = pair?.acquaintance
    const isAsThen = rates === findings?.rates && acquaintance === findings?.acquaintance
    return {
      findings: isAsThen
        ? (findings ?? {})
        : { ...findings, ...(rates && { rates }), ...(acquaintance && { acquaintance }) },
      settle: (was, now, dkim) => {
        counts?.settle(was, now, dkim)
        pair?.settle(was, now, dkim)
      },
    }
  }

  #count(asking: Asking): { rates: readonly RateCount[]; settle: Found['settle'] } | null {
    if (this.#differences.length === 0) return null
    const { address, sender, at, findings } = asking
    const vouched = spfVouches(findings?.spf)
    const entered = this.#anew.enter({ address, account: null, sender, vouched }, at)
    const known = (findings?.rates ?? []).flatMap((count): (readonly [RateCount, Difference])[] => {
      const difference = this.#differences.find(
        ({ window: { of, per } }) => of === count.of && per === count.per,
      )
      return difference === undefined ? [] : [[count, difference]]
    })
    const corrected = known.map(([count, difference]) => correctedBy(difference, count, at))
    const isAsThen =
      known.length === entered.counts.length &&
      known.every(([count], place) => isSameCount(count, corrected[place]!))
    const rest = entered.counts.filter(({ of, per }) =>
      corrected.every((count) => count.of !== of || count.per !== per),
    )
    return {
      rates: isAsThen ? (findings?.rates ?? rest) : [...corrected, ...rest],
      settle: (was, now, dkim) => {
        const ends = dkimVouches(dkim, domainOf(sender))
        if (ends) entered.vouch()
        if (!isTaken(now)) entered.leave()
        if (isTaken(was) === isTaken(now)) return
        for (const [count, difference] of known)
          difference.add(ends ? count.subject : shareOf(count), at, isTaken(now) ? 1 : -1)
      },
    }
  }

  #meet(
    asking: Asking,
    then: Acquaintance,
  ): { acquaintance: Acquaintance; settle: Found['settle'] } | undefined {
    if (!this.#isGreylisting) return undefined
    const { at } = asking
    const key = this.#pairs.size === 0 ? null : keyOf(asking)
    const known = key === null ? undefined : this.#pairs.get(key)
    if (known === undefined || known.forgetAt < at) {
      const putOffAt = then.waited === null ? null : at - then.waited
      return { acquaintance: then, settle: (was, now) => this.#part({ ...asking, key, putOffAt }, was, now) }
    }
    const { putOffAt, accepted } = known
    return {
      acquaintance: {
        waited: putOffAt === null ? null : Math.max(0, at - putOffAt),
        accepted: Math.max(0, then.accepted + accepted),
      },
      settle: (was, now) => this.#part({ ...asking, key, putOffAt }, was, now),
    }
  }

  #part(asking: Met, was: Mail, now: Mail): void {
    const isSame = isPutOff(was) === isPutOff(now) && (was.fate === 'accepted') === (now.fate === 'accepted')
    if (isSame && this.#pairs.size === 0) return
    const key = asking.key ?? keyOf(asking)
    const known = this.#pairs.get(key)
    if (isSame && known === undefined) return
    const { at, putOffAt } = asking
    const by = Number(now.fate === 'accepted') - Number(was.fate === 'accepted')
    const accepted = (known?.accepted ?? 0) + by
    const forgetAt = at + (isPutOff(now) ? awaitedFor : knownFor)
    this.#pairs.delete(key)
    this.#pairs.set(key, { putOffAt: putOffAt ?? (isPutOff(now) ? at : null), accepted, forgetAt })
    if (this.#pairs.size > most) this.#pairs.delete(this.#pairs.keys().next().value ?? '')
  }
}

const keyOf = ({ address, sender }: Asking): string => `${networkAround(address)} ${senderKey(sender)}`
