/**
 * Rows by their keys, a level for each of a key's values. One map of keys joined into one string would be simpler, and slower: a
 * string that was put together anew has to be made unique before a map can look for it, which takes longer than all levels.
 */
import type { Key } from '../../projections/projection.ts'

type Level<Row> = Map<string | number, Level<Row> | Row>

export class ByKey<Row> {
  readonly #last: number
  readonly #root: Level<Row> = new Map()
  #size = 0

  /** `columns`: how many values a key has. */
  constructor(columns: number) {
    this.#last = columns - 1
  }

  get size(): number {
    return this.#size
  }

  get(key: Key): Row | undefined {
    return this.#level(key, this.#last)?.get(key[this.#last]!) as Row | undefined
  }

  set(key: Key, row: Row): void {
    let level = this.#root
    for (let at = 0; at < this.#last; at++) {
      const found = level.get(key[at]!) as Level<Row> | undefined
      const next = found ?? new Map()
      if (found === undefined) level.set(key[at]!, next)
      level = next
    }
    const before = level.size
    level.set(key[this.#last]!, row)
    this.#size += level.size - before
  }

  delete(key: Key): void {
    if (this.#level(key, this.#last)?.delete(key[this.#last]!) !== true) return
    this.#size--
    // A level that holds nothing goes, too.
    for (let at = this.#last; at > 0 && this.#level(key, at)?.size === 0; at--)
      this.#level(key, at - 1)?.delete(key[at - 1]!)
  }

  clear(): void {
    this.#root.clear()
    this.#size = 0
  }

  /** The rows whose keys begin so; all of them without a beginning. What is deleted meanwhile does no harm. */
  *under(beginning: Key = []): Generator<Row> {
    const [whole, level] = [this.#last + 1, this.#level(beginning, Math.min(beginning.length, this.#last))]
    if (level === undefined) return
    if (beginning.length < whole) yield* this.#within(level, this.#last - beginning.length)
    else if (level.has(beginning[this.#last]!)) yield level.get(beginning[this.#last]!) as Row
  }

  /** Behind the first `count` values of the key. */
  #level(key: Key, count: number): Level<Row> | undefined {
    let level: Level<Row> | undefined = this.#root
    for (let at = 0; at < count && level !== undefined; at++)
      level = level.get(key[at]!) as Level<Row> | undefined
    return level
  }

  *#within(level: Level<Row>, below: number): Generator<Row> {
    for (const held of level.values())
      if (below === 0) yield held as Row
      else yield* this.#within(held as Level<Row>, below - 1)
  }
}
