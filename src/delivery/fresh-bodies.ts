/**
 * Bodies of mail that was accepted a moment ago: they were in memory then, and are wanted again at once, to be signed and sent.
 * So many bytes, the oldest make room; everything else is read from where it is stored.
 */
import { Readable } from 'node:stream'
import type { ContentStore } from '../content/port.ts'

/** Bytes kept, in all. */
const mostBytes = 16 * 1024 * 1024

export type Bodies = Pick<ContentStore, 'read' | 'stream'>

export class FreshBodies implements Bodies {
  readonly #stored: Bodies
  readonly #most: number
  /** The oldest first. */
  readonly #fresh = new Map<string, Uint8Array>()
  #bytes = 0

  constructor(stored: Bodies, most = mostBytes) {
    this.#stored = stored
    this.#most = most
  }

  keep(id: string, bytes: Uint8Array): void {
    if (bytes.length > this.#most || this.#fresh.has(id)) return
    this.#fresh.set(id, bytes)
    this.#bytes += bytes.length
    for (const [oldest, { length }] of this.#fresh) {
      if (this.#bytes <= this.#most) return
      this.#fresh.delete(oldest)
      this.#bytes -= length
    }
  }

  async read(id: string): Promise<Uint8Array | null> {
    return this.#fresh.get(id) ?? this.#stored.read(id)
  }

  async stream(id: string): Promise<Readable | null> {
    const bytes = this.#fresh.get(id)
    return bytes === undefined ? this.#stored.stream(id) : Readable.from([bytes])
  }
}
