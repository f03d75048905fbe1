/**
 * The time that one attempt has, however slowly its host goes: a host that answers each command just before its time-out must not
 * hold a place for hours. Large mail has more of it. Who cancels the mail ends it before.
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
  /** It ran out, or was called off: nothing more of the attempt begins. */
  isOver = false
  /** It was called off in time: the attempt ends now, and the host has not got the mail. */
  isCutShort = false
  #isLate = false
  #isFinishing = false

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
    this.#isFinishing = true
    this.stop()
    // RFC 5321 §4.5.3.2.6: the wire itself ends what is silent for so long; here ends what answers for one recipient after the other.
    this.#within = patience.final + spare / 2
    this.#clock = this.#wind(this.#within)
  }

  /** The mail was cancelled: ends the attempt, unless the final dot may have been said. */
  callOff(): void {
    if (this.isOver) return
    this.isOver = true
    if (this.#isFinishing) return
    this.isCutShort = true
    this.#end()
  }

  /** The attempt is over. */
  stop(): void {
    clearTimeout(this.#clock)
  }

  /** What ended the attempt: this, where we stopped it because it took too long, or was called off. */
  explained(fault: AttemptFault): AttemptFault {
    if (this.isCutShort && fault.temporary)
      return {
        ...fault,
        kind: 'called-off',
        text: 'it was cancelled, and we ended the attempt before the final dot',
      }
    if (!this.#isLate || fault.kind !== 'stopped') return fault
    const text = `it took too long, and we ended it: not done within ${Math.round(this.#within / minute)} min`
    return { ...fault, kind: 'attempt-too-long', text, temporary: true }
  }

  #wind(within: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.isOver = true
      this.#isLate = true
      this.#end()
    }, within).unref()
  }
}
