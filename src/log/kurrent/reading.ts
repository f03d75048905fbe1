/**
 * Reading in pages that end by themselves: what was begun with the client cannot be stopped, and nothing of it may pile up.
 * `$all` is read from positions of events only, never from one that was reckoned.
 */

import { setTimeout as pause } from 'node:timers/promises'
import {
  type AllStreamResolvedEvent,
  type KurrentDBClient,
  NotFoundError,
  type ReadPosition,
  type ResolvedEvent,
  StreamNotFoundError,
} from '@kurrent/kurrentdb-client'
import { LogUnavailable, type ReadFilter, type StoredEvent } from '../port.ts'
import { decode } from './encoding.ts'
import { isRefusal, TookTooLong, textOf, within } from './faults.ts'
import { namesOf, type Selection, selectionOf } from './filter.ts'
import { type Connection, type Link, Refused } from './link.ts'
import type { Settings } from './options.ts'
import type { StreamReader } from './witness.ts'

type Pages = AsyncGenerator<readonly StoredEvent[], void, undefined>
type Page = {
  readonly events: readonly StoredEvent[]
  /** The position (or revision) of the last event the server gave, ours or not. */
  readonly upTo: number
  readonly isLast: boolean
}

export const pageSize = 1000
const firstPause = 20
const longestPause = 500

export class Reading implements StreamReader {
  readonly #link: Link
  readonly #settings: Settings
  readonly #prefix: string

  constructor({ link, settings, prefix }: { link: Link; settings: Settings; prefix: string }) {
    this.#link = link
    this.#settings = settings
    this.#prefix = prefix
  }

  plain(stream: string): string {
    return stream.slice(this.#prefix.length)
  }

  async *readAll(
    after: number,
    { filter = {}, limit = Infinity }: { filter?: ReadFilter; limit?: number },
  ): Pages {
    const selection = selectionOf(filter, this.#prefix)
    if (selection === null) return
    let left = limit
    for (let next = after; left > 0; ) {
      const page = await this.#pageFrom(
        next,
        selection,
        selection.isCoarse ? pageSize : Math.min(pageSize, left),
      )
      const events = page.events.filter(({ position }) => position > after).slice(0, left)
      if (events.length > 0) yield events
      left -= events.length
      if (page.isLast) return
      next = page.upTo
    }
  }

  /** The position itself where the server can read from it; else that of the last event before. */
  async begin(after: number, selection: Selection): Promise<number> {
    try {
      if (after > 0) await this.#page(after, selection, 1)
      return Math.max(0, after)
    } catch (error) {
      if (!(error instanceof NoSuchPosition)) throw error
      return this.#lastUpTo(after, selection)
    }
  }

  async #pageFrom(after: number, selection: Selection, count: number): Promise<Page> {
    try {
      return await this.#page(after, selection, count)
    } catch (error) {
      if (!(error instanceof NoSuchPosition)) throw error
      return this.#page(await this.#lastUpTo(after, selection), selection, pageSize)
    }
  }

  /** Looked for from the beginning: nobody knows where an event begins before a place within it. */
  async #lastUpTo(after: number, selection: Selection): Promise<number> {
    let last = 0
    for (let next = 0; ; ) {
      const { events, upTo, isLast } = await this.#page(next, selection, pageSize)
      last = events.findLast(({ position }) => position <= after)?.position ?? last
      if (isLast || upTo > after) return last
      next = upTo
    }
  }

  async *readStream(name: string, { from = 0, limit = Infinity }: { from?: number; limit?: number }): Pages {
    let left = limit
    for (let next = Math.max(from, 0); left > 0; ) {
      const count = Math.min(pageSize, left)
      const events = await this.events(this.#prefix + name, next, count)
      if (events.length > 0) yield events
      left -= events.length
      if (events.length < count) return
      next = events.at(-1)!.revision + 1
    }
  }

  async events(stream: string, from: number, count: number): Promise<readonly StoredEvent[]> {
    const found = await this.#retried((connection) =>
      this.#ofStream(connection, stream, {
        fromRevision: BigInt(from),
        maxCount: count,
        direction: 'forwards',
      }),
    )
    return this.#decoded(found)
  }

  async last(stream: string): Promise<number> {
    const [last] = await this.#retried((connection) =>
      this.#ofStream(connection, stream, { fromRevision: 'end', maxCount: 1, direction: 'backwards' }),
    )
    return Number(last?.event?.revision ?? -1)
  }

  /** Backwards from the end, past what others wrote: each page begins where the one before ended. */
  async lastOfAll(): Promise<StoredEvent | null> {
    const { filter } = selectionOf({}, this.#prefix)!
    let fromPosition: ReadPosition = 'end'
    for (let maxCount = 1; ; maxCount = Math.min(maxCount * 10, pageSize)) {
      const found: readonly AllStreamResolvedEvent[] = await this.#retried(({ client, asUser }) =>
        gathered(client.readAll({ direction: 'backwards', fromPosition, maxCount, filter, ...asUser })),
      )
      const [last] = this.#decoded(found)
      if (last !== undefined) return last
      const end = found.at(-1)?.event?.position
      if (end === undefined || found.length < maxCount) return null
      fromPosition = end
    }
  }

  async #page(after: number, { filter, isWanted }: Selection, count: number): Promise<Page> {
    const isStart = after <= 0
    const found = await this.#retried(({ client, asUser }) => {
      const fromPosition = isStart ? 'start' : { commit: BigInt(after), prepare: BigInt(after) }
      // What stands at the position itself comes along, and is not wanted.
      return gathered(
        client.readAll({ fromPosition, maxCount: count + (isStart ? 0 : 1), filter, ...asUser }),
      )
    })
    const events = this.#decoded(found).filter((event) => event.position > after && isWanted(event))
    const upTo = Number(found.at(-1)?.event?.position?.commit ?? after)
    return { events, upTo, isLast: found.length < count + (isStart ? 0 : 1) }
  }

  /** Of what a subscription brought: ours, after the position, and fitting. */
  wanted(
    found: readonly AllStreamResolvedEvent[],
    after: number,
    { isWanted }: Selection,
  ): readonly StoredEvent[] {
    return this.#decoded(found).filter((event) => event.position > after && isWanted(event))
  }

  /** Names of streams that begin so, in order. */
  async names(beginning: string): Promise<readonly string[]> {
    const names = new Set<string>()
    const selection = namesOf(this.#prefix + beginning)
    for (let next = 0; ; ) {
      const { events, upTo, isLast } = await this.#page(next, selection, pageSize)
      for (const { stream } of events) names.add(stream)
      if (isLast) return [...names].sort()
      next = upTo
    }
  }

  async isAnythingAfter(after: number, selection: Selection): Promise<boolean> {
    for (let next = after; ; ) {
      const { events, upTo, isLast } = await this.#page(next, selection, pageSize)
      if (events.length > 0) return true
      if (isLast) return false
      next = upTo
    }
  }

  #decoded(found: readonly (ResolvedEvent | AllStreamResolvedEvent)[]): StoredEvent[] {
    const events: StoredEvent[] = []
    for (const { event } of found) {
      const stored = event === undefined ? null : decode(event, this.#prefix)
      if (stored !== null) events.push(stored)
    }
    return events
  }

  async #ofStream(
    { client, asUser }: Connection,
    stream: string,
    options: Parameters<KurrentDBClient['readStream']>[1],
  ): Promise<readonly ResolvedEvent[]> {
    try {
      return await gathered(client.readStream(stream, { ...options, ...asUser }))
    } catch (error) {
      if (error instanceof StreamNotFoundError || error instanceof NotFoundError) return []
      throw error
    }
  }

  /** A read changes nothing: it is tried again, with another client, until `readWithin` is over. */
  async #retried<T>(read: (connection: Connection) => Promise<T>): Promise<T> {
    const until = performance.now() + this.#settings.readWithin
    for (let wait = firstPause; ; wait = Math.min(wait * 2, longestPause)) {
      let connection: Connection | null = null
      try {
        connection = await this.#link.connection()
        return await within(read(connection), Math.max(1, until - performance.now()), 'a read')
      } catch (error) {
        if (connection === null && (error instanceof Refused || isClosed(error))) throw error
        if (isInvalid(error)) throw new NoSuchPosition(textOf(error), { cause: error })
        if (isRefusal(error)) throw described(error)
        if (connection !== null) this.#link.failed(connection, error)
        if (error instanceof TookTooLong || performance.now() + wait > until) throw described(error)
        await pause(wait)
      }
    }
  }
}

/** The server can read from no such place. */
class NoSuchPosition extends LogUnavailable {}

const isClosed = (error: unknown): boolean =>
  error instanceof LogUnavailable && error.message === 'the log is closed'
const isInvalid = (error: unknown): boolean => /invalid position/i.test(textOf(error))

const described = (error: unknown): LogUnavailable =>
  error instanceof LogUnavailable
    ? error
    : new LogUnavailable(`the log could not be read: ${textOf(error)}`, { cause: error })

const gathered = async <T>(events: AsyncIterable<T>): Promise<readonly T[]> => {
  const all: T[] = []
  for await (const event of events) all.push(event)
  return all
}
