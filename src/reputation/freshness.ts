/** Whether a view holds all that the log held half a minute ago. */

export type Seen = {
  /** Milliseconds since 1970. */
  readonly at: number
  /** The last position of the log. */
  readonly tail: number
  /** That of the view; null where it has stopped, or is not there. */
  readonly position: number | null
}

/** Milliseconds that a view may be behind the log. */
const patience = 30_000
/** Milliseconds for which a look counts. */
const lookCounts = 10_000

export class Freshness {
  /** Ends of the log that the view has not reached, the oldest first. */
  readonly #ahead: { readonly at: number; readonly tail: number }[] = []
  #last: Seen | null = null
  /** The view held once all that the log held when it was first looked at. */
  #hasCaughtUp = false

  seen(seen: Seen): void {
    const { at, tail, position } = seen
    this.#last = seen
    this.#ahead.push({ at, tail })
    while (position !== null && this.#ahead.length > 0 && this.#ahead[0]!.tail <= position) {
      this.#ahead.shift()
      this.#hasCaughtUp = true
    }
    // The oldest says all there is to say.
    if (this.#ahead.length > 100) this.#ahead.splice(1, 1)
  }

  isFreshAt(now: number): boolean {
    if (this.#last === null || this.#last.position === null || !this.#hasCaughtUp) return false
    if (now - this.#last.at > lookCounts) return false
    const oldest = this.#ahead[0]
    return oldest === undefined || now - oldest.at <= patience
  }

  forget(): void {
    this.#ahead.length = 0
    this.#last = null
    this.#hasCaughtUp = false
  }
}
