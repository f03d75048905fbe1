/** The reading half of the log: the server's own, or that of another process while the server is up or down. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  LogDamaged,
  type LogReader,
  LogUnavailable,
  type Look,
  type Piece,
  type ReadFilter,
  type StoredEvent,
} from '../port.ts'
import { Wakes } from '../wakes.ts'
import { Bodies } from './bodies.ts'
import { Decoder } from './decoding.ts'
import { isDamage, messageOf } from './faults.ts'
import { type ReadAllOptions, Reading, type ReadStreamOptions } from './reading.ts'
import { Questions } from './rows.ts'
import { openForReading } from './tables.ts'

export type SqliteReaderOptions = {
  readonly directory: string
  /** How often to look for what other processes appended, in milliseconds. */
  readonly pollEvery?: number
  /** How long SQLite waits for another process's lock, in milliseconds. */
  readonly lockTimeout?: number
}

/**
 * Opens `<directory>/log.sqlite` for reading only, whether or not a server is writing to it.
 * @throws LogUnavailable where there is no log; LogDamaged where the file is none
 */
export const openSqliteReader = ({
  directory,
  pollEvery = 50,
  lockTimeout = 5000,
}: SqliteReaderOptions): LogReader => {
  const database = openDatabase({ directory, lockTimeout })
  const wakes = new Wakes()
  return new SqliteReader({ database, wakes, poll: { every: pollEvery } })
}

export const openDatabase = (options: { directory: string; lockTimeout: number }): DatabaseSync => {
  try {
    return openForReading(options)
  } catch (error) {
    throw isDamage(error) ? new LogDamaged(1, messageOf(error)) : error
  }
}

export type ReaderParts = {
  readonly database: DatabaseSync
  readonly wakes: Wakes
  /** Null where every append is heard of by `wakes`. */
  readonly poll: { readonly every: number } | null
}

export class SqliteReader implements LogReader {
  readonly knowsHoles = true
  readonly #database: DatabaseSync
  readonly #questions: Questions
  readonly #reading: Reading
  readonly #bodies: Bodies
  readonly #wakes: Wakes
  readonly #poll: ReaderParts['poll']
  readonly #selectVersion: StatementSync
  #followers = 0
  #timer: NodeJS.Timeout | null = null
  #version = 0

  constructor({ database, wakes, poll }: ReaderParts) {
    this.#database = database
    this.#wakes = wakes
    this.#poll = poll
    this.#selectVersion = database.prepare('PRAGMA data_version')
    this.#questions = new Questions(database)
    this.#bodies = new Bodies(this.#questions)
    this.#reading = new Reading(this.#questions, new Decoder(database))
  }

  async *readStream(stream: string, options?: ReadStreamOptions): AsyncGenerator<readonly StoredEvent[]> {
    this.#checkOpen()
    yield* this.#reading.readStream(stream, options)
  }

  async *readAll(after: number, options?: ReadAllOptions): AsyncGenerator<readonly StoredEvent[]> {
    this.#checkOpen()
    yield* this.#reading.readAll(after, options)
  }

  async *pieces(look: Look): AsyncGenerator<Piece> {
    this.#checkOpen()
    yield* this.#reading.pieces(look)
  }

  async *subscribe(
    after: number,
    { filter, signal }: { filter?: ReadFilter; signal?: AbortSignal } = {},
  ): AsyncGenerator<readonly StoredEvent[]> {
    this.#checkOpen()
    this.#follow()
    const wants = filter?.categories ?? null
    try {
      for (let next = after; !this.#isOver(signal); ) {
        const seen = this.#wakes.seen(wants)
        const upTo = this.#questions.tail()
        yield* this.#untilOver({ after: next, upTo, filter, signal })
        next = Math.max(next, upTo)
        await this.#wakes.after(seen, signal, wants)
      }
    } finally {
      this.#unfollow()
    }
  }

  async tail(): Promise<number> {
    return this.#questions.tail()
  }

  async last(): Promise<StoredEvent | null> {
    const last = this.#questions.last()
    if (last === 0) return null
    for await (const page of this.#reading.readAll(last - 1, { upTo: last })) return page.at(-1) ?? null
    return null
  }

  async streams(prefix: string, { limit = Infinity }: { limit?: number } = {}): Promise<readonly string[]> {
    return this.#questions.names(prefix, Number.isFinite(limit) ? limit : -1)
  }

  async content(id: string): Promise<Uint8Array | null> {
    return this.#bodies.read(id)
  }

  async close(): Promise<void> {
    if (!this.#database.isOpen) return
    if (this.#timer) clearInterval(this.#timer)
    this.#database.close()
    this.#wakes.close()
  }

  async *#untilOver({ after, upTo, filter, signal }: Following): AsyncGenerator<readonly StoredEvent[]> {
    try {
      for await (const page of this.#reading.readAll(after, { filter, upTo })) {
        if (this.#isOver(signal)) return
        yield page
      }
    } catch (error) {
      // Closing the log ends those who follow it, wherever they are.
      if (!this.#isOver(signal)) throw error
    }
  }

  #isOver(signal: AbortSignal | undefined): boolean {
    return signal?.aborted === true || this.#wakes.closed
  }

  #checkOpen(): void {
    if (!this.#database.isOpen) throw new LogUnavailable('the log is closed')
  }

  #follow(): void {
    this.#followers++
    if (this.#poll === null || this.#timer !== null) return
    this.#version = this.#dataVersion()
    this.#timer = setInterval(() => this.#lookForOthers(), this.#poll.every)
  }

  #unfollow(): void {
    this.#followers--
    if (this.#followers > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  #lookForOthers(): void {
    const version = this.#dataVersion()
    if (version === this.#version) return
    this.#version = version
    this.#wakes.wake()
  }

  /** Changes when another connection, of whatever process, has committed. */
  #dataVersion(): number {
    return Number(this.#selectVersion.get()?.data_version)
  }
}

type Following = {
  readonly after: number
  readonly upTo: number
  readonly filter: ReadFilter | undefined
  readonly signal: AbortSignal | undefined
}
