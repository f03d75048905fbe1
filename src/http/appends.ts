/** The log as seen from its appends: how long they take, which fail, whether any land at all. */
import type { Histogram } from 'prom-client'
import { around } from '../log/around.ts'
import { type Append, AppendTooLarge, type EventLog, NotSerialisable, WrongRevision } from '../log/port.ts'
import type { Facts } from './facts.ts'
import type { Tally } from './tally.ts'

export type AppendsOptions = {
  /** Seconds. */
  readonly took: Pick<Histogram, 'observe'>
  readonly failures: Tally
  readonly facts: Facts
}

/** Milliseconds after which a log that has stored nothing of what it was given is in trouble. */
const longestSilence = 10_000
/** Milliseconds for which a failure is remembered that no success has followed: who is sent nothing meanwhile must not stay unready. */
const failureCounts = 10_000

export class Appends {
  readonly #options: AppendsOptions
  #inFlight = 0
  /** When something was last heard of the log, or it was last given something after a pause. */
  #heardAt = 0
  #failure: { readonly error: Error; readonly at: number } | null = null

  constructor(options: AppendsOptions) {
    this.#options = options
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** What is wrong with the log, as far as its appends tell; null where nothing is. */
  trouble(now: number = performance.now()): string | null {
    const silence = now - this.#heardAt
    if (this.#inFlight > 0 && silence > longestSilence)
      return `the log has stored nothing for ${Math.round(silence / 1000)} s: ${this.#inFlight} appends wait for it`
    if (this.#failure === null || now - this.#failure.at > failureCounts) return null
    return `the log took nothing when it was last asked: ${this.#failure.error.message}`
  }

  /** The same log; its appends are measured once they are on stable storage. */
  watched(log: EventLog): EventLog {
    return around(log, { append: (appends) => this.#append(log, appends) })
  }

  #append(log: EventLog, appends: readonly Append[]): ReturnType<EventLog['append']> {
    const began = performance.now()
    if (this.#inFlight++ === 0) this.#heardAt = began
    return log.append(appends).then(
      (stored) => {
        this.#landed(began, appends)
        return stored
      },
      (error: Error) => {
        this.#failed(error)
        throw error
      },
    )
  }

  #landed(began: number, appends: readonly Append[]): void {
    const now = performance.now()
    this.#inFlight--
    this.#heardAt = now
    this.#failure = null
    this.#options.took.observe((now - began) / 1000)
    for (const { stream, events } of appends) this.#options.facts.count(stream, events)
  }

  #failed(error: Error): void {
    const now = performance.now()
    this.#inFlight--
    this.#heardAt = now
    this.#options.failures.add(error.name)
    if (!isOurs(error)) this.#failure = { error, at: now }
  }
}

/** What was to be appended was wrong; the log is well. */
const isOurs = (error: Error): boolean =>
  error instanceof WrongRevision || error instanceof NotSerialisable || error instanceof AppendTooLarge
