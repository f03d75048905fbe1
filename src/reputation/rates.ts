/**
 * How many messages came from somebody within a time: counted by sliding windows, in bounded memory. It knows no clock: whoever asks
 * says when, so that recorded sessions can be counted again.
 *
 * A window is made of `slots` parts. What is counted is forgotten between 95 % and 100 % of the window later: never too late.
 */
import { type RateCount, rateSubjects } from '../../machines/vocabulary/findings.ts'
import { networkAround } from '../../machines/vocabulary/network.ts'

export type RateSubject = RateCount['of']
/** What is to be counted; `per` in milliseconds. */
export type RateWindow = Pick<RateCount, 'of' | 'per'>
/** Whose message it is. Null or '' where there is none: that is not counted. */
export type Sending = {
  readonly address: string
  readonly account: string | null
  /** The envelope sender, '' for the null sender. */
  readonly sender: string
}
export type Entered = {
  /** With the message that is asked about, in the order of the windows. */
  readonly counts: readonly RateCount[]
  /** It did not become a message: it is counted no longer. */
  readonly leave: () => void
}

const slots = 20

/** Slots with their counts: few have more than a handful. */
type Counted = { slot: number; count: number }[]

class Window {
  readonly of: RateSubject
  readonly per: number
  readonly #most: number
  /** In the order of last use, the oldest first. */
  readonly #counted = new Map<string, Counted>()

  constructor({ of, per }: RateWindow, most: number) {
    this.of = of
    this.per = per
    this.#most = most
  }

  get size(): number {
    return this.#counted.size
  }

  /** Counts `by` more of the subject; the slot that it went to. */
  add(subject: string, now: number, by: number): number {
    const slot = this.#slotOf(now)
    const counted = this.#live(subject, slot)
    const known = counted.find((one) => one.slot === slot)
    if (known === undefined) counted.push({ slot, count: by })
    else known.count += by
    this.#counted.delete(subject)
    this.#counted.set(subject, counted)
    if (this.#counted.size > this.#most) this.#counted.delete(this.#counted.keys().next().value ?? '')
    return slot
  }

  subtract(subject: string, slot: number, by: number): void {
    const entry = this.#counted.get(subject)?.find((one) => one.slot === slot)
    if (entry !== undefined) entry.count = Math.max(0, entry.count - by)
  }

  count(subject: string, now: number): number {
    return this.#live(subject, this.#slotOf(now)).reduce((sum, { count }) => sum + count, 0)
  }

  #slotOf(now: number): number {
    return Math.floor((now * slots) / this.per)
  }

  /** Also without what lies a whole window ahead: a clock that was set back must not keep anybody out for longer. */
  #live(subject: string, slot: number): Counted {
    return (this.#counted.get(subject) ?? []).filter((one) => Math.abs(slot - one.slot) < slots)
  }
}

const domainOf = (sender: string): string => sender.slice(sender.lastIndexOf('@') + 1).toLowerCase()

const subjectOf = (of: RateSubject, { address, account, sender }: Sending): string => {
  if (of === 'address') return address
  if (of === 'network') return networkAround(address)
  if (of === 'account') return account ?? ''
  return domainOf(sender)
}

/** Each window once; they do not depend on the order in which rules stand. */
const distinct = (windows: readonly RateWindow[]): readonly RateWindow[] =>
  rateSubjects.flatMap((of) => {
    const pers = windows.filter((one) => one.of === of).map(({ per }) => per)
    return [...new Set(pers)].sort((one, other) => one - other).map((per) => ({ of, per }))
  })

export type RatesOptions = {
  readonly windows: readonly RateWindow[]
  /** Subjects remembered in each window; beyond it the one that was silent longest is forgotten. */
  readonly most?: number
}

export class Rates {
  readonly #most: number
  #windows: readonly Window[]

  constructor({ windows, most = 20_000 }: RatesOptions) {
    this.#most = most
    this.#windows = distinct(windows).map((window) => new Window(window, most))
  }

  /** The longest time looked back, in milliseconds; 0 where nothing is counted. */
  get longest(): number {
    return Math.max(0, ...this.#windows.map(({ per }) => per))
  }

  /** Subjects remembered. */
  get size(): number {
    return this.#windows.reduce((sum, { size }) => sum + size, 0)
  }

  /** Rules were changed: windows that stay keep their counts. */
  use(windows: readonly RateWindow[]): void {
    this.#windows = distinct(windows).map(
      ({ of, per }) =>
        this.#windows.find((known) => known.of === of && known.per === per) ??
        new Window({ of, per }, this.#most),
    )
  }

  /** Counts a message that is about to come, so that many at once do not each see an empty window. `now` in milliseconds. */
  enter(sending: Sending, now: number): Entered {
    const leaving: (() => void)[] = []
    const counts = this.#windows.flatMap((window): RateCount[] => {
      const { of, per } = window
      const subject = subjectOf(of, sending)
      if (subject === '') return []
      const slot = window.add(subject, now, 1)
      leaving.push(() => window.subtract(subject, slot, 1))
      return [{ of, subject, messages: window.count(subject, now), per }]
    })
    const leave = (): void => {
      for (const one of leaving.splice(0)) one()
    }
    return { counts, leave }
  }

  /** A message of before this process, accepted at `at`. */
  recount(sending: Sending, { at, now }: { readonly at: number; readonly now: number }): void {
    for (const window of this.#windows) {
      const subject = subjectOf(window.of, sending)
      if (subject !== '' && now - at < window.per) window.add(subject, at, 1)
    }
  }
}
