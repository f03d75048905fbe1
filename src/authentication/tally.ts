/** Counts by key that are forgotten after a while, in bounded memory. */

type Count = { count: number; readonly since: number }

export class Tally {
  readonly #window: number
  readonly #most: number
  /** In the order of last use, the oldest first. */
  readonly #counts = new Map<string, Count>()

  /** `window` in milliseconds; beyond `most` keys the one used longest ago is forgotten. */
  constructor({ window, most }: { readonly window: number; readonly most: number }) {
    this.#window = window
    this.#most = most
  }

  get size(): number {
    return this.#counts.size
  }

  /** How often `key` was counted within the window that its first count opened. `now` in milliseconds. */
  count(key: string, now: number): number {
    const entry = this.#counts.get(key)
    if (!entry) return 0
    // A clock set back must not keep anybody out for longer.
    if (now - entry.since < this.#window && now >= entry.since) return entry.count
    this.#counts.delete(key)
    return 0
  }

  /** Counts once more; the new count. */
  add(key: string, now: number): number {
    const before = this.count(key, now)
    const entry = before === 0 ? { count: 0, since: now } : this.#counts.get(key)!
    entry.count = before + 1
    this.#counts.delete(key)
    this.#counts.set(key, entry)
    if (this.#counts.size > this.#most) this.#counts.delete(this.#counts.keys().next().value ?? '')
    return entry.count
  }

  /** Takes one count back. */
  subtract(key: string): void {
    const entry = this.#counts.get(key)
    if (!entry) return
    entry.count--
    if (entry.count <= 0) this.#counts.delete(key)
  }
}
