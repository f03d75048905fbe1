/** Waits for whatever a subscription does next. */
import type { AllStreamSubscription } from '@kurrent/kurrentdb-client'

type Why = 'readable' | 'over' | 'idle'

export class Wakening {
  readonly #signal: AbortSignal
  readonly #stop: () => void
  /** Resolves when the server has taken the subscription up; rejects when it broke before. */
  readonly confirmed: Promise<void>
  #over = false
  #failure: Error | null = null
  #readable = false
  #wake: (() => void) | null = null

  constructor(subscription: AllStreamSubscription, signal: AbortSignal) {
    this.#signal = signal
    this.#stop = () => this.#ended(null)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.confirmed = promise
    // Whoever does not wait for it hears of the failure at `next`.
    promise.catch(() => {})
    subscription.once('confirmation', () => resolve())
    subscription.on('readable', () => {
      this.#readable = true
      this.#wake?.()
    })
    // Errors may come more than once, and after the end.
    subscription.on('error', (error: Error) => {
      reject(error)
      this.#ended(error)
    })
    for (const name of ['end', 'close'] as const) subscription.on(name, this.#stop)
    signal.addEventListener('abort', () => resolve(), { once: true })
    signal.addEventListener('abort', this.#stop, { once: true })
  }

  /** @throws what broke the subscription */
  async next(idleAfter: number): Promise<Why> {
    if (!this.#readable && !this.#isOver) await this.#sleep(idleAfter)
    if (this.#readable) {
      this.#readable = false
      return 'readable'
    }
    if (this.#failure !== null && !this.#signal.aborted) throw this.#failure
    return this.#isOver ? 'over' : 'idle'
  }

  end(): void {
    this.#signal.removeEventListener('abort', this.#stop)
  }

  get #isOver(): boolean {
    return this.#over || this.#signal.aborted
  }

  #ended(failure: Error | null): void {
    this.#over = true
    this.#failure ??= failure
    this.#wake?.()
  }

  #sleep(limit: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), limit)
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = null
        resolve()
      }
    })
  }
}
