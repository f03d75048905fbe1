/** Time that only goes forward, whatever the system's clock does. */

/** What time is read from; milliseconds. */
export type Sources = {
  /** Since 1970; may jump either way. */
  readonly wall: () => number
  /** Since some moment; never jumps. */
  readonly steady: () => number
}

/**
 * Our milliseconds for each one of the steady clock while the system's clock is behind us. Less than one, so that it catches
 * up: an hour's lead is gone after ten, and what is due meanwhile comes a ninth later than it should.
 */
const whileAhead = 0.9

export class Clock {
  readonly #sources: Sources
  /** The latest time that was given, with its fraction; and what the steady clock said then. */
  #time = 0
  #steady: number

  constructor(sources: Sources) {
    this.#sources = sources
    this.#steady = sources.steady()
  }

  /** Whole milliseconds since 1970; the same or later than at any call before. */
  now(): number {
    const steady = this.#sources.steady()
    const passed = Math.max(0, steady - this.#steady)
    this.#steady = steady
    // Standing still until the system's clock has caught up would stop everything that waits for its time.
    this.#time = Math.max(this.#sources.wall(), this.#time + passed * whileAhead)
    return Math.floor(this.#time)
  }

  /** No time before `time` will be given any more. */
  notBefore(time: number): void {
    if (time > this.now()) this.#time = time
  }
}
