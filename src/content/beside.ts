/**
 * A log that keeps small bodies in files, for engines that keep none beside their events: written and synced before the append.
 * A crash between leaves a file that no event names, which the sweep of the next start removes.
 */
import { mkdir, readFile, rm } from 'node:fs/promises'
import type { Append, EventLog } from '../log/port.ts'
import { AppendTooLarge, LogFull, NotSerialisable, WrongRevision } from '../log/port.ts'
import { isId, isMissing, type Places, placesIn } from './places.ts'
import { ContentFull } from './port.ts'
import { beginFile } from './writer.ts'

type Body = { readonly id: string; readonly bytes: Uint8Array }
type Stored = { readonly position: number }

/** `directory`: the data directory; bodies lie in `content/` under it, as large ones do. */
export const withContents = (log: EventLog, { directory }: { directory: string }): EventLog => {
  const places = placesIn(directory)
  const appending = new Appending(log, places)
  return {
    append: (appends) => appending.append(appends),
    get waiting() {
      return log.waiting + appending.waiting
    },
    ...(log.spacing !== undefined && { spacing: log.spacing }),
    readStream: (stream, options) => log.readStream(stream, options),
    readAll: (after, options) => log.readAll(after, options),
    subscribe: (after, options) => log.subscribe(after, options),
    tail: () => log.tail(),
    last: () => log.last(),
    streams: (prefix, options) => log.streams(prefix, options),
    content: async (id) => (await log.content(id)) ?? (isId(id) ? read(places, id) : null),
    close: async () => {
      await appending.idle()
      await log.close()
    },
  }
}

class Appending {
  readonly #log: EventLog
  readonly #places: Places
  /** Streams that have a body on its way to the disk: what comes after goes after. */
  readonly #before = new Map<string, Promise<unknown>>()
  #waiting = 0

  constructor(log: EventLog, places: Places) {
    this.#log = log
    this.#places = places
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
      for (const body of bodies) if (await write(this.#places, body)) written.push(body.id)
      return await this.#log.append(appends)
    } catch (error) {
      // Where the outcome is not known, the events may be there, and want their bodies.
      if (isNothingWritten(error))
        for (const id of written) await rm(this.#places.fileOf(id), { force: true })
      throw error instanceof ContentFull ? new LogFull(error.message, { cause: error }) : error
    } finally {
      this.#waiting -= size
    }
  }
}

const isNothingWritten = (error: unknown): boolean =>
  [WrongRevision, NotSerialisable, AppendTooLarge, ContentFull, TypeError].some(
    (kind) => error instanceof kind,
  )

const copied = ({ id, bytes }: Body): Body => ({ id, bytes: Uint8Array.from(bytes) })

/** True when it was written now; a body's id is written once. */
const write = async (places: Places, { id, bytes }: Body): Promise<boolean> => {
  if (!isId(id)) throw new TypeError(`"${id}" cannot name message content`)
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
    return await readFile(places.fileOf(id))
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}
