/** Finds out whether an append was written: its ids stand in the stream where they should, or they do not. */

import type { StoredEvent } from '../port.ts'
import { WrongRevision } from '../port.ts'
import type { Job } from './job.ts'

/** The streams as they are named in the database. */
export type StreamReader = {
  events(stream: string, from: number, count: number): Promise<readonly StoredEvent[]>
  /** -1 for a stream that does not exist. */
  last(stream: string): Promise<number>
  /** The name without what stands before it in the database. */
  plain(stream: string): string
}

export type Seen =
  | { readonly kind: 'there'; readonly position: number }
  | { readonly kind: 'not there'; readonly last: number }

type Looked = Pick<Job, 'stream' | 'expected' | 'ids'>

/** Reads at a time, where much is to be looked at. */
const atOnce = 16

export class Witness {
  readonly #reader: StreamReader

  constructor(reader: StreamReader) {
    this.#reader = reader
  }

  async look({ stream, expected, ids }: Looked): Promise<Seen> {
    const events = ids.length === 0 ? [] : await this.#reader.events(stream, expected + 1, ids.length)
    const end = events[ids.length - 1]
    if (end !== undefined && ids.every((id, at) => events[at]?.id === id))
      return { kind: 'there', position: end.position }
    return { kind: 'not there', last: await this.#reader.last(stream) }
  }

  async lookAll(jobs: readonly Looked[]): Promise<readonly Seen[]> {
    const seen: Seen[] = []
    for (let at = 0; at < jobs.length; at += atOnce)
      seen.push(...(await Promise.all(jobs.slice(at, at + atOnce).map((job) => this.look(job)))))
    return seen
  }

  wrongRevision({ stream, expected }: Looked, actual: number): WrongRevision {
    return new WrongRevision(this.#reader.plain(stream), expected, actual)
  }
}
