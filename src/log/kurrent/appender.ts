/**
 * Many appends in flight over one stream of requests, in the order of the calls. What happened to those that got no answer is
 * found out by reading; what is not there is sent again, the same ids at the same expected revision, in the same order.
 */

import { setTimeout as pause } from 'node:timers/promises'
import { AppendTooLarge, LogOverloaded, LogUnavailable } from '../port.ts'
import { type Answer, answerOf } from './answer.ts'
import { textOf, within } from './faults.ts'
import { type Job, newCorrelation, requestFor, type Stored, type Wanted } from './job.ts'
import { type Connection, type Link, Refused } from './link.ts'
import { idText } from './messages.ts'
import type { Settings } from './options.ts'
import { type BatchStream, openBatch } from './wire.ts'
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
  readonly #flight = new Map<string, Job>()
  #queue: Job[] = []
  #flying = 0
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
      if (this.#closed) throw new LogUnavailable('the log is closed')
      if (this.#silent) throw this.#silent
      if (this.#waiting > this.#settings.waitingLimit)
        throw new LogOverloaded(`${this.#waiting} bytes are waiting for the log already`)
      const correlation = newCorrelation()
      const timeout = this.#settings.answerWithin
      const job: Job = {
        ...{ stream: wanted.stream, expected: wanted.expected, ids: wanted.events.map(({ id }) => id) },
        ...{ correlation, request: requestFor(wanted, { correlation, timeout }) },
        ...{ size, since: performance.now(), sent: 0, resolve, reject },
      }
      this.#waiting += size
      this.#queue.push(job)
      this.#startWatch()
      this.#pump()
    })
  }

  /** Takes no more; resolves when nothing waits any longer. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#queue.length + this.#flight.size > 0 || this.#waiting > 0)
      await new Promise<void>((resolve) => {
        this.#settled = resolve
      })
    this.#open?.stream.cancel()
    this.#open = null
  }

  #pump(): void {
    if (this.#mending) return
    if (this.#open === null) {
      if (this.#queue.length > 0) void this.#mend()
      return
    }
    const { stream } = this.#open
    while (this.#queue.length > 0 && this.#flying < window) {
      const job = this.#queue.shift()!
      job.sent = performance.now()
      this.#flight.set(job.correlation, job)
      this.#flying += job.size
      stream.write(job.request)
    }
  }

  #landed(correlation: string, answer: Answer): void {
    const job = this.#flight.get(correlation)
    // Answered twice, or given up before.
    if (job === undefined) return
    if (answer.kind === 'unknown') {
      this.#lost(new LogUnavailable(answer.why))
      return
    }
    // Refused for want of one that went before it and has no answer yet: it goes again together with that one.
    if (answer.kind === 'wrong revision' && this.#hasUndecidedBefore(job)) return
    this.#flight.delete(correlation)
    this.#flying -= job.size
    this.#judge(job, answer)
    this.#pump()
  }

  #hasUndecidedBefore({ stream, correlation }: Job): boolean {
    for (const other of this.#flight.values()) {
      if (other.correlation === correlation) return false
      if (other.stream === stream) return true
    }
    return false
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
    if (this.#waiting > 0 || this.#queue.length + this.#flight.size > 0) return
    this.#stopWatch()
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
    for (let wait = firstPause; ; wait = Math.min(wait * 2, longestPause)) {
      try {
        const connection = await this.#link.connection()
        await this.#decide()
        this.#use(
          connection,
          await within(openBatch(connection.client), this.#settings.silentAfter, 'opening'),
        )
        break
      } catch (error) {
        this.#expire(unavailable(error))
        if (error instanceof Refused || performance.now() - began > this.#settings.answerWithin)
          this.#silent = unavailable(error)
        if (error instanceof Refused) this.#giveUp(error)
        if (this.#closed && this.#queue.length + this.#flight.size === 0) break
        await pause(wait, undefined, { ref: this.#waiting > 0 })
      }
    }
    this.#mending = false
    this.#silent = null
    this.#pump()
  }

  #use(connection: Connection, stream: BatchStream): void {
    const opened: Open = { connection, stream }
    this.#open = opened
    const gone = (error: unknown) => {
      if (this.#open === opened) this.#lost(error)
    }
    stream.on('data', (response) => {
      if (this.#open === opened) this.#landed(idText(response.getCorrelationId()), answerOf(response))
    })
    stream.on('error', gone)
    stream.on('end', () => gone(new LogUnavailable('the database ended the connection')))
  }

  /** Those that were sent: the ones that are there are done, the others go out again, first and in their order. */
  async #decide(): Promise<void> {
    const unknown = [...this.#flight.values()]
    const seen = await this.#witness.lookAll(unknown)
    const again: Job[] = []
    for (const [at, job] of unknown.entries()) {
      // Expired meanwhile.
      if (!this.#flight.delete(job.correlation)) continue
      this.#flying -= job.size
      const found = seen[at]!
      if (found.kind === 'there') this.#resolve(job, found.position)
      else again.push(job)
    }
    this.#queue.unshift(...again)
  }

  /** Those that have waited too long are told that nothing is known. */
  #expire(why: LogUnavailable): void {
    const before = performance.now() - this.#settings.answerWithin
    const isOver = ({ since }: Job): boolean => since <= before
    this.#drop(isOver, why)
  }

  #giveUp(why: LogUnavailable): void {
    this.#drop(() => true, why)
  }

  #drop(isOver: (job: Job) => boolean, why: LogUnavailable): void {
    const waiting = this.#queue.filter(isOver)
    if (waiting.length > 0) this.#queue = this.#queue.filter((job) => !isOver(job))
    const sent = [...this.#flight.values()].filter(isOver)
    for (const job of sent) {
      this.#flight.delete(job.correlation)
      this.#flying -= job.size
    }
    for (const job of sent) this.#reject(job, why)
    for (const job of waiting) this.#reject(job, why)
  }

  #startWatch(): void {
    this.#watch ??= setInterval(() => this.#look(), Math.max(10, this.#settings.silentAfter / 4))
  }

  #stopWatch(): void {
    if (this.#watch) clearInterval(this.#watch)
    this.#watch = null
  }

  #look(): void {
    this.#expire(
      new LogUnavailable(
        `the database at ${this.#link.hosts} has not answered for ${this.#settings.answerWithin} ms`,
      ),
    )
    const [oldest] = this.#flight.values()
    if (this.#open === null || oldest === undefined) return
    if (performance.now() - oldest.sent > this.#settings.silentAfter)
      this.#lost(new LogUnavailable('the database does not answer'))
  }
}

const refusalOf = (
  { size }: Job,
  answer: Extract<Answer, { kind: 'too large' } | { kind: 'refused' }>,
): Error =>
  answer.kind === 'too large'
    ? new AppendTooLarge(`the database takes ${answer.limit} bytes in one append, not ${size}`)
    : new LogUnavailable(`the database refused an append: ${answer.why}`)

const unavailable = (error: unknown): LogUnavailable =>
  error instanceof LogUnavailable ? error : new LogUnavailable(textOf(error), { cause: error })
