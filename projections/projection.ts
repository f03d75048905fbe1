/**
 * What a projection is: a pure fold from events to row changes, and the shape of the tables it fills. It reads no
 * database, no clock and no world, so the same log always gives the same rows, whoever folds it and in whatever batches.
 */
import type { EventOf } from '../machines/vocabulary/events.ts'

export type Value = string | number | null
/** The values of a table's key columns, in the order of `TableSchema.key`. */
export type Key = readonly (string | number)[]

export type ColumnType = 'text' | 'number' | 'count'

export type TableSchema = {
  /** The columns that name a row; they stand in `columns` too. */
  readonly key: readonly string[]
  /** Every column with its type. A `count` that nobody set is 0; a `text` or a `number` that nobody set is null. */
  readonly columns: Readonly<Record<string, ColumnType>>
  /** Columns computed from the others when read, as SQL expressions. */
  readonly computed?: Readonly<Record<string, string>>
  /** Column lists that questions are asked by. */
  readonly indexes?: readonly (readonly string[])[]
  /** The same, where the first column is null in most rows: those rows are in no such index, and cost it nothing. */
  readonly sparse?: readonly (readonly string[])[]
}

/** A counter kept in a row: `column` of the row `key` of `table`. */
export type Counter = { readonly table: string; readonly key: Key; readonly column: string }

/** What `columns` of the row `key` of `table` hold, to begin another row's key with. */
export type Kept = { readonly table: string; readonly key: Key; readonly columns: readonly string[] }

/** A question to counts kept in a row: whether every one of `columns` is above 0. No such row: no. */
export type Condition = { readonly table: string; readonly key: Key; readonly columns: readonly string[] }

export type RowChange =
  /**
   * A row whose key is new by construction (an id), so nobody looks for an older one; a key seen again replaces the row.
   * `number` takes the next number of `counter` into `column`: 1, 2, 3 ... in log order, never one twice. With `when` the
   * row is made only where that holds. With `behind` the key begins with what another row holds, and `key` follows; where that row is not there,
   * or holds nothing in one of the columns, nothing is made.
   */
  | {
      readonly kind: 'insert'
      readonly table: string
      readonly key: Key
      readonly set?: Readonly<Record<string, Value>>
      readonly number?: { readonly column: string; readonly counter: Counter }
      readonly when?: Condition
      readonly behind?: Kept
    }
  /**
   * Sets columns and adds to columns of a row, which is made if it is not there. `elapsed` adds to `column` the milliseconds
   * from the time kept at `since` up to `at` (nothing if none is kept), then keeps `at` there; what it adds is added at `also`, too. `once` sets columns that hold
   * nothing yet. With `behind` the key is found as for `insert`.
   */
  | {
      readonly kind: 'upsert'
      readonly table: string
      readonly key: Key
      readonly set?: Readonly<Record<string, Value>>
      readonly add?: Readonly<Record<string, number>>
      readonly elapsed?: {
        readonly column: string
        readonly since: Counter
        readonly at: number
        readonly also?: Counter
      }
      readonly once?: Readonly<Record<string, Value>>
      readonly behind?: Kept
    }
  | { readonly kind: 'delete'; readonly table: string; readonly key: Key }
  /** Deletes the rows whose keys begin with these values. */
  | { readonly kind: 'deleteAll'; readonly table: string; readonly beginning: Key }
  /** Deletes the rows in which `column` holds less than `before`; only where `tick` is above what `clock` holds, which it then holds. */
  | {
      readonly kind: 'forget'
      readonly table: string
      readonly column: string
      readonly before: number
      readonly clock: Counter
      readonly tick: number
    }

export type Projection = {
  /** What people type: `sessions`. */
  readonly name: string
  /** Bumped whenever the tables or the fold change; the view is then built again beside the old one. */
  readonly version: number
  /** Table names are unique over all projections. */
  readonly tables: Readonly<Record<string, TableSchema>>
  /**
   * The changes one event makes; none for an event that says nothing to this question.
   * @throws anything, for an event it cannot fold: the view then stops in front of it
   */
  readonly fold: (event: EventOf) => readonly RowChange[]
}

/** What most events mean to most questions. */
export const nothing: readonly RowChange[] = Object.freeze([])

/**
 * What stands behind `prefix` in a stream's name, or null for a stream of another kind. Events of one stream come in rows: the same string again is
 * found at once where rows are looked for by it, an equal one is not.
 */
const idBehind = (prefix: string): ((stream: string) => string | null) => {
  let last = ''
  let id: string | null = null
  return (stream) => {
    if (stream !== last) {
      last = stream
      id = stream.startsWith(prefix) ? stream.slice(prefix.length) : null
    }
    return id
  }
}
/** `01J...` of `smtp_session-01J...`, or null for a stream of another kind. */
export const sessionOf = idBehind('smtp_session-')
/** `01J...` of `delivery-01J...`, or null for a stream of another kind. */
export const deliveryOf = idBehind('delivery-')
