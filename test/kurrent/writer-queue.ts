/** One writer: what comes is done in the order in which it came, each so many milliseconds after its arrival. */
export class WriterQueue {
  readonly #latency: () => number
  readonly #waiting: { readonly due: number; readonly run: () => void }[] = []
  #timer: NodeJS.Timeout | undefined
  #held = false

  constructor(latency: () => number) {
    this.#latency = latency
  }

  push(run: () => void) {
    const latency = this.#latency()
    if (latency === 0 && this.#waiting.length === 0 && !this.#held) return run()
    this.#waiting.push({ due: performance.now() + latency, run })
    this.#arm()
  }

  hold(): void {
    this.#held = true
  }

  resume(): void {
    this.#held = false
    this.#arm()
  }

  /** Forgets what waits: a server that is killed. */
  empty(): void {
    this.#waiting.length = 0
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #arm(): void {
    const [first] = this.#waiting
    if (first === undefined || this.#held || this.#timer !== undefined) return
    this.#timer = setTimeout(() => this.#runDue(), Math.max(0, first.due - performance.now()))
  }

  #runDue(): void {
    this.#timer = undefined
    const now = performance.now()
    while (!this.#held && (this.#waiting[0]?.due ?? Number.POSITIVE_INFINITY) <= now) {
      this.#waiting.shift()?.run()
    }
    this.#arm()
  }
}
