/**
 * A log that keeps small bodies in a file of their own or in a bucket, for engines that keep none beside their events: they
 * are on stable storage before the append. A crash between leaves a body that no event names, which is swept away later.
 */
import { around } from '../log/around.ts'
import type { Append, EventLog } from '../log/port.ts'
import { AppendTooLarge, LogFull, LogUnavailable, NotSerialisable, WrongRevision } from '../log/port.ts'
import { isId } from './places.ts'
import { type Bodies, type Body, ContentFull, ContentUnavailable } from './port.ts'
import { bodiesTogether } from './together/index.ts'

type Stored = { readonly position: number }

const removedAtOnce = 64

export const withContents = (log: EventLog, where: { directory: string } | { bodies: Bodies }): EventLog => {
  const bodies = 'bodies' in where ? where.bodies : bodiesTogether(where)
  const appending = new Appending(log, bodies)
  return around(log, {
    append: (appends) => appending.append(appends),
    forget: async (what) => {
      await log.forget(what)
      const ids = (what.contents ?? []).filter(isId)
      for (let at = 0; at < ids.length; at += removedAtOnce)
        await Promise.all(ids.slice(at, at + removedAtOnce).map((id) => bodies.remove(id)))
    },
    waiting: () => log.waiting + appending.waiting,
    content: async (id) => (await log.content(id)) ?? (isId(id) ? bodies.read(id) : null),
    close: async () => {
      await appending.idle()
      await log.close()
      await bodies.close()
    },
  })
}

class Appending {
  readonly #log: EventLog
  readonly #bodies: Bodies
  /** Streams that have a body on its way: what comes after goes after. */
  readonly #before = new Map<string, Promise<unknown>>()
  #waiting = 0

  constructor(log: EventLog, bodies: Bodies) {
    this.#log = log
    this.#bodies = bodies
  }

  get waiting(): number {
    return this.#waiting
  }

  async idle(): Promise<void> {
    await Promise.all(this.#before.values())
  }

  append(appends: readonly Append[]): Promise<Stored> {
    // The caller may use the bytes again once this has returned.
    const bodies = appends.flatMap(({ contents = [] }) => contents).map(copied)
    const before = appends.flatMap(({ stream }) => this.#before.get(stream) ?? [])
    if (bodies.length === 0 && before.length === 0) return this.#log.append(appends)
    const bare = appends.map(({ stream, expected, events }) => ({ stream, expected, events }))
    const stored = Promise.all(before).then(() => this.#store(bare, bodies))
    this.#follow(appends, stored)
    return stored
  }

  async #write(body: Body): Promise<boolean> {
    if (!isId(body.id)) throw new TypeError(`"${body.id}" cannot name message content`)
    return this.#bodies.write(body)
  }

  /** The next append of these streams waits until this one has been handed to the log, and answered. */
  #follow(appends: readonly Append[], stored: Promise<Stored>): void {
    const over = stored.then(
      () => {},
      () => {},
    )
    const streams = new Set(appends.map(({ stream }) => stream))
    for (const stream of streams) this.#before.set(stream, over)
    over.then(() => {
      for (const stream of streams) if (this.#before.get(stream) === over) this.#before.delete(stream)
    })
  }

  async #store(appends: readonly Append[], bodies: readonly Body[]): Promise<Stored> {
    const size = bodies.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)
    this.#waiting += size
    const written: string[] = []
    try {
      for (const body of bodies) if (await this.#write(body)) written.push(body.id)
      return await this.#log.append(appends)
    } catch (error) {
      // Where the outcome is not known, the events may be there, and want their bodies.
      if (isNothingWritten(error)) for (const id of written) await this.#bodies.remove(id).catch(() => {})
      throw asLogs(error)
    } finally {
      this.#waiting -= size
    }
  }
}

/** What keeps a body from being kept keeps the append from being made. */
const asLogs = (error: unknown): unknown => {
  if (error instanceof ContentFull) return new LogFull(error.message, { cause: error })
  return error instanceof ContentUnavailable ? new LogUnavailable(error.message, { cause: error }) : error
}

const isNothingWritten = (error: unknown): boolean =>
  [WrongRevision, NotSerialisable, AppendTooLarge, ContentFull, ContentUnavailable, TypeError].some(
    (kind) => error instanceof kind,
  )

const copied = ({ id, bytes }: Body): Body => ({ id, bytes: new Uint8Array(bytes) })
