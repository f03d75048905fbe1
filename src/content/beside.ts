/**
 * A log that keeps small bodies where large ones are, in files or in a bucket, for engines that keep none beside their events:
 * they are on stable storage before the append. A crash between leaves a body that no event names, which is swept away later.
 */

import { mkdir, readFile, rm, stat } from 'node:fs/promises'
import { around } from '../log/around.ts'
import type { Append, EventLog } from '../log/port.ts'
import { AppendTooLarge, LogFull, LogUnavailable, NotSerialisable, WrongRevision } from '../log/port.ts'
import { isId, isMissing, type Places, placesIn } from './places.ts'
import { ContentFull, ContentUnavailable, smallContent } from './port.ts'
import { beginFile } from './writer.ts'

export type Body = { readonly id: string; readonly bytes: Uint8Array }
type Stored = { readonly position: number }

/** Bytes up to which a body is taken for one that came with an append; what is larger is read in pieces, by the store. */
export const largestWhole = 4 * smallContent

/** Where small bodies are kept. Ids are ids. */
export interface Bodies {
  /** On stable storage when it resolves. True when it was written now; a body's id is written once. @throws ContentFull, ContentUnavailable */
  write(body: Body): Promise<boolean>
  /** Null for what is not there, and for large bodies: whoever wants these reads them in pieces. */
  read(id: string): Promise<Uint8Array | null>
  remove(id: string): Promise<void>
  close(): void
}

/** `directory`: the data directory; bodies lie in `content/` under it, as large ones do. */
export const bodiesInFiles = (directory: string): Bodies => {
  const places = placesIn(directory)
  return {
    write: (body) => write(places, body),
    read: (id) => read(places, id),
    remove: (id) => rm(places.fileOf(id), { force: true }),
    close: () => {},
  }
}

export const withContents = (log: EventLog, where: { directory: string } | { bodies: Bodies }): EventLog => {
  const bodies = 'bodies' in where ? where.bodies : bodiesInFiles(where.directory)
  const appending = new Appending(log, bodies)
  return around(log, {
    append: (appends) => appending.append(appends),
    waiting: () => log.waiting + appending.waiting,
    content: async (id) => (await log.content(id)) ?? (isId(id) ? bodies.read(id) : null),
    close: async () => {
      await appending.idle()
      await log.close()
      bodies.close()
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

const copied = ({ id, bytes }: Body): Body => ({ id, bytes: Uint8Array.from(bytes) })

/** True when it was written now; a body's id is written once. */
const write = async (places: Places, { id, bytes }: Body): Promise<boolean> => {
  await mkdir(places.incoming, { recursive: true, mode: 0o700 })
  const writer = await beginFile(places, id, { onlyNew: true })
  try {
    await writer.write(bytes)
    await writer.finish()
    return true
  } catch (error) {
    await writer.discard()
    if (isTaken(error)) return false
    throw error
  }
}

const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EEXIST'

const read = async (places: Places, id: string): Promise<Uint8Array | null> => {
  try {
    const file = places.fileOf(id)
    return (await stat(file)).size > largestWhole ? null : await readFile(file)
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}
