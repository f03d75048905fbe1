import type { LogReader, StoredEvent } from '../log/port.ts'

/** What the log has of the streams that a file names, read a page at a time, each stream from front to back. */
export class Existing {
  readonly #log: Pick<LogReader, 'readStream'>
  /** Null once it is known that the log has no more of a stream than was asked for. */
  readonly #pages = new Map<string, readonly StoredEvent[] | null>()

  constructor(log: Pick<LogReader, 'readStream'>) {
    this.#log = log
  }

  async at(stream: string, revision: number): Promise<StoredEvent | null> {
    const page = this.#pages.get(stream)
    if (page === null) return null
    const found = page?.find((event) => event.revision === revision)
    if (found !== undefined) {
      if (found === page?.at(-1)) this.#pages.delete(stream)
      return found
    }
    const events: StoredEvent[] = []
    for await (const read of this.#log.readStream(stream, { from: revision, limit: 32 })) events.push(...read)
    this.#pages.set(stream, events.length === 0 ? null : events)
    return events[0] ?? null
  }
}
