/**
 * What actors hand to the log. Facts that are no barrier wait here for their stream's next barrier, or a few milliseconds,
 * so that a whole mail costs one append.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Append, EventLog } from '../log/port.ts'

/** An actor's side of the outbox. */
export interface Sender {
  /** The events recorded since the last call, as one append; null when there are none. */
  takeAppend(): Append | null
  /** The log has what was taken last. */
  appended?(): void
  /**
   * The log did not take an append of this actor: nothing that follows from it may be believed. Resolves when it goes on
   * nevertheless, or does not; at once where it gives nothing back.
   */
  appendFailed(error: Error): Promise<unknown> | undefined
}

export type OutboxOptions = {
  readonly log: EventLog
  /** How long a fact may wait, in milliseconds. */
  readonly patience?: number
  /** Milliseconds from any beginning, never going back. */
  readonly elapsed?: () => number
}

export class Outbox {
  readonly #log: EventLog
  readonly #patience: number
  readonly #elapsed: () => number
  /** Since when they have something, whoever waits longest first; in the time of `elapsed`. */
  readonly #waiting = new Map<Sender, number>()
  #timer: NodeJS.Timeout | null = null
  /** Appends on their way, one of each sender: behind one that another writer was faster than, a second could land in its place. */
  readonly #airborne = new Map<Sender, Promise<boolean>>()
  #flights = 0
  #landed: (() => void)[] = []

  constructor({ log, patience = 50, elapsed = () => performance.now() }: OutboxOptions) {
    this.#log = log
    this.#patience = patience
    this.#elapsed = elapsed
  }

  /** Bytes the log has not yet stored. */
  get waiting(): number {
    return this.#log.waiting
  }

  /** The sender has something that may wait. */
  later(sender: Sender): void {
    if (this.#waiting.has(sender)) return
    this.#waiting.set(sender, this.#elapsed())
    this.#timer ??= setTimeout(() => this.#flushDue(), this.#patience)
  }

  /** Hands over what the sender has; resolves when it is on stable storage. A failure also reaches the sender. */
  commit(sender: Sender): Promise<boolean> {
    this.#waiting.delete(sender)
    const before = this.#airborne.get(sender)
    if (before !== undefined) return before.then((stored) => stored && this.commit(sender))
    const append = sender.takeAppend()
    if (append === null) return Promise.resolve(true)
    this.#flights++
    const flight: Promise<boolean> = this.#log.append([append]).then(
      () => {
        sender.appended?.()
        return this.#land(sender, flight, true)
      },
      (error: Error): boolean => {
        this.#wait(sender.appendFailed(error))
        return this.#land(sender, flight, false)
      },
    )
    this.#airborne.set(sender, flight)
    return flight
  }

  /** Hands over what everyone has. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const senders = [...this.#waiting.keys()]
    this.#waiting.clear()
    for (const sender of senders) void this.commit(sender)
  }

  /** Hands over what has waited long enough; the rest may still travel with its barrier. */
  #flushDue(): void {
    const now = this.#elapsed()
    this.#timer = null
    for (const [sender, since] of this.#waiting) {
      // Timers may be a little early.
      const left = since + this.#patience - now
      if (left >= 1) {
        this.#timer = setTimeout(() => this.#flushDue(), left)
        return
      }
      this.#waiting.delete(sender)
      void this.commit(sender)
    }
  }

  /** Flushes, and resolves when nothing is on its way any more, nor anything that waited behind it. */
  async settled(): Promise<void> {
    for (this.flush(); this.#flights > 0; this.flush()) {
      await new Promise<void>((resolve) => {
        this.#landed.push(resolve)
      })
      // What came while a barrier was awaited is handed over when it has landed.
      await nextTurn()
    }
  }

  #land(sender: Sender, flight: Promise<boolean>, stored: boolean): boolean {
    if (this.#airborne.get(sender) === flight) this.#airborne.delete(sender)
    this.#arrive()
    return stored
  }

  /** What is still to be handed over is not settled. */
  #wait(goingOn: Promise<unknown> | undefined): void {
    if (goingOn === undefined) return
    this.#flights++
    void goingOn.finally(() => this.#arrive())
  }

  #arrive(): void {
    this.#flights--
    if (this.#flights === 0) for (const landed of this.#landed.splice(0)) landed()
  }
}
