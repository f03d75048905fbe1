import type { InMemoryLog } from './log.ts'

/** Tells one follower that something was written, also while it was looking elsewhere. */
export class Wakes {
  #pending = false
  #resolve: (() => void) | undefined
  readonly stop: () => void

  constructor(log: InMemoryLog) {
    this.stop = log.follow(() => {
      this.#pending = true
      this.#resolve?.()
    })
  }

  async next(): Promise<void> {
    if (!this.#pending) {
      await new Promise<void>((resolve) => {
        this.#resolve = resolve
      })
    }
    this.#pending = false
    this.#resolve = undefined
  }
}
