/** The questions asked of the tables, each one short read: nothing stays open between two of them. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { LogDamaged, LogUnavailable } from '../port.ts'
import { type Row, recordColumns } from './decoding.ts'
import { isDamage, messageOf } from './faults.ts'
import { endOfPrefix } from './tables.ts'

/** What was read, and why it ended before its end, if it did. */
export type Rows = { readonly rows: readonly Row[]; readonly damage: Error | null }

const selectTail = 'SELECT position + count - 1 AS tail FROM records ORDER BY position DESC LIMIT 1'
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
/** '.' follows '-' in the order of characters: this range is all streams of the category. */
const selectPositionsOfCategories = `
  SELECT r.position FROM json_each(?) c
  CROSS JOIN streams s ON s.name >= c.value || '-' AND s.name < c.value || '.'
  CROSS JOIN records r ON r.stream = s.key
  LIMIT ?
`
const selectRowsAt = `
  SELECT ${recordColumns} FROM json_each(?) p
  CROSS JOIN records r ON r.position = p.value JOIN streams s ON s.key = r.stream
  ORDER BY r.position
`
const selectStream = 'SELECT key FROM streams WHERE name = ?'
const selectStreamTail = `
  SELECT revision + count - 1 AS tail FROM records WHERE stream = ? ORDER BY revision DESC LIMIT 1
`
const selectStreamRowHolding = 'SELECT max(revision) AS start FROM records WHERE stream = ? AND revision <= ?'
const selectStreamWindow = `
  SELECT ${recordColumns} FROM records r JOIN streams s ON s.key = r.stream
  WHERE r.stream = ? AND r.revision BETWEEN ? AND ? ORDER BY r.revision
`
const selectNames = 'SELECT name FROM streams WHERE name >= ? AND name < ? ORDER BY name LIMIT ?'
const selectEverythingFrom = `
  SELECT r.position, r.count, r.body, s.name FROM records r JOIN streams s ON s.key = r.stream
  WHERE r.position >= ? ORDER BY r.position
`
const selectContent = 'SELECT bytes FROM contents WHERE id = ?'

export class Questions {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  tail(): number {
    return this.#number(selectTail, 'tail') ?? 0
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

  /** Null for a stream that does not exist. */
  streamKey(name: string): number | null {
    return this.#number(selectStream, 'key', name)
  }
  streamTail(key: number): number {
    return this.#number(selectStreamTail, 'tail', key) ?? -1
  }
  streamRowHolding(key: number, revision: number): number {
    return this.#number(selectStreamRowHolding, 'start', key, revision) ?? revision
  }
  streamWindow(key: number, first: number, last: number): Rows {
    return this.#rows(selectStreamWindow, key, first, last)
  }

  names(prefix: string, limit: number): readonly string[] {
    return this.#all(selectNames, prefix, endOfPrefix(prefix), limit).map(({ name }) => String(name))
  }
  content(id: string): Uint8Array | null {
    const bytes = this.#answer(() => this.#statement(selectContent).get(id))?.bytes
    return bytes instanceof Uint8Array ? bytes : null
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
    const rows: Row[] = []
    try {
      return { rows: this.#statement(sql).all(...values) as Row[], damage: null }
    } catch (error) {
      if (!isDamage(error)) throw error
    }
    try {
      for (const row of this.#statement(sql).iterate(...values)) rows.push(row as Row)
      return { rows, damage: null }
    } catch (error) {
      return { rows, damage: error as Error }
    }
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
