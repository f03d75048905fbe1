/** Waiting for one thing, unless another comes first. Unlike `Promise.race` it leaves nothing behind on what lives long. */

export class Settling {
  readonly #waiting = new Set<(error: Error) => void>()
  #ended: Error | null = null

  /** Everything that waits, now and later, is rejected. */
  end(error: Error): void {
    this.#ended = error
    for (const reject of this.#waiting) reject(error)
    this.#waiting.clear()
  }

  /** `promise`, unless `end` comes first; `onLate` is called after `within` milliseconds and is to bring the end about. */
  race<Value>(
    promise: Promise<Value>,
    { within, onLate }: { readonly within: number; readonly onLate: () => void },
  ): Promise<Value> {
    if (this.#ended !== null) {
      // The end came first, and is what is told.
      promise.catch(() => {})
      return Promise.reject(this.#ended)
    }
    return new Promise((resolve, reject) => {
      const clock = setTimeout(onLate, within)
      const over = (): void => {
        clearTimeout(clock)
        this.#waiting.delete(interrupt)
      }
      const interrupt = (error: Error): void => {
        over()
        reject(error)
      }
      this.#waiting.add(interrupt)
      promise.then(
        (value) => {
          over()
          resolve(value)
        },
        (error: unknown) => {
          over()
          reject(error)
        },
      )
    })
  }
}
