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
  /** The sender's domain vouches for it, by SPF or DKIM, or the account is ours. */
  readonly vouched?: boolean
}
export type Entered = {
  /** With the message that is asked about, in the order of the windows. */
  readonly counts: readonly RateCount[]
  /** The sender's domain vouches for it after all: it counts among those, and `counts` says so. */
  readonly vouch: () => void
  /** It did not become a message: it is counted no longer. */
  readonly leave: () => void
}

class RateWindowCount extends Window {
  readonly of: RateSubject
  /** Of senders' domains: messages that nobody vouches for. In a window of their own, whose room forged names use up alone. */
  readonly unvouched: Window | null

  constructor({ of, per }: RateWindow, most: number) {
    super({ per, most })
    this.of = of
    this.unvouched = of === 'senderDomain' ? new Window({ per, most }) : null
  }
}

/** One message in one window. */
class Entry {
  readonly #window: RateWindowCount
  readonly #subject: string
  readonly #at: number
  #place: Window
  #slot: number
  count: RateCount

  constructor(window: RateWindowCount, { subject, at, vouched }: Counting) {
    this.#window = window
    this.#subject = subject
    this.#at = at
    this.#place = vouched ? window : (window.unvouched ?? window)
    this.#slot = this.#place.add(subject, at, 1)
    this.count = this.#counted()
  }

  vouch(): void {
    if (this.#place === this.#window) return
    this.leave()
    this.#place = this.#window
    this.#slot = this.#window.add(this.#subject, this.#at, 1)
    this.count = this.#counted()
  }

  leave(): void {
    this.#place.subtract(this.#subject, this.#slot, 1)
  }

  #counted(): RateCount {
    const { of, per, unvouched } = this.#window
    const messages = this.#place.count(this.#subject, this.#at)
    const count = { of, subject: this.#subject, messages, per }
    if (unvouched === null) return count
    if (this.#place === this.#window) return { ...count, vouched: true }
    return { ...count, vouched: false, ifVouched: this.#window.count(this.#subject, this.#at) + 1 }
  }
}
type Counting = { readonly subject: string; readonly at: number; readonly vouched: boolean }

/** In A-labels: a name in two spellings is one. */
export const domainOf = (sender: string): string => asciiDomain(sender.slice(sender.lastIndexOf('@') + 1))

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
    return this.#windows.reduce((sum, { size, unvouched }) => sum + size + (unvouched?.size ?? 0), 0)
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
    const { vouched = false } = sending
    const entries = this.#windows.flatMap((window): Entry[] => {
      const subject = subjectOf(window.of, sending)
      return subject === '' ? [] : [new Entry(window, { subject, at: now, vouched })]
    })
    let counts = entries.map(({ count }) => count)
    return {
      get counts() {
        return counts
      },
      vouch: () => {
        for (const entry of entries) entry.vouch()
        counts = entries.map(({ count }) => count)
      },
      leave: () => {
        for (const entry of entries.splice(0)) entry.leave()
      },
    }
  }

  /** A message of before this process, accepted at `at`. */
  recount(sending: Sending, { at, now }: { readonly at: number; readonly now: number }): void {
    for (const window of this.#windows) {
      const subject = subjectOf(window.of, sending)
      const place = sending.vouched === true ? window : (window.unvouched ?? window)
      if (subject !== '' && now - at < window.per) place.add(subject, at, 1)
    }
  }
}
