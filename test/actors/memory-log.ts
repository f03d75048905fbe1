/** An event log in memory that can be slow, full or gone, and remembers when what was stored. */
import {
  type Append,
  type EventLog,
  type NewEvent,
  type Piece,
  type StoredEvent,
  WrongRevision,
} from '../../src/log/port.ts'

export type Behaviour = {
  /** Called before each append is stored, with its number from 0: may take its time, or throw. */
  readonly before?: (append: number) => Promise<void> | void
}

const stored = (event: NewEvent, stream: string, revision: number, position: number): StoredEvent => ({
  position,
  id: event.id,
  stream,
  revision,
  type: event.kind.type,
  version: event.kind.version,
  at: event.at,
  // As a log would give it back.
  data: JSON.parse(JSON.stringify(event.data)) as Record<string, unknown>,
  meta: { ...event.kind.meta, ...event.meta },
})

export class MemoryLog implements EventLog {
  readonly events: StoredEvent[] = []
  readonly contents = new Map<string, Buffer>()
  readonly #behaviour: Behaviour
  readonly #revisions = new Map<string, number>()
  #appends = 0
  #tail: Promise<unknown> = Promise.resolve()
  waiting = 0

  constructor(behaviour: Behaviour = {}) {
    this.#behaviour = behaviour
  }

  append(appends: readonly Append[]): Promise<{ readonly position: number }> {
    const number = this.#appends++
    const done = this.#tail.then(async () => {
      await this.#behaviour.before?.(number)
      for (const append of appends) this.#store(append)
      return { position: this.events.length }
    })
    this.#tail = done.catch(() => {})
    return done
  }

  #store({ stream, expected, events, contents }: Append): void {
    const actual = this.#revisions.get(stream) ?? -1
    if (actual !== expected) throw new WrongRevision(stream, expected, actual)
    for (const [at, event] of events.entries())
      this.events.push(stored(event, stream, expected + 1 + at, this.events.length + 1))
    this.#revisions.set(stream, expected + events.length)
    for (const { id, bytes } of contents ?? []) this.contents.set(id, Buffer.from(bytes))
  }

  async *readStream(stream: string): AsyncIterable<readonly StoredEvent[]> {
    const events = this.events.filter((event) => event.stream === stream)
    if (events.length > 0) yield events
  }

  async *readAll(after: number): AsyncIterable<readonly StoredEvent[]> {
    if (after < this.events.length) yield this.events.slice(after)
  }

  // biome-ignore lint/correctness/useYield: nobody looks for anything in this log
  async *pieces(): AsyncIterable<Piece> {
    throw new Error('nobody looks for anything in this log')
  }

  // biome-ignore lint/correctness/useYield: nobody follows this log
  async *subscribe(): AsyncIterable<readonly StoredEvent[]> {
    throw new Error('nobody follows this log')
  }

  tail(): Promise<number> {
    return Promise.resolve(this.events.length)
  }

  last(): Promise<StoredEvent | null> {
    return Promise.resolve(this.events.at(-1) ?? null)
  }

  streams(prefix: string): Promise<readonly string[]> {
    return Promise.resolve([...this.#revisions.keys()].filter((stream) => stream.startsWith(prefix)).sort())
  }

  content(id: string): Promise<Uint8Array | null> {
    return Promise.resolve(this.contents.get(id) ?? null)
  }

  forget(): Promise<void> {
    return Promise.reject(new Error('this log forgets nothing'))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
