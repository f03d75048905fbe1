/**
 * Many appends in flight over one stream of requests, in the order of the calls. What happened to those that got no answer is
 * found out by reading; what is not there is sent again, the same ids at the same expected revision, in the same order.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { LogOverloaded, LogUnavailable } from '../port.ts'
import { type Answer, refusalOf, type Said } from './answer.ts'
import type { BatchStream } from './batch-stream.ts'
import { unavailable, within } from './faults.ts'
import { type Job, jobFor, type Stored } from './job.ts'
import { type Connection, type Link, Refused } from './link.ts'
import type { Settings } from './options.ts'
import { Pending } from './pending.ts'
import type { Wanted } from './request.ts'
import { openBatch } from './wire.ts'
import { type StreamReader, Witness } from './witness.ts'

/** Bytes sent and not answered; the others wait here. Memory of the connection stays bounded. */
const window = 8 * 1024 * 1024
const firstPause = 20
const longestPause = 1_000

type Open = { readonly connection: Connection; readonly stream: BatchStream }

export type AppenderParts = {
  readonly link: Link
  readonly settings: Settings
  readonly reader: StreamReader
  /** Where the log ended when it was opened. */
  readonly tail: number
}

export class Appender {
  readonly #link: Link
  readonly #settings: Settings
  readonly #witness: Witness
  readonly #pending = new Pending()
  #waiting = 0
  #open: Open | null = null
  #mending = false
  /** The highest position that an append was answered with: a lower one belongs to a repetition. */
  #highest: number
  /** Why nothing is taken until the server answers again. */
  #silent: LogUnavailable | null = null
  #closed = false
  #watch: NodeJS.Timeout | null = null
  #settled: (() => void) | null = null

  constructor({ link, settings, reader, tail }: AppenderParts) {
    this.#link = link
    this.#settings = settings
    this.#witness = new Witness(reader)
    this.#highest = tail
  }

  get waiting(): number {
    return this.#waiting
  }

  /** @throws LogOverloaded, LogUnavailable, WrongRevision, AppendTooLarge */
  append(wanted: Wanted, size: number): Promise<Stored> {
    return new Promise((resolve, reject) => {
      this.#admit()
      this.#pending.add(
        jobFor(wanted, { size, timeout: this.#settings.answerWithin, settle: { resolve, reject } }),
      )
      this.#waiting += size
      this.#watch ??= setInterval(() => this.#look(), Math.max(10, this.#settings.silentAfter / 4))
      this.#pump()
    })
  }

  /** Takes no more; resolves when nothing waits any longer. */
  async close(): Promise<void> {
    this.#closed = true
    if (!this.#isIdle)
      await new Promise<void>((resolve) => {
        this.#settled = resolve
      })
    this.#open?.stream.cancel()
    this.#open = null
  }

  get #isIdle(): boolean {
    return this.#waiting === 0 && this.#pending.isEmpty
  }

  #admit(): void {
    if (this.#closed) throw new LogUnavailable('the log is closed')
    if (this.#silent) throw this.#silent
    if (this.#waiting > this.#settings.waitingLimit)
      throw new LogOverloaded(`${this.#waiting} bytes are waiting for the log already`)
  }

  #pump(): void {
    if (this.#mending) return
    if (this.#open === null) {
      if (this.#pending.hasQueued) void this.#mend()
      return
    }
    while (this.#pending.sentBytes < window) {
      const job = this.#pending.send()
      if (job === undefined) return
      this.#open.stream.write(job.request)
    }
  }

  #landed({ correlation, answer }: Said): void {
    const job = this.#pending.find(correlation)
    // Answered twice, or given up before.
    if (job === undefined) return
    if (answer.kind === 'unknown') {
      this.#lost(new LogUnavailable(answer.why))
      return
    }
    // Refused for want of one that went before it and has no answer yet: it goes again together with that one.
    if (answer.kind === 'wrong revision' && this.#pending.hasUndecidedBefore(job)) return
    this.#pending.settle(job)
    this.#judge(job, answer)
    this.#pump()
  }

  #judge(job: Job, answer: Exclude<Answer, { kind: 'unknown' }>): void {
    if (answer.kind === 'written') this.#written(job, answer.position)
    else if (answer.kind !== 'wrong revision') this.#reject(job, refusalOf(job, answer))
    else if (answer.actual === null || answer.actual === job.expected) this.#lookUp(job)
    else this.#reject(job, this.#witness.wrongRevision(job, answer.actual))
  }

  #written(job: Job, position: number | null): void {
    if (position === null || position <= this.#highest) {
      this.#lookUp(job)
      return
    }
    this.#highest = position
    this.#resolve(job, position)
  }

  /** What was written earlier has its old place; what a refusal does not say is read. */
  #lookUp(job: Job): void {
    this.#witness.look(job).then(
      (seen) => {
        if (seen.kind === 'there') this.#resolve(job, seen.position)
        else this.#reject(job, this.#witness.wrongRevision(job, seen.last))
      },
      (error: unknown) => this.#reject(job, unavailable(error)),
    )
  }

  #resolve(job: Job, position: number): void {
    this.#waiting -= job.size
    job.resolve({ position })
    this.#rest()
  }

  #reject(job: Job, error: Error): void {
    this.#waiting -= job.size
    job.reject(error)
    this.#rest()
  }

  #rest(): void {
    if (!this.#isIdle) return
    if (this.#watch) clearInterval(this.#watch)
    this.#watch = null
    this.#settled?.()
  }

  /** The connection is of no use any more; whether its appends were written is not known. */
  #lost(error: unknown): void {
    if (this.#open === null) return
    const { connection, stream } = this.#open
    this.#open = null
    stream.cancel()
    this.#link.failed(connection, error)
    void this.#mend()
  }

  /** A connection, and an outcome for everything that has none. Tries until it is done, or nobody waits and the log is closed. */
  async #mend(): Promise<void> {
    if (this.#mending) return
    this.#mending = true
    const began = performance.now()
    for (let wait = firstPause; !(await this.#isMended(began)); wait = Math.min(wait * 2, longestPause)) {
      if (this.#closed && this.#pending.isEmpty) break
      await pause(wait, undefined, { ref: this.#waiting > 0 })
    }
    this.#mending = false
    this.#silent = null
    this.#pump()
  }

  async #isMended(began: number): Promise<boolean> {
    const { silentAfter, answerWithin } = this.#settings
    try {
      const connection = await this.#link.connection()
      await this.#decide()
      this.#use(connection, await within(openBatch(connection, silentAfter), 2 * silentAfter, 'opening'))
      return true
    } catch (error) {
      const why = unavailable(error)
      this.#expire(why)
      if (why instanceof Refused || performance.now() - began > answerWithin) this.#silent = why
      if (why instanceof Refused) this.#drop(() => true, why)
      return false
    }
  }

  #use(connection: Connection, stream: BatchStream): void {
    const opened: Open = { connection, stream }
    this.#open = opened
    stream.listen({
      said: (said) => {
        if (this.#open === opened) this.#landed(said)
      },
      gone: (error) => {
        if (this.#open === opened) this.#lost(error)
      },
    })
  }

  /** Those that were sent: the ones that are there are done, the others go out again, first and in their order. */
  async #decide(): Promise<void> {
    const unknown = this.#pending.sent
    const seen = await this.#witness.lookAll(unknown)
    const again: Job[] = []
    for (const [at, job] of unknown.entries()) {
      // Expired meanwhile.
      if (!this.#pending.settle(job)) continue
      const found = seen[at]!
      if (found.kind === 'there') this.#resolve(job, found.position)
      else again.push(job)
    }
    this.#pending.again(again)
  }

  /** Those that have waited too long are told that nothing is known. */
  #expire(why: LogUnavailable): void {
    const before = performance.now() - this.#settings.answerWithin
    this.#drop(({ since }) => since <= before, why)
  }

  #drop(isOver: (job: Job) => boolean, why: LogUnavailable): void {
    for (const job of this.#pending.remove(isOver)) this.#reject(job, why)
  }

  #look(): void {
    const { answerWithin, silentAfter } = this.#settings
    this.#expire(
      new LogUnavailable(`the database at ${this.#link.hosts} has not answered for ${answerWithin} ms`),
    )
    const { oldest } = this.#pending
    if (this.#open !== null && oldest && performance.now() - oldest.sent > silentAfter)
      this.#lost(new LogUnavailable('the database does not answer'))
  }
}
