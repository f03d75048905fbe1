/** Appends that have no outcome yet: those that still wait here, and those that were sent, each in their order. */
import type { Job } from './job.ts'

export class Pending {
  readonly #sent = new Map<number, Job>()
  #queue: Job[] = []
  #sentBytes = 0

  get sentBytes(): number {
    return this.#sentBytes
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0 && this.#sent.size === 0
  }

  get hasQueued(): boolean {
    return this.#queue.length > 0
  }

  /** The one that was sent first. */
  get oldest(): Job | undefined {
    return this.#sent.values().next().value
  }

  get sent(): readonly Job[] {
    return [...this.#sent.values()]
  }

  add(job: Job): void {
    this.#queue.push(job)
  }

  /** The next to be sent; from now on it counts as such. */
  send(): Job | undefined {
    const job = this.#queue.shift()
    if (job === undefined) return undefined
    job.sent = performance.now()
    this.#sent.set(job.correlation, job)
    this.#sentBytes += job.size
    return job
  }

  /** Undefined for one that was answered or given up before. */
  find(correlation: number): Job | undefined {
    return this.#sent.get(correlation)
  }

  /** It has its outcome, or will have; false where somebody was faster. */
  settle({ correlation, size }: Job): boolean {
    if (!this.#sent.delete(correlation)) return false
    this.#sentBytes -= size
    return true
  }

  /** These go again, before all others. */
  again(jobs: readonly Job[]): void {
    this.#queue.unshift(...jobs)
  }

  /** Whether one that was sent earlier, for the same stream, has no outcome. */
  hasUndecidedBefore({ stream, correlation }: Job): boolean {
    for (const other of this.#sent.values()) {
      if (other.correlation === correlation) return false
      if (other.stream === stream) return true
    }
    return false
  }

  /** Takes out all that fit, sent or not, in their order. */
  remove(fits: (job: Job) => boolean): readonly Job[] {
    const sent = this.sent.filter(fits)
    for (const job of sent) this.settle(job)
    const queued = this.#queue.filter(fits)
    if (queued.length > 0) this.#queue = this.#queue.filter((job) => !fits(job))
    return [...sent, ...queued]
  }
}
