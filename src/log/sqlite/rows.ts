/** The questions asked of the tables, each one short read: nothing stays open between two of them. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { LogDamaged, LogUnavailable } from '../port.ts'
import { type Row, recordColumns } from './decoding.ts'
import { isDamage, messageOf } from './faults.ts'
import { chain, endOfPrefix, headSum, holeStream } from './tables.ts'

/** What was read, and why it ended before its end, if it did. */
export type Rows = { readonly rows: readonly Row[]; readonly damage: Error | null }

const selectTail = 'SELECT position + count - 1 AS tail FROM records ORDER BY position DESC LIMIT 1'
const selectLast = `
  SELECT position + count - 1 AS last FROM records WHERE stream <> ${holeStream.key} ORDER BY position DESC LIMIT 1
`
const selectRowHolding = 'SELECT max(position) AS start FROM records WHERE position <= ?'
const selectWindow = `
  SELECT ${recordColumns} FROM records r JOIN streams s ON s.key = r.stream
  WHERE r.position BETWEEN ? AND ? ORDER BY r.position
`
const selectWindowOfCategories = `
  SELECT ${recordColumns} FROM records r JOIN streams s ON s.key = r.stream
  WHERE r.position BETWEEN ? AND ? AND substr(s.name, 1, instr(s.name, '-') - 1) IN (SELECT value FROM json_each(?))
  ORDER BY r.position
`
/**
 * '.' follows '-' in the order of characters: this range is all streams of the category. Where these are more than rows are wanted, they are not
 * all looked up: that would take longer the longer the log is.
 */
const selectPositionsOfCategories = `
  WITH RECURSIVE chains (position, stream, previous) AS (
    SELECT position, stream, previous FROM (
      SELECT r.position, r.stream, r.previous FROM json_each(?1) c
      CROSS JOIN streams s ON s.name >= c.value || '-' AND s.name < c.value || '.'
      CROSS JOIN records r ON r.position = s.head AND r.stream = s.key
      LIMIT ?2
    )
    UNION ALL
    SELECT r.position, r.stream, r.previous FROM chains c
    CROSS JOIN records r ON r.position = c.previous AND r.stream = c.stream
  )
  SELECT position FROM chains LIMIT ?2
`
const selectRowsAt = `
  SELECT ${recordColumns} FROM json_each(?) p
  CROSS JOIN records r ON r.position = p.value JOIN streams s ON s.key = r.stream
  ORDER BY r.position
`
const selectStream = 'SELECT key, head, sum FROM streams WHERE name = ?'
const selectLastRevision =
  'SELECT revision + count - 1 AS tail FROM records WHERE position = ? AND stream = ?'
const selectChain = `${chain} SELECT position, revision, previous FROM chain`
const selectEveryRowOf = 'SELECT position FROM records WHERE stream = ? ORDER BY position'
const selectNames = 'SELECT name FROM streams WHERE key > 0 AND name >= ? AND name < ? ORDER BY name LIMIT ?'
const selectEverythingFrom = `
  SELECT r.position, r.count, r.body, s.name FROM records r JOIN streams s ON s.key = r.stream
  WHERE r.position >= ? ORDER BY r.position
`
const selectContents = 'SELECT c.id, c.bytes FROM json_each(?) i CROSS JOIN contents c ON c.id = i.value'

/** Where a stream ends: the position of its last row, its last revision. */
export type StreamEnd = { readonly key: number; readonly head: number; readonly tail: number }

/** Positions of rows; the stream's first revision, where these begin with it and what was before is forgotten. */
export type StreamRows = { readonly positions: readonly number[]; readonly begins: number }

export class Questions {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  tail(): number {
    return this.#number(selectTail, 'tail') ?? 0
  }
  /** The position of the last event that is there; 0 without any. */
  last(): number {
    return this.#number(selectLast, 'last') ?? 0
  }
  /** The position of the row that holds this position. */
  rowHolding(position: number): number {
    return this.#number(selectRowHolding, 'start', position) ?? position
  }
  window(first: number, last: number): Rows {
    return this.#rows(selectWindow, first, last)
  }
  windowOfCategories(first: number, last: number, categories: readonly string[]): Rows {
    return this.#rows(selectWindowOfCategories, first, last, JSON.stringify(categories))
  }
  /** Where the rows of these categories are, in order; null when there are more than `limit`. */
  positionsOfCategories(categories: readonly string[], limit: number): readonly number[] | null {
    const rows = this.#all(selectPositionsOfCategories, JSON.stringify(categories), limit + 1)
    if (rows.length > limit) return null
    return rows.map(({ position }) => Number(position)).sort((a, b) => a - b)
  }
  rowsAt(positions: readonly number[]): Rows {
    return this.#rows(selectRowsAt, JSON.stringify(positions))
  }

  /** Null for a stream that does not exist. @throws LogDamaged */
  stream(name: string): StreamEnd | null {
    const found = this.#all(selectStream, name)[0]
    if (found === undefined) return null
    const [key, head] = [Number(found.key), Number(found.head)]
    if (headSum(name, key, head) !== found.sum)
      throw new LogDamaged(0, `where stream ${name} ends is not what was written`)
    const tail = this.#number(selectLastRevision, 'tail', head, key)
    if (tail === null) throw new LogDamaged(head, `the last events of stream ${name} are missing`)
    return { key, head, tail }
  }
  /** A stream's rows from the one that holds `revision` on, in order; all its rows where the chain is broken. */
  rowsOfStream({ key, head }: StreamEnd, revision: number): StreamRows {
    const links = this.#links(key, head, revision)
    const first = links?.at(-1)
    if (first && (first.previous === 0 || Number(first.revision) <= revision))
      return {
        positions: links!.map(({ position }) => Number(position)).reverse(),
        begins: first.previous === 0 ? Number(first.revision) : 0,
      }
    return {
      positions: this.#readable(selectEveryRowOf, key).map(({ position }) => Number(position)),
      begins: 0,
    }
  }

  names(prefix: string, limit: number): readonly string[] {
    return this.#all(selectNames, prefix, endOfPrefix(prefix), limit).map(({ name }) => String(name))
  }
  /** Those of the bodies that are there. */
  contents(ids: readonly string[]): ReadonlyMap<string, Uint8Array> {
    const rows = this.#all(selectContents, JSON.stringify(ids))
    return new Map(rows.map(({ id, bytes }) => [String(id), bytes as Uint8Array]))
  }

  /** Where reading everything from a position on fails; 0 when it does not: the damage is beside the events, in an index. */
  firstUnreadable(from: number): number {
    let next = from
    try {
      for (const { position, count } of this.#database.prepare(selectEverythingFrom).iterate(from))
        next = Number(position) + Number(count)
      return 0
    } catch {
      return next
    }
  }

  #statement(sql: string): StatementSync {
    if (!this.#database.isOpen) throw new LogUnavailable('the log is closed')
    const prepared = this.#statements.get(sql) ?? this.#database.prepare(sql)
    this.#statements.set(sql, prepared)
    return prepared
  }

  /** What was read before the damage is worth having: it tells where the damage is. */
  #rows(sql: string, ...values: SQLInputValue[]): Rows {
    try {
      return { rows: this.#statement(sql).all(...values) as Row[], damage: null }
    } catch (error) {
      if (!isDamage(error)) throw error
    }
    const rows: Row[] = []
    try {
      for (const row of this.#statement(sql).iterate(...values)) rows.push(row as Row)
      return { rows, damage: null }
    } catch (error) {
      return { rows, damage: error as Error }
    }
  }

  /** A chain, last row first; null where it cannot be read. */
  #links(key: number, head: number, revision: number): Record<string, unknown>[] | null {
    try {
      return this.#statement(selectChain).all(head, key, revision)
    } catch (error) {
      if (isDamage(error)) return null
      throw error
    }
  }

  /** What can be read before the damage. */
  #readable(sql: string, ...values: SQLInputValue[]): Record<string, unknown>[] {
    const rows: Record<string, unknown>[] = []
    try {
      for (const row of this.#statement(sql).iterate(...values)) rows.push(row)
    } catch (error) {
      if (!isDamage(error)) throw error
    }
    return rows
  }

  #all(sql: string, ...values: SQLInputValue[]): Record<string, unknown>[] {
    return this.#answer(() => this.#statement(sql).all(...values))
  }
  #number(sql: string, column: string, ...values: SQLInputValue[]): number | null {
    const value = this.#answer(() => this.#statement(sql).get(...values))?.[column]
    return typeof value === 'number' ? value : null
  }
  #answer<T>(ask: () => T): T {
    try {
      return ask()
    } catch (error) {
      throw isDamage(error) ? new LogDamaged(this.firstUnreadable(1), messageOf(error)) : error
    }
  }
}
