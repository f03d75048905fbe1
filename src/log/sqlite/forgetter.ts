/**
 * Takes streams, beginnings of streams and bodies out of the file, each portion in one transaction. Runs in the writer's thread.
 *
 * Where rows were, a hole stays: one row of no stream, with as many positions as are gone, and a sum of its own. So positions stay dense on the
 * disk, and a hole that nobody made is still seen. Holes beside each other are one.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Forgetting } from '../port.ts'
import { chain, headSum, holeStream, recordSum } from './tables.ts'

const nameHoles = `INSERT INTO streams (key, name, head, sum) VALUES (${holeStream.key}, ?, 0, ?) ON CONFLICT DO NOTHING`
const selectStream = 'SELECT key, head, sum FROM streams WHERE name = ?'
const selectRows = `
  ${chain} SELECT position, revision, count FROM chain JOIN records USING (position, revision) ORDER BY position
`
const deleteRow = 'DELETE FROM records WHERE position = ?'
const deleteStream = 'DELETE FROM streams WHERE key = ?'
const cutChain = 'UPDATE records SET previous = 0 WHERE position = ?'
const deleteContent = 'DELETE FROM contents WHERE id = ?'
const selectHoleBefore = `
  SELECT position, count, stream FROM records WHERE position < ? ORDER BY position DESC LIMIT 1
`
const selectHoleAt = `SELECT count FROM records WHERE position = ? AND stream = ${holeStream.key}`
const insertHole = `
  INSERT INTO records (position, stream, revision, previous, count, sum, body)
  VALUES (?, ${holeStream.key}, 0, 0, ?, ?, '')
`

type Row = { readonly position: number; readonly revision: number; readonly count: number }
type Known = { readonly key: number; readonly rows: readonly Row[] }

export class Forgetter {
  readonly #database: DatabaseSync
  readonly #forgotten: (streams: Iterable<string>) => void
  readonly #statements = new Map<string, StatementSync>()

  /** `forgotten`: told which streams are not what they were, whether or not it came to a commit. */
  constructor(database: DatabaseSync, forgotten: (streams: Iterable<string>) => void) {
    this.#database = database
    this.#forgotten = forgotten
  }

  /** When it throws, nothing was forgotten. */
  forget({ streams = [], beginnings = [], contents = [] }: Forgetting): void {
    // What is forgotten is not to be left lying in pages that are free.
    this.#database.exec('PRAGMA secure_delete = ON')
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      this.#run(nameHoles, holeStream.name, headSum(holeStream.name, holeStream.key, 0))
      for (const stream of streams) this.#whole(stream)
      for (const { stream, before } of beginnings) this.#beginning(stream, before)
      for (const id of contents) this.#run(deleteContent, id)
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    } finally {
      this.#database.exec('PRAGMA secure_delete = OFF')
      this.#forgotten(streams)
    }
  }

  #whole(stream: string): void {
    const known = this.#known(stream)
    if (known === null) return
    for (const row of known.rows) this.#makeHole(row)
    this.#run(deleteStream, known.key)
  }

  /** Rows are kept or forgotten as they are; that of the last event is always kept. */
  #beginning(stream: string, before: number): void {
    const rows = this.#known(stream)?.rows ?? []
    const kept = rows.findIndex(({ revision, count }) => revision + count > before)
    const first = rows.at(kept)
    if (first === undefined) return
    for (const row of rows.slice(0, rows.indexOf(first))) this.#makeHole(row)
    this.#run(cutChain, first.position)
  }

  #known(stream: string): Known | null {
    const found = this.#prepared(selectStream).get(stream)
    if (found === undefined) return null
    const [key, head] = [Number(found.key), Number(found.head)]
    if (headSum(stream, key, head) !== found.sum)
      throw new Error(`where stream ${stream} ends is not what was written`)
    return { key, rows: this.#prepared(selectRows).all(head, key, -1) as Row[] }
  }

  #makeHole({ position, count }: Row): void {
    this.#run(deleteRow, position)
    let [first, length] = [position, count]
    const before = this.#prepared(selectHoleBefore).get(position) as (Row & { stream: number }) | undefined
    if (before?.stream === holeStream.key && before.position + before.count === position) {
      this.#run(deleteRow, before.position)
      first = before.position
      length += before.count
    }
    const after = this.#prepared(selectHoleAt).get(position + count) as Pick<Row, 'count'> | undefined
    if (after !== undefined) {
      this.#run(deleteRow, position + count)
      length += after.count
    }
    this.#run(insertHole, first, length, recordSum(holeStream.name, first, 0, nothing))
  }

  #run(sql: string, ...values: (string | number)[]): void {
    this.#prepared(sql).run(...values)
  }

  #prepared(sql: string): StatementSync {
    const prepared = this.#statements.get(sql) ?? this.#database.prepare(sql)
    this.#statements.set(sql, prepared)
    return prepared
  }
}

const nothing = new Uint8Array(0)
