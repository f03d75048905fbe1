import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** Where a stream ends. `key` is 0 for a stream that does not exist yet; its revision is -1. */
export type Head = { key: number; revision: number }

const selectStream = 'SELECT key FROM streams WHERE name = ?'
const selectLastRevision = `
  SELECT revision + count - 1 AS revision FROM records WHERE stream = ? ORDER BY revision DESC LIMIT 1
`

/** Ends of the streams written lately; two generations of a Map, so that forgetting costs nothing. */
export class Heads {
  readonly #capacity: number
  readonly #key: StatementSync
  readonly #revision: StatementSync
  #young = new Map<string, Head>()
  #old = new Map<string, Head>()

  constructor(database: DatabaseSync, capacity: number) {
    this.#capacity = capacity
    this.#key = database.prepare(selectStream)
    this.#revision = database.prepare(selectLastRevision)
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

  /** After a rollback: nothing remembered can be trusted. */
  forget(): void {
    this.#young.clear()
    this.#old.clear()
  }

  #look(stream: string): Head {
    const key = this.#key.get(stream)?.key
    if (typeof key !== 'number') return { key: 0, revision: -1 }
    return { key, revision: Number(this.#revision.get(key)?.revision ?? -1) }
  }
}
