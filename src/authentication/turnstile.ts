/** Lets a few through at a time, and a bounded number wait in line. */

/** The line is full; nothing was begun. */
export class TooManyWaiting extends Error {
  override readonly name = 'TooManyWaiting'
}

export class Turnstile {
  readonly #most: { readonly inside: number; readonly waiting: number }
  readonly #line: (() => void)[] = []
  #inside = 0

  constructor(most: { readonly inside: number; readonly waiting: number }) {
    this.#most = most
  }

  /** Runs `work` when it is its turn. @throws TooManyWaiting, and whatever `work` throws */
  async pass<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.#enter()
    try {
      return await work()
    } finally {
      this.#leave()
    }
  }

  async #enter(): Promise<void> {
    if (this.#inside < this.#most.inside) {
      this.#inside++
      return
    }
    if (this.#line.length >= this.#most.waiting)
      throw new TooManyWaiting('too many passwords wait to be checked')
    await new Promise<void>((resolve) => this.#line.push(resolve))
  }

  /** Hands the place to the next in line, or frees it. */
  #leave(): void {
    const next = this.#line.shift()
    if (next) next()
    else this.#inside--
  }
}
