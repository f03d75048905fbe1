/** The event log in memory: the port's promises without a disk, for tests and for trying things out. */
import { setImmediate as turn } from 'node:timers/promises'
import {
  type Append,
  categoryOf,
  type EventLog,
  type Forgetting,
  idOf,
  LogUnavailable,
  type Look,
  type NewEvent,
  NotSerialisable,
  type Piece,
  type ReadFilter,
  type StoredEvent,
  WrongRevision,
} from './port.ts'
import { Wakes } from './wakes.ts'

const pageSize = 1000
type Pages = AsyncGenerator<readonly StoredEvent[]>

export const openMemoryLog = (): EventLog => new MemoryLog()

/** Null: forgotten. */
type Kept = StoredEvent | null

class MemoryLog implements EventLog {
  readonly knowsHoles = true
  readonly #events: Kept[] = []
  readonly #streams = new Map<string, Kept[]>()
  readonly #contents = new Map<string, Uint8Array>()
  readonly #wakes = new Wakes()
  readonly waiting = 0

  async append(appends: readonly Append[]): Promise<{ readonly position: number }> {
    this.#checkOpen()
    const copies = appends.map(({ events }) => events.map(asWritten))
    for (const { stream } of appends)
      if (stream.indexOf('-') < 1) throw new TypeError(`a stream is called category-id, not "${stream}"`)
    const earlier = this.#judge(appends)
    if (earlier !== null) return { position: earlier }
    for (const [at, append] of appends.entries()) this.#write(append, copies[at]!)
    const position = this.#events.length
    // An engine with a disk answers later than this turn.
    await turn()
    this.#wakes.wake()
    return { position }
  }

  async *readStream(stream: string, { from = 0, limit = Infinity } = {}): Pages {
    this.#checkOpen()
    const kept = (this.#streams.get(stream) ?? []).slice(Math.max(from, 0)).filter((event) => event !== null)
    yield* pagesOf(kept, limit)
  }

  async *readAll(
    after: number,
    { filter, limit = Infinity }: { filter?: ReadFilter; limit?: number } = {},
  ): Pages {
    this.#checkOpen()
    yield* pagesOf(this.#events.slice(after).filter(passes(filter)), limit)
  }

  async *pieces({ order, from, filter }: Look): AsyncGenerator<Piece> {
    this.#checkOpen()
    const there = this.#events.slice()
    if (order === 'oldest')
      for (let next = from; next < there.length; next = Math.min(next + pageSize, there.length))
        yield {
          events: there.slice(next, next + pageSize).filter(passes(filter)),
          to: Math.min(next + pageSize, there.length),
        }
    else
      for (let next = Math.min(from, there.length + 1); next > 1; next = Math.max(1, next - pageSize)) {
        const to = Math.max(1, next - pageSize)
        yield {
          events: there
            .slice(to - 1, next - 1)
            .filter(passes(filter))
            .reverse(),
          to,
        }
      }
  }

  async *subscribe(
    after: number,
    { filter, signal }: { filter?: ReadFilter; signal?: AbortSignal } = {},
  ): Pages {
    this.#checkOpen()
    const over = () => signal?.aborted === true || this.#wakes.closed
    for (let next = after; !over(); ) {
      const seen = this.#wakes.seen(null)
      const fresh = this.#events.slice(next)
      next = Math.max(next, this.#events.length)
      for (const page of pagesOf(fresh.filter(passes(filter)), Infinity)) {
        if (over()) return
        yield page
      }
      await this.#wakes.after(seen, signal)
    }
  }

  async tail(): Promise<number> {
    this.#checkOpen()
    return this.#events.length
  }

  async last(): Promise<StoredEvent | null> {
    this.#checkOpen()
    return this.#events.findLast((event) => event !== null) ?? null
  }

  async streams(prefix: string, { limit = Infinity } = {}): Promise<readonly string[]> {
    this.#checkOpen()
    const found = [...this.#streams.keys()].filter((name) => name.startsWith(prefix)).sort()
    return found.slice(0, limit)
  }

  async content(id: string): Promise<Uint8Array | null> {
    this.#checkOpen()
    return this.#contents.get(id) ?? null
  }

  async forget({ streams = [], beginnings = [], contents = [] }: Forgetting): Promise<void> {
    this.#checkOpen()
    for (const stream of streams) {
      this.#forget(stream, Infinity)
      this.#streams.delete(stream)
    }
    for (const { stream, before } of beginnings) this.#forget(stream, before)
    for (const id of contents) this.#contents.delete(id)
  }

  async close(): Promise<void> {
    this.#wakes.close()
  }

  #checkOpen(): void {
    if (this.#wakes.closed) throw new LogUnavailable('the log is closed')
  }

  #forget(stream: string, before: number): void {
    const stored = this.#streams.get(stream) ?? []
    for (const [revision, event] of stored.entries()) {
      if (event === null || revision >= before) continue
      this.#events[event.position - 1] = null
      stored[revision] = null
    }
  }

  /** The position of a unit that was written before; null for one that is new. @throws WrongRevision */
  #judge(appends: readonly Append[]): number | null {
    const ahead = new Map<string, number>()
    let fresh = false
    let known: { position: number; refusal: WrongRevision } | null = null
    for (const { stream, expected, events, contents = [] } of appends) {
      const stored = this.#streams.get(stream) ?? []
      const actual = ahead.get(stream) ?? stored.length - 1
      if (actual === expected) {
        fresh ||= events.length > 0 || contents.length > 0
        ahead.set(stream, expected + events.length)
        continue
      }
      const refusal = new WrongRevision(stream, expected, actual)
      const same = stored.slice(expected + 1, expected + 1 + events.length)
      if (events.length === 0 || !events.every(({ id }, at) => same[at]?.id === id)) throw refusal
      known = { position: same.at(-1)!.position, refusal }
    }
    if (known !== null && fresh) throw known.refusal
    return known?.position ?? null
  }

  #write({ stream, contents = [] }: Append, events: readonly Copied[]): void {
    for (const { id, bytes } of contents)
      if (!this.#contents.has(id)) this.#contents.set(id, Uint8Array.from(bytes))
    if (events.length === 0) return
    const stored = this.#streams.get(stream) ?? []
    this.#streams.set(stream, stored)
    for (const { meta, ...event } of events) {
      const full = {
        position: this.#events.length + 1,
        stream,
        revision: stored.length,
        ...event,
        meta: { ...meta.kind, $correlationId: idOf(stream), ...meta.own },
      }
      stored.push(full)
      this.#events.push(full)
    }
  }
}

type Copied = Pick<StoredEvent, 'id' | 'type' | 'version' | 'at' | 'data'> & {
  readonly meta: { readonly kind: NewEvent['kind']['meta']; readonly own: NewEvent['meta'] }
}

/** What a reader of a disk would get back. */
const asWritten = ({ id, kind, at, data, meta }: NewEvent): Copied => {
  try {
    const copy = JSON.parse(JSON.stringify([data, meta ?? {}])) as [Record<string, unknown>, NewEvent['meta']]
    return {
      id,
      type: kind.type,
      version: kind.version,
      at,
      data: copy[0],
      meta: { kind: kind.meta, own: copy[1] },
    }
  } catch (error) {
    throw new NotSerialisable(`cannot write ${kind.type} as JSON: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

const passes =
  ({ categories, types }: ReadFilter = {}) =>
  (event: Kept): event is StoredEvent =>
    event !== null &&
    (!categories || categories.includes(categoryOf(event.stream))) &&
    (!types || types.includes(event.type))

function* pagesOf(events: readonly StoredEvent[], limit: number): Generator<readonly StoredEvent[]> {
  const end = Math.min(events.length, limit)
  for (let at = 0; at < end; at += pageSize) yield events.slice(at, Math.min(at + pageSize, end))
}
