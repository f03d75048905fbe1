/**
 * How many messages came from somebody within a time: counted by sliding windows, in bounded memory. It knows no clock: whoever asks
 * says when, so that recorded sessions can be counted again.
 */
import { type RateCount, rateSubjects } from '../../machines/vocabulary/findings.ts'
import { networkAround } from '../../machines/vocabulary/network.ts'
import { asciiDomain } from '../authentication/spelling.ts'
import { Window } from './window.ts'

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

class RateWindowCount extends Window {
  readonly of: RateSubject

  constructor({ of, per }: RateWindow, most: number) {
    super({ per, most })
    this.of = of
  }
}

/** In A-labels: a name in two spellings is one. */
const domainOf = (sender: string): string => asciiDomain(sender.slice(sender.lastIndexOf('@') + 1))

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
  #windows: readonly RateWindowCount[]

  constructor({ windows, most = 20_000 }: RatesOptions) {
    this.#most = most
    this.#windows = distinct(windows).map((window) => new RateWindowCount(window, most))
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
        new RateWindowCount({ of, per }, this.#most),
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
