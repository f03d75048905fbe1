/**
 * Counts by subject that are forgotten after a while, in bounded memory. A window is made of `slots` parts: what is counted is forgotten
 * between 95 % and 100 % of the window later, never too late. It knows no clock.
 */

/** Slots with their counts: few have more than a handful. */
type Counted = { slot: number; count: number }[]

const slots = 20

export class Window {
  /** Milliseconds. */
  readonly per: number
  readonly #most: number
  /** In the order of last use, the oldest first. */
  readonly #counted = new Map<string, Counted>()

  /** Beyond `most` subjects the one that was silent longest is forgotten. */
  constructor({ per, most }: { readonly per: number; readonly most: number }) {
    this.per = per
    this.#most = most
  }

  get size(): number {
    return this.#counted.size
  }

  /** Counts `by` more of the subject; the slot that it went to. `now` in milliseconds. */
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
    const counted = this.#counted.get(subject)
    const entry = counted?.find((one) => one.slot === slot)
    if (entry === undefined) return
    entry.count = Math.max(0, entry.count - by)
    // Who counts for nothing must not take the place of who does: names are cheap.
    if (counted!.every(({ count }) => count === 0)) this.#counted.delete(subject)
  }

  count(subject: string, now: number): number {
    return this.#live(subject, this.#slotOf(now)).reduce((sum, { count }) => sum + count, 0)
  }

  /** As it was counted at a time within the last window: without what came later. */
  countAt(subject: string, at: number): number {
    const slot = this.#slotOf(at)
    return this.#live(subject, slot).reduce((sum, one) => (one.slot <= slot ? sum + one.count : sum), 0)
  }

  #slotOf(now: number): number {
    return Math.floor((now * slots) / this.per)
  }

  /** Also without what lies a whole window ahead: a clock that was set back must not keep anybody out for longer. */
  #live(subject: string, slot: number): Counted {
    return (this.#counted.get(subject) ?? []).filter((one) => Math.abs(slot - one.slot) < slots)
  }
}
