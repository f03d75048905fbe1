/** A log that is an array, for readers: what a test wants to have happened, without a disk. */
import type { LogReader, ReadFilter, StoredEvent } from '../../src/log/port.ts'
import { categoryOf } from '../../src/log/port.ts'

type Told = Pick<StoredEvent, 'stream' | 'type' | 'data'> & {
  readonly at?: number
  readonly meta?: StoredEvent['meta']
}

const pageSize = 500

export class ArrayLog implements LogReader {
  readonly events: StoredEvent[] = []
  readonly #revisions = new Map<string, number>()

  /** Adds events in order, with positions, revisions and ids of their own; a second apart unless `at` says otherwise. */
  tell(...told: readonly Told[]): void {
    for (const { stream, type, data, at, meta } of told) {
      const revision = (this.#revisions.get(stream) ?? -1) + 1
      this.#revisions.set(stream, revision)
      const position = this.events.length + 1
      const id = `00000000-0000-4000-8000-${String(position).padStart(12, '0')}`
      this.events.push({
        position,
        id,
        stream,
        revision,
        type,
        version: 1,
        at: at ?? Date.UTC(2026, 0, 1) + position * 1_000,
        data,
        meta: meta ?? {},
      })
    }
  }

  async *readAll(after: number, { filter = {}, limit }: { filter?: ReadFilter; limit?: number } = {}) {
    const later = this.events.slice(
      after,
      isEverything(filter) && limit !== undefined ? after + limit : undefined,
    )
    yield* pages(later.filter((event) => isWanted(event, filter)).slice(0, limit))
  }

  async *readStream(stream: string, { from = 0, limit }: { from?: number; limit?: number } = {}) {
    const own = this.events.filter((event) => event.stream === stream && event.revision >= from)
    yield* pages(own.slice(0, limit))
  }

  async *subscribe(after: number, { filter = {} }: { filter?: ReadFilter } = {}) {
    yield* this.readAll(after, { filter })
  }

  async tail(): Promise<number> {
    return this.events.length
  }

  async streams(prefix: string, { limit }: { limit?: number } = {}): Promise<readonly string[]> {
    return [...this.#revisions.keys()]
      .filter((name) => name.startsWith(prefix))
      .sort()
      .slice(0, limit)
  }

  async content(): Promise<Uint8Array | null> {
    return null
  }

  async close(): Promise<void> {}
}

const isEverything = ({ categories, types }: ReadFilter): boolean =>
  categories === undefined && types === undefined

const isWanted = ({ stream, type }: StoredEvent, { categories, types }: ReadFilter): boolean =>
  (categories === undefined || categories.includes(categoryOf(stream))) &&
  (types === undefined || types.includes(type))

function* pages(events: readonly StoredEvent[]): Generator<readonly StoredEvent[]> {
  for (let at = 0; at < events.length; at += pageSize) yield events.slice(at, at + pageSize)
}
