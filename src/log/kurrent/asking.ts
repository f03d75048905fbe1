/**
 * Reads as the client makes them, each with a count, so that it ends by itself: what was begun with the client cannot be stopped, and
 * nothing of it may pile up. One that fails is made again with another client; it changes nothing.
 */
import { setTimeout as pause } from 'node:timers/promises'
import {
  type AllStreamResolvedEvent,
  type Filter,
  NotFoundError,
  type ReadPosition,
  type ResolvedEvent,
  StreamDeletedError,
  StreamNotFoundError,
} from '@kurrent/kurrentdb-client'
import { LogUnavailable } from '../port.ts'
import { isRefusal, TookTooLong, textOf, within } from './faults.ts'
import { type Connection, type Link, Refused } from './link.ts'

const firstPause = 20
const longestPause = 500

/** The server can read from no such place. */
export class NoSuchPosition extends LogUnavailable {}

export type AllQuestion = {
  readonly fromPosition: ReadPosition
  readonly direction: 'forwards' | 'backwards'
  readonly maxCount: number
  readonly filter: Filter
}
export type StreamQuestion = {
  readonly fromRevision: bigint | 'end'
  readonly direction: 'forwards' | 'backwards'
  readonly maxCount: number
}

export class Asking {
  readonly #link: Link
  readonly #limit: number

  /** `limit`: how long a read may take, with all its tries, in milliseconds. */
  constructor(link: Link, limit: number) {
    this.#link = link
    this.#limit = limit
  }

  /** @throws LogUnavailable, NoSuchPosition */
  all(question: AllQuestion): Promise<readonly AllStreamResolvedEvent[]> {
    return this.#retried(({ client, asUser }) => gathered(client.readAll({ ...question, ...asUser })))
  }

  /** Nothing for a stream that does not exist, or was ended. @throws LogUnavailable */
  stream(stream: string, question: StreamQuestion): Promise<readonly ResolvedEvent[]> {
    return this.#retried(async ({ client, asUser }) => {
      try {
        return await gathered(client.readStream(stream, { ...question, ...asUser }))
      } catch (error) {
        if (isNowhere(error)) return []
        throw error
      }
    })
  }

  async #retried<T>(read: (connection: Connection) => Promise<T>): Promise<T> {
    const until = performance.now() + this.#limit
    for (let wait = firstPause; ; wait = Math.min(wait * 2, longestPause)) {
      let connection: Connection | null = null
      try {
        connection = await this.#link.connection()
        return await within(read(connection), Math.max(1, until - performance.now()), 'a read')
      } catch (error) {
        if (connection === null && (error instanceof Refused || this.#link.isClosed)) throw error
        if (isInvalid(error)) throw new NoSuchPosition(textOf(error), { cause: error })
        if (isRefusal(error)) throw described(error)
        if (connection !== null) this.#link.failed(connection, error)
        // The last try had what the others left of it.
        if (error instanceof TookTooLong)
          throw described(new TookTooLong(`a read took longer than ${this.#limit} ms`))
        if (performance.now() + wait > until) throw described(error)
        await pause(wait)
      }
    }
  }
}

const isNowhere = (error: unknown): boolean =>
  [StreamNotFoundError, NotFoundError, StreamDeletedError].some((kind) => error instanceof kind)

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
