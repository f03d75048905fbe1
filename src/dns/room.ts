/** Room for so many at a time; others wait their turn, a bounded number of them. */

type Waiting = { readonly signal: AbortSignal; readonly timeout: number }

export class Room {
  #free: number
  readonly #most: number
  readonly #waiting = new Set<() => void>()

  constructor({ places, waiting }: { readonly places: number; readonly waiting: number }) {
    this.#free = places
    this.#most = waiting
  }

  /** Does `work` when there is room; null where too many wait already, it took `timeout` (milliseconds), or `signal` ended it. */
  async within<Result>(work: () => Promise<Result>, waiting: Waiting): Promise<Result | null> {
    if (this.#free > 0) this.#free--
    else if (!(await this.#turn(waiting))) return null
    try {
      return await work()
    } finally {
      this.#leave()
    }
  }

  /** The place goes to the next as it is: nobody can come between. */
  #leave(): void {
    const [next] = this.#waiting
    if (next === undefined) this.#free++
    else next()
  }

  #turn({ signal, timeout }: Waiting): Promise<boolean> {
    if (this.#waiting.size >= this.#most || signal.aborted) return Promise.resolve(false)
    return new Promise((resolve) => {
      const leave = (hasPlace: boolean): void => {
        this.#waiting.delete(come)
        signal.removeEventListener('abort', give)
        clearTimeout(timer)
        resolve(hasPlace)
      }
      const come = () => leave(true)
      const give = () => leave(false)
      const timer = setTimeout(give, timeout)
      this.#waiting.add(come)
      signal.addEventListener('abort', give)
    })
  }
}
