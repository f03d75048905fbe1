/** The log on EventStoreDB / KurrentDB. Appends and reads have a connection each: a slow read disturbs no append. */
import {
  type Append,
  AppendTooLarge,
  type EventLog,
  type Forgetting,
  LogUnavailable,
  type Look,
  type Piece,
  type ReadFilter,
  type StoredEvent,
} from '../port.ts'
import { type Address, readAddress } from './address.ts'
import { Appender } from './appender.ts'
import { Asking } from './asking.ts'
import { encode, sizeOf } from './encoding.ts'
import { follow } from './following.ts'
import { Link } from './link.ts'
import { type KurrentOptions, type Settings, settingsOf } from './options.ts'
import { Reading } from './reading.ts'
import { forget } from './retention.ts'
import { Several, type Unit } from './several.ts'

type Pages = AsyncGenerator<readonly StoredEvent[], void, undefined>

/** The server takes 1 MiB in one append, unless it was told otherwise. */
const largestAppend = 1024 * 1024
/** Bytes a new event's record takes beside its data, about: for progress and lag. */
const usualSpacing = 700

export const connectLog = async (options: KurrentOptions): Promise<EventLog> => {
  const address = readAddress(options.url)
  const settings = settingsOf(options)
  const reads = new Link(address, settings.connectWithin)
  const writes = new Link(address, settings.connectWithin)
  try {
    const reading = new Reading({ link: reads, settings, prefix: address.streamPrefix })
    // Appends connect when the first of them comes: most commands only read.
    const tail = (await reading.lastOfAll())?.position ?? 0
    return new KurrentLog({ address, settings, reads, writes, reading, tail })
  } catch (error) {
    reads.close()
    writes.close()
    throw error
  }
}

type Parts = {
  readonly address: Address
  readonly settings: Settings
  readonly reads: Link
  readonly writes: Link
  readonly reading: Reading
  readonly tail: number
}

class KurrentLog implements EventLog {
  readonly spacing = usualSpacing
  readonly forgetsLater = true
  readonly #parts: Parts
  readonly #appender: Appender
  readonly #several: Several
  readonly #closing = new AbortController()
  #closed: Promise<void> | null = null

  constructor(parts: Parts) {
    this.#parts = parts
    const { writes: link, settings, reading: reader, tail } = parts
    this.#appender = new Appender({ link, settings, reader, tail })
    this.#several = new Several({ appender: this.#appender, reading: reader })
  }

  get waiting(): number {
    return this.#appender.waiting
  }

  async append(appends: readonly Append[]): Promise<{ readonly position: number }> {
    this.#checkOpen()
    const units = unitsOf(appends, this.#prefix)
    if (units.length === 0) return { position: await this.tail() }
    const [unit] = units
    if (units.length > 1 || unit!.events.length === 0) return this.#several.append(units)
    return this.#appender.append(unit!, unit!.size)
  }

  /** Bodies are not here: see `withContents`. */
  async forget(what: Forgetting): Promise<void> {
    this.#checkOpen()
    const { reads, writes, settings } = this.#parts
    const asking = new Asking(reads, settings.readWithin)
    const parts = { link: writes, settings, appender: this.#appender, asking, prefix: this.#prefix }
    await forget(parts, what)
  }

  async *readStream(stream: string, options: { from?: number; limit?: number } = {}): Pages {
    this.#checkOpen()
    yield* this.#parts.reading.readStream(stream, options)
  }

  async *readAll(after: number, options: { filter?: ReadFilter; limit?: number } = {}): Pages {
    this.#checkOpen()
    yield* this.#parts.reading.readAll(after, options)
  }

  async *pieces(look: Look): AsyncGenerator<Piece, void, undefined> {
    this.#checkOpen()
    yield* this.#parts.reading.pieces(look)
  }

  async *subscribe(
    after: number,
    { filter = {}, signal }: { filter?: ReadFilter; signal?: AbortSignal } = {},
  ): Pages {
    this.#checkOpen()
    const { reads: link, reading, settings } = this.#parts
    const closing = this.#closing.signal
    const stop = signal === undefined ? closing : AbortSignal.any([signal, closing])
    yield* follow({ link, reading, settings, prefix: this.#prefix }, { after, filter, signal: stop })
  }

  async tail(): Promise<number> {
    return (await this.last())?.position ?? 0
  }

  async last(): Promise<StoredEvent | null> {
    this.#checkOpen()
    return this.#parts.reading.lastOfAll()
  }

  /** The database has no index of names: everything that begins so is read, names only once. */
  async streams(prefix: string, { limit = Infinity } = {}): Promise<readonly string[]> {
    this.#checkOpen()
    const names = await this.#parts.reading.names(prefix)
    return names.slice(0, limit)
  }

  /** The database keeps no bodies: see `withContents`. */
  async content(): Promise<null> {
    this.#checkOpen()
    return null
  }

  /** Takes no more, waits for what it has, and lets the connections go. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#closing.abort()
    await this.#appender.close()
    this.#parts.reads.close()
    this.#parts.writes.close()
  }

  get #prefix(): string {
    return this.#parts.address.streamPrefix
  }

  #checkOpen(): void {
    if (this.#closed !== null) throw new LogUnavailable('the log is closed')
  }
}

/** As they are sent: appends to one stream, one behind the other, are one. */
const unitsOf = (appends: readonly Append[], prefix: string): readonly Unit[] => {
  const units: Unit[] = []
  for (const append of appends) {
    if (append.contents !== undefined && append.contents.length > 0)
      throw new TypeError('this log keeps no bodies; see withContents')
    const events = encode(append, prefix)
    const stream = prefix + append.stream
    const before = units.at(-1)
    const isNext = before?.stream === stream && before.expected + before.events.length === append.expected
    if (before && isNext)
      units[units.length - 1] = unitOf(stream, before.expected, [...before.events, ...events])
    else units.push(unitOf(stream, append.expected, events))
  }
  return units
}

/** @throws AppendTooLarge: what has one expected revision is written in one piece or not at all */
const unitOf = (stream: string, expected: number, events: Unit['events']): Unit => {
  const size = sizeOf(events)
  if (size > largestAppend)
    throw new AppendTooLarge(
      `an append of ${size} bytes is more than the database takes at once, ${largestAppend}`,
    )
  return { stream, expected, events, size }
}
