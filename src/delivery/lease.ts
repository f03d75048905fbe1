/**
 * The time that one attempt has, however slowly its host goes: a host that answers each command just before its time-out must not
 * hold a place for hours. Large mail has more of it.
 */
import type { AttemptFault } from '../../machines/vocabulary/events.ts'
import { patience } from './wire/patience.ts'

const minute = 60_000
/** Milliseconds for the way, all hosts and all commands together. */
const talk = 19 * minute
/** Octets of content in a second that a host takes at least. */
const leastRate = 16 * 1024
/** Milliseconds to write down what came of it. */
const spare = minute

export class Lease {
  /** Milliseconds from the start of the attempt, after which nothing of it goes on. */
  readonly length: number
  readonly #end: () => void
  #clock: NodeJS.Timeout
  #within: number
  /** It ran out. */
  isOver = false

  /** `size` of the content in octets; `end` is to end the attempt. */
  constructor({ size, end }: { readonly size: number; readonly end: () => void }) {
    const beforeDot = talk + Math.floor(size / leastRate) * 1000
    this.length = beforeDot + patience.final + spare
    this.#end = end
    this.#within = beforeDot
    this.#clock = this.#wind(beforeDot)
  }

  /** The final dot follows: from here on the host has its ten minutes, for all recipients together. */
  finishing(): void {
    if (this.isOver) return
    this.stop()
    // RFC 5321 §4.5.3.2.6: the wire itself ends what is silent for so long; here ends what answers for one recipient after the other.
    this.#within = patience.final + spare / 2
    this.#clock = this.#wind(this.#within)
  }

  /** The attempt is over. */
  stop(): void {
    clearTimeout(this.#clock)
  }

  /** What ended the attempt: this, where we stopped it because it took too long. */
  explained(fault: AttemptFault): AttemptFault {
    if (!this.isOver || fault.kind !== 'stopped') return fault
    const text = `it took too long, and we ended it: not done within ${Math.round(this.#within / minute)} min`
    return { ...fault, kind: 'attempt-too-long', text, temporary: true }
  }

  #wind(within: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.isOver = true
      this.#end()
    }, within).unref()
  }
}
