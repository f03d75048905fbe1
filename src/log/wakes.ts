/** Tells those who follow the log that there may be something new. */
export class Wakes {
  #count = 0
  #sleepers = new Set<() => void>()
  #closed = false

  /** Grows with each wake: remember it before looking, and nothing is missed between looking and sleeping. */
  get count(): number {
    return this.#count
  }
  get closed(): boolean {
    return this.#closed
  }

  wake(): void {
    this.#count++
    if (this.#sleepers.size === 0) return
    const sleepers = this.#sleepers
    this.#sleepers = new Set()
    for (const wake of sleepers) wake()
  }

  /** Ends all following. */
  close(): void {
    this.#closed = true
    this.wake()
  }

  /** Resolves at the first wake after the one counted `seen`, or when the signal aborts. */
  after(seen: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#count !== seen || this.#closed || signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        signal?.removeEventListener('abort', done)
        this.#sleepers.delete(done)
        resolve()
      }
      this.#sleepers.add(done)
      signal?.addEventListener('abort', done)
    })
  }
}
