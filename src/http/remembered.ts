/** A question whose answer holds for a moment: however many ask, it is looked for once. */
export type RememberedOptions<Value> = {
  readonly look: () => Promise<Value>
  /** Milliseconds for which an answer, or a failure, is good. */
  readonly fresh: number
  /** Milliseconds after which nobody waits any longer. The look goes on, and no second one is begun beside it. */
  readonly within: number
}

/** There is no answer yet. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
  constructor(waited: number) {
    super(`no answer within ${Math.max(1, Math.round(waited / 1000))} s`)
  }
}

export class Remembered<Value> {
  readonly #options: RememberedOptions<Value>
  #running: Promise<Value> | null = null
  #since = 0
  #settledAt: number | null = null

  constructor(options: RememberedOptions<Value>) {
    this.#options = options
  }

  /** @throws NoAnswer, or what the look threw */
  ask(): Promise<Value> {
    const { fresh, within } = this.#options
    const isOver = this.#settledAt !== null && performance.now() - this.#settledAt >= fresh
    const running = this.#running === null || isOver ? this.#look() : this.#running
    if (this.#settledAt !== null) return running
    const waited = performance.now() - this.#since
    return unlessLate(running, Math.max(0, within - waited), Math.max(within, waited))
  }

  #look(): Promise<Value> {
    this.#since = performance.now()
    this.#settledAt = null
    const running = this.#options.look()
    const settle = (): void => {
      this.#settledAt = performance.now()
    }
    running.then(settle, settle)
    this.#running = running
    return running
  }
}

const unlessLate = <Value>(wanted: Promise<Value>, within: number, waited: number): Promise<Value> =>
  new Promise((resolve, reject) => {
    const clock = setTimeout(() => reject(new NoAnswer(waited)), within)
    wanted.then(resolve, reject).finally(() => clearTimeout(clock))
  })
