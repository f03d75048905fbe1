/** One generation of one view: a projection, its tables, and how far it has come. */
import type { DatabaseSync } from 'node:sqlite'
import type { EventOf } from '../../machines/vocabulary/events.ts'
import type { Key, Projection, RowChange } from '../../projections/projection.ts'
import type { StoredEvent } from '../log/port.ts'
import { Rows } from './rows.ts'
import { missingIndexes } from './tables.ts'

export type Role = 'live' | 'next'

/** The event a view stopped in front of, and what the fold said. */
export type Stop = { readonly position: number; readonly error: string }

const saveProgress = `
  UPDATE views SET position = :position, error = :error, errorPosition = :errorPosition
  WHERE name = :name AND generation = :generation
`

type Insert = Extract<RowChange, { kind: 'insert' }>
type Upsert = Extract<RowChange, { kind: 'upsert' }>
type Forget = Extract<RowChange, { kind: 'forget' }>

/** A full disk or a damaged file is no fault of the event. */
const isDatabaseError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR'

export class Generation {
  readonly projection: Projection
  readonly number: number
  role: Role
  /** The last event folded into the rows. */
  position: number
  /** The last event folded into the rows that are written. */
  #written: number
  /** Whether it may fold ahead of what is written. */
  gathers = true
  stopped: Stop | null = null
  readonly #db: DatabaseSync
  /** Statements for the indexes that readers will want and that are not there yet. */
  readonly #indexes: string[]
  readonly #tables: ReadonlyMap<string, Rows>

  constructor(
    db: DatabaseSync,
    projection: Projection,
    { number, role, position }: { number: number; role: Role; position: number },
  ) {
    this.projection = projection
    this.number = number
    this.role = role
    this.position = position
    this.#written = position
    this.#db = db
    this.#indexes = [...missingIndexes(db, projection, number)]
    this.#tables = new Map(
      Object.entries(projection.tables).map(([table, schema]) => [
        table,
        new Rows(db, table, schema, number),
      ]),
    )
  }

  /**
   * Folds events, in order, and writes the rows and the new position; the caller holds the transaction. Events the view
   * has already seen are passed over. An event that cannot be folded stops the view in front of it: what came before is kept.
   */
  take(events: readonly StoredEvent[]): void {
    const after = this.position
    const poison = this.#foldAll(events, after, Number.POSITIVE_INFINITY)
    if (poison !== null) {
      if (after !== this.#written) {
        this.#goBack()
        return
      }
      // Some of the poisoned event's changes may be in memory: begin again, and end before it.
      this.discard()
      this.#foldAll(events, after, poison.position)
      this.stopped = poison
    }
    for (const rows of this.#tables.values()) rows.flush()
    this.#save()
  }

  /**
   * Folds events, in order, in memory only: rows and position are written when the next ones are taken. Where one of them cannot be folded, the view
   * goes back to what is written, and gathers no more: it will stop in front of that event.
   */
  gather(events: readonly StoredEvent[]): void {
    if (this.gathers && this.#foldAll(events, this.position, Number.POSITIVE_INFINITY) !== null)
      this.#goBack()
  }

  get isIndexed(): boolean {
    return this.#indexes.length === 0
  }

  /** Makes one of the indexes that are missing; the caller holds the transaction. */
  makeIndex(): void {
    const statement = this.#indexes.shift()
    if (statement !== undefined) this.#db.exec(statement)
  }

  /** Goes no further, until somebody starts anew. */
  stop(stop: Stop): void {
    this.stopped = stop
    this.#save()
  }

  /** Forgets what is in memory only. */
  discard(): void {
    for (const rows of this.#tables.values()) rows.discard()
  }

  #goBack(): void {
    this.discard()
    this.position = this.#written
    this.gathers = false
  }

  #foldAll(events: readonly StoredEvent[], after: number, before: number): Stop | null {
    for (const event of events) {
      const { position } = event
      if (position <= after) continue
      if (position >= before) return null
      try {
        // A stored event's type and data are what the vocabulary says, or the fold says that they are not.
        const changes = this.projection.fold(event as EventOf)
        for (let at = 0; at < changes.length; at++) this.#apply(changes[at]!)
      } catch (error) {
        if (isDatabaseError(error)) throw error
        return { position, error: error instanceof Error ? error.message : String(error) }
      }
      this.position = position
    }
    return null
  }

  #apply(change: RowChange): void {
    const rows = this.#rows(change.table)
    if (change.kind === 'deleteAll') rows.deleteAll(change.beginning)
    else if (change.kind === 'insert') this.#insert(rows, change)
    else if (change.kind === 'upsert') this.#upsert(rows, change)
    else if (change.kind === 'delete') rows.delete(change.key)
    else this.#forget(rows, change)
  }

  #insert(rows: Rows, change: Insert): void {
    if (change.when !== undefined && !this.#rows(change.when.table).holds(change.when)) return
    const whole = this.#wholeKey(change)
    if (whole === null) return
    const row = rows.insert(whole, change.set)
    if (change.number === undefined) return
    const { column, counter } = change.number
    rows.put(row, column, this.#rows(counter.table).count(counter, 1))
  }

  #upsert(rows: Rows, change: Upsert): void {
    const whole = this.#wholeKey(change)
    if (whole === null) return
    const row = rows.upsert(whole, change)
    if (change.elapsed === undefined) return
    const { column, since, at, also } = change.elapsed
    const before = this.#rows(since.table).exchange(since, at)
    // A clock that was put back must not take time away.
    if (before === null || at <= before) return
    rows.add(row, column, at - before)
    if (also !== undefined) this.#rows(also.table).count(also, at - before)
  }

  #wholeKey({ key, behind }: Pick<Insert, 'key' | 'behind'>): Key | null {
    if (behind === undefined) return key
    const first = this.#rows(behind.table).kept(behind)
    return first === null ? null : [...first, ...key]
  }

  #forget(rows: Rows, { column, before, clock, tick }: Forget): void {
    if (this.#rows(clock.table).advance(clock, tick)) rows.forget(column, before)
  }

  #rows(table: string): Rows {
    const rows = this.#tables.get(table)
    if (rows === undefined) throw new TypeError(`${this.projection.name} has no table ${table}`)
    return rows
  }

  #save(): void {
    this.#db.prepare(saveProgress).run({
      name: this.projection.name,
      generation: this.number,
      position: this.position,
      error: this.stopped?.error ?? null,
      errorPosition: this.stopped?.position ?? null,
    })
    this.#written = this.position
  }
}
