/**
 * Tells those who follow the log that there may be something new; those who follow a few categories, only when there may be
 * something of theirs.
 */
export type Categories = Iterable<string>

type Sleeper = { readonly wants: readonly string[] | null; readonly wake: () => void }

export class Wakes {
  #all = 0
  #unknown = 0
  readonly #counts = new Map<string, number>()
  readonly #sleepers = new Set<Sleeper>()
  #closed = false

  /** Grows with each wake that concerns these: remember it before looking, and nothing is missed before sleeping. */
  seen(wants: readonly string[] | null): number {
    if (wants === null) return this.#all
    return wants.reduce((sum, category) => sum + (this.#counts.get(category) ?? 0), this.#unknown)
  }

  get closed(): boolean {
    return this.#closed
  }

  /** `categories` of what is new; null where that is not known. */
  wake(categories: Categories | null = null): void {
    this.#all++
    if (categories === null) this.#unknown++
    else for (const category of categories) this.#counts.set(category, (this.#counts.get(category) ?? 0) + 1)
    if (this.#sleepers.size === 0) return
    const fresh = categories === null ? null : new Set(categories)
    for (const sleeper of [...this.#sleepers])
      if (fresh === null || sleeper.wants === null || sleeper.wants.some((each) => fresh.has(each)))
        sleeper.wake()
  }

  /** Ends all following. */
  close(): void {
    this.#closed = true
    this.wake()
  }

  /** Resolves at the first wake that concerns `wants` after `seen` was asked, or when the signal aborts. */
  after(
    seen: number,
    signal: AbortSignal | undefined,
    wants: readonly string[] | null = null,
  ): Promise<void> {
    if (this.seen(wants) !== seen || this.#closed || signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        signal?.removeEventListener('abort', done)
        this.#sleepers.delete(sleeper)
        resolve()
      }
      const sleeper: Sleeper = { wants, wake: done }
      this.#sleepers.add(sleeper)
      signal?.addEventListener('abort', done)
    })
  }
}
