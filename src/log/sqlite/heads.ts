import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { headSum } from './tables.ts'

/** Where a stream ends, and the position of its last row. For a stream that does not exist yet: 0, -1, 0. */
export type Head = { key: number; revision: number; position: number }

const selectHead = `
  SELECT s.key, s.head, s.sum, r.position, r.revision + r.count - 1 AS revision
  FROM streams s LEFT JOIN records r ON r.position = s.head AND r.stream = s.key WHERE s.name = ?
`

/** Ends of the streams written lately; two generations of a Map, so that forgetting costs nothing. */
export class Heads {
  readonly #capacity: number
  readonly #select: StatementSync
  #young = new Map<string, Head>()
  #old = new Map<string, Head>()

  constructor(database: DatabaseSync, capacity: number) {
    this.#capacity = capacity
    this.#select = database.prepare(selectHead)
  }

  of(stream: string): Head {
    const known = this.#young.get(stream)
    if (known) return known
    const head = this.#old.get(stream) ?? this.#look(stream)
    if (this.#young.size >= this.#capacity) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(stream, head)
    return head
  }

  /** The stream is not what it was. */
  drop(stream: string): void {
    this.#young.delete(stream)
    this.#old.delete(stream)
  }

  /** After a rollback: nothing remembered can be trusted. */
  forget(): void {
    this.#young.clear()
    this.#old.clear()
  }

  #look(stream: string): Head {
    const found = this.#select.get(stream)
    if (found === undefined) return { key: 0, revision: -1, position: 0 }
    const key = Number(found.key)
    const sound = headSum(stream, key, Number(found.head)) === found.sum && found.position !== null
    if (!sound) throw new Error(`where stream ${stream} ends is not what was written`)
    return { key, revision: Number(found.revision), position: Number(found.position) }
  }
}
