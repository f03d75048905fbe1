/**
 * The rows of one table while events are folded: changes are gathered in memory, and each row is written once for the
 * whole batch. Rows that change again and again (a mailbox's counters, a long session) stay in memory between batches.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type {
  Condition,
  Counter,
  Kept,
  Key,
  RowChange,
  TableSchema,
  Value,
} from '../../projections/projection.ts'
import { ByKey } from './by-key.ts'
import { isLess, Older } from './older.ts'
import { deleteRow, selectRow, tableName, writeRow } from './tables.ts'
import { Under } from './under.ts'

type Row = { readonly key: Key; values: Value[]; changed: boolean; deleted: boolean; keep: boolean }
type Insert = Extract<RowChange, { kind: 'insert' }>
type Upsert = Extract<RowChange, { kind: 'upsert' }>

/** Rows kept in memory between batches, for each table. */
const keptRows = 5_000

/** A value that came out of `data` in another shape than the projection believed must not be stored as something else. */
const checked = (value: unknown, column: string): Value => {
  if (typeof value === 'string' || value === null) return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw new TypeError(`column ${column} cannot hold ${value === undefined ? 'nothing' : typeof value}`)
}

export class Rows {
  readonly #older: Older
  readonly #under: Under
  readonly #places: ReadonlyMap<string, number>
  readonly #keyPlaces: readonly number[]
  readonly #empty: readonly Value[]
  readonly #isOnlyKey: boolean
  readonly #select: StatementSync
  readonly #write: StatementSync
  readonly #delete: StatementSync
  readonly #rows: ByKey<Row>
  /** Rows that are new by construction: most are written before anybody looks for them. */
  #fresh: Row[] = []
  /** Rows changed since the last flush, in the order they were first touched. */
  #touched: Row[] = []

  constructor(db: DatabaseSync, table: string, schema: TableSchema, generation: number) {
    const name = tableName(table, generation)
    const columns = Object.keys(schema.columns)
    this.#places = new Map(columns.map((column, place) => [column, place]))
    this.#empty = Object.values(schema.columns).map((type) => (type === 'count' ? 0 : null))
    this.#keyPlaces = schema.key.map((column) => this.#place(column))
    this.#rows = new ByKey(schema.key.length)
    this.#isOnlyKey = columns.length === schema.key.length
    this.#under = new Under(db, name, schema)
    this.#older = new Older(db, name, (column) => this.#place(column))
    this.#select = db.prepare(selectRow(name, schema))
    this.#write = db.prepare(writeRow(name, schema))
    this.#delete = db.prepare(deleteRow(name, schema))
  }

  insert(key: Key, set: Insert['set']): Row {
    // A row of nothing but its key may come again at once (an address named twice): remembering it saves a write.
    const known = this.#isOnlyKey ? this.#find(key) : undefined
    if (known !== undefined && !known.deleted) return known
    const row = this.#made(key)
    row.keep = this.#isOnlyKey
    if (this.#isOnlyKey) this.#rows.set(key, row)
    else this.#fresh.push(row)
    this.#touch(row)
    this.#set(row, set)
    return row
  }

  upsert(key: Key, { set, add, once }: Pick<Upsert, 'set' | 'add' | 'once'>): Row {
    const row = this.#row(key)
    this.#set(row, set)
    for (const column in once)
      if (row.values[this.#place(column)] === null) this.put(row, column, once[column]!)
    for (const column in add) this.add(row, column, add[column]!)
    this.#touch(row)
    return row
  }

  delete(key: Key): void {
    const known = this.#find(key)
    // Whatever it held does not matter any more: nobody looks.
    const row = known ?? this.#made(key)
    if (known === undefined) this.#rows.set(key, row)
    row.values = this.#blank(key)
    row.deleted = true
    this.#touch(row)
  }

  /** Every row whose key begins so. */
  deleteAll(beginning: Key): void {
    this.#placeFresh()
    for (const { key, changed } of this.#rows.under(beginning))
      if (changed) this.delete(key)
      else this.#rows.delete(key)
    this.#under.add(beginning)
  }

  /** Counts on, and says how far it has come. */
  count({ key, column }: Counter, by: number): number {
    const row = this.#row(key)
    this.add(row, column, by)
    this.#touch(row)
    return row.values[this.#place(column)] as number
  }

  /** Puts `value` where `column` was and says what was there; null for a row that was not there. */
  exchange({ key, column }: Counter, value: number): number | null {
    const row = this.#row(key)
    const before = row.values[this.#place(column)] ?? null
    row.values[this.#place(column)] = checked(value, column)
    row.deleted = false
    this.#touch(row)
    return before as number | null
  }

  /** Puts `value` where less was, or nothing; false where as much or more was. */
  advance({ key, column }: Counter, value: number): boolean {
    const row = this.#row(key)
    const before = row.values[this.#place(column)] ?? null
    if (before !== null && Number(before) >= value) return false
    this.put(row, column, value)
    row.deleted = false
    this.#touch(row)
    return true
  }

  /** Whether every one of these counts is above 0. */
  holds({ key, columns }: Condition): boolean {
    const { values } = this.#row(key)
    return columns.every((column) => Number(values[this.#place(column)] ?? 0) > 0)
  }

  /** What these columns hold; null where there is no such row, or nothing in one of them. */
  kept({ key, columns }: Pick<Kept, 'key' | 'columns'>): Key | null {
    const { values } = this.#row(key)
    const held = columns.map((column) => values[this.#place(column)] ?? null)
    return held.every((value) => value !== null) ? held : null
  }

  /** Every row that holds less than `before` in `column`. */
  forget(column: string, before: number): void {
    this.#placeFresh()
    const place = this.#place(column)
    for (const row of this.#rows.under()) {
      if (!isLess(row.values[place], before)) continue
      if (row.changed) this.delete(row.key)
      else this.#rows.delete(row.key)
    }
    this.#older.add(column, before)
  }

  put(row: Row, column: string, value: Value): void {
    row.values[this.#place(column)] = checked(value, column)
  }

  add(row: Row, column: string, by: number): void {
    const place = this.#place(column)
    row.deleted = false
    row.values[place] = checked(((row.values[place] as number | null) ?? 0) + by, column)
  }

  /** Writes what changed; the caller holds the transaction. */
  flush(): void {
    this.#older.flush()
    this.#under.flush()
    for (const row of this.#touched) {
      if (!row.changed) continue
      if (row.deleted) this.#delete.run(...row.key)
      else this.#write.run(...row.values)
      row.changed = false
      // Nor does what was remembered from an earlier batch stand for a row that was made anew.
      if ((row.deleted || !row.keep) && this.#rows.size > 0) this.#rows.delete(row.key)
    }
    this.#touched = []
    this.#fresh = []
    if (this.#rows.size > keptRows) this.#rows.clear()
  }

  /** Forgets everything that is not written, and what may be older than the database. */
  discard(): void {
    this.#rows.clear()
    this.#fresh = []
    this.#touched = []
    this.#older.clear()
    this.#under.clear()
  }

  #blank(key: Key): Value[] {
    const values = this.#empty.slice()
    for (let at = 0; at < key.length; at++) values[this.#keyPlaces[at]!] = checked(key[at], 'of the key')
    return values
  }

  #made(key: Key): Row {
    return { key, values: this.#blank(key), changed: false, deleted: false, keep: true }
  }

  #find(key: Key): Row | undefined {
    if (this.#fresh.length > 0) this.#placeFresh()
    return this.#rows.get(key)
  }

  /** From now on the new rows are found. */
  #placeFresh(): void {
    for (const row of this.#fresh) this.#rows.set(row.key, row)
    this.#fresh = []
  }

  #row(key: Key): Row {
    const known = this.#find(key)
    if (known !== undefined) {
      known.keep = true
      return known
    }
    const row = this.#made(key)
    const stored = this.#under.covers(key) ? undefined : this.#select.get(...key)
    const values = stored === undefined ? null : (Object.values(stored) as Value[])
    if (values !== null && !this.#older.covers(values)) row.values = values
    this.#rows.set(key, row)
    return row
  }

  #touch(row: Row): void {
    if (row.changed) return
    row.changed = true
    this.#touched.push(row)
  }

  #place(column: string): number {
    const place = this.#places.get(column)
    if (place === undefined) throw new TypeError(`there is no column ${column}`)
    return place
  }

  #set(row: Row, set: Readonly<Record<string, Value>> | undefined): void {
    row.deleted = false
    for (const column in set) row.values[this.#place(column)] = checked(set[column], column)
  }
}
