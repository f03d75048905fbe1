/** Stored rows that are there no more, until they are deleted: those that hold less than a value in a column. */
import type { DatabaseSync } from 'node:sqlite'
import type { Value } from '../../projections/projection.ts'
import { deleteOlder } from './tables.ts'

export class Older {
  readonly #db: DatabaseSync
  readonly #name: string
  readonly #placeOf: (column: string) => number
  readonly #before = new Map<string, number>()

  constructor(db: DatabaseSync, name: string, placeOf: (column: string) => number) {
    this.#db = db
    this.#name = name
    this.#placeOf = placeOf
  }

  add(column: string, before: number): void {
    this.#before.set(column, Math.max(before, this.#before.get(column) ?? Number.NEGATIVE_INFINITY))
  }

  /** Whether the stored row with these values is there no more. */
  covers(values: readonly Value[]): boolean {
    for (const [column, before] of this.#before)
      if (isLess(values[this.#placeOf(column)], before)) return true
    return false
  }

  /** Deletes them; the caller holds the transaction. */
  flush(): void {
    for (const [column, before] of this.#before) this.#db.prepare(deleteOlder(this.#name, column)).run(before)
    this.clear()
  }

  clear(): void {
    this.#before.clear()
  }
}

/** As SQL has it: what is empty is less than nothing. */
export const isLess = (value: Value | undefined, before: number): boolean =>
  value !== null && value !== undefined && Number(value) < before
