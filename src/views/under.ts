/** Stored rows that are there no more, until they are deleted: those whose keys begin with the same values. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Key, TableSchema } from '../../projections/projection.ts'
import { deleteRow } from './tables.ts'

export class Under {
  readonly #beginnings: Key[] = []
  readonly #prepared = (length: number): StatementSync =>
    this.#db.prepare(deleteRow(this.#name, { ...this.#schema, key: this.#schema.key.slice(0, length) }))
  readonly #db: DatabaseSync
  readonly #name: string
  readonly #schema: TableSchema

  constructor(db: DatabaseSync, name: string, schema: TableSchema) {
    this.#db = db
    this.#name = name
    this.#schema = schema
  }

  add(beginning: Key): void {
    this.#beginnings.push(beginning)
  }

  /** Whether the stored row of this key is there no more. */
  covers(key: Key): boolean {
    return this.#beginnings.some((beginning) => beginning.every((value, at) => key[at] === value))
  }

  /** Deletes them; the caller holds the transaction. */
  flush(): void {
    for (const beginning of this.#beginnings) this.#prepared(beginning.length).run(...beginning)
    this.clear()
  }

  clear(): void {
    this.#beginnings.length = 0
  }
}
