/** What was said, for as long as it holds: bounded in number and in octets, what was not asked for longest goes first. */

type Kept<Value> = { readonly value: Value; readonly until: number; readonly size: number }

export type CacheOptions = {
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
  readonly entries: number
  /** What entries say that they take, in all. */
  readonly octets: number
}

export class Cache<Value> {
  readonly #options: CacheOptions
  /** In the order of their last use. */
  readonly #kept = new Map<string, Kept<Value>>()
  #octets = 0

  constructor(options: CacheOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#kept.size
  }

  get octets(): number {
    return this.#octets
  }

  get(key: string): Value | null {
    const kept = this.#kept.get(key)
    if (kept === undefined) return null
    this.#kept.delete(key)
    if (kept.until <= this.#options.now()) {
      this.#octets -= kept.size
      return null
    }
    this.#kept.set(key, kept)
    return kept.value
  }

  /** `time` in milliseconds, `size` in octets. */
  set(key: string, value: Value, { time, size }: { readonly time: number; readonly size: number }): void {
    this.#forget(key)
    if (time <= 0 || size > this.#options.octets) return
    this.#kept.set(key, { value, until: this.#options.now() + time, size })
    this.#octets += size
    while (this.#kept.size > this.#options.entries || this.#octets > this.#options.octets) {
      const [oldest] = this.#kept.keys()
      this.#forget(oldest!)
    }
  }

  #forget(key: string): void {
    const kept = this.#kept.get(key)
    if (kept === undefined) return
    this.#kept.delete(key)
    this.#octets -= kept.size
  }
}
