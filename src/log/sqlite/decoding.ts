/** Rows back into events, each row proved by its sum. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type EventKind, idOf, kindOf, LogDamaged, type StoredEvent } from '../port.ts'
import { kindSum, recordSum } from './tables.ts'

/** As `recordColumns` gives it. */
export type Row = {
  readonly position: number
  readonly stream: string
  readonly revision: number
  readonly count: number
  readonly sum: number
  readonly body: Uint8Array
}
/** The body as bytes: the sum is taken over them, and text is made of them only where it is wanted. */
export const recordColumns = `
  r.position, s.name AS stream, r.revision, r.count, r.sum, CAST(r.body AS BLOB) AS body
`

type Written = readonly [
  kind: number,
  id: string,
  at: number,
  data: Record<string, unknown>,
  meta?: Record<string, string>,
]

const selectKinds = 'SELECT kind, sum, json FROM kinds WHERE kind > ? ORDER BY kind'

export class Decoder {
  readonly #selectKinds: StatementSync
  #lastKind = 0
  readonly #kinds = new Map<number, EventKind>()

  constructor(database: DatabaseSync) {
    this.#selectKinds = database.prepare(selectKinds)
  }

  /** @throws LogDamaged */
  decode(row: Row): StoredEvent[] {
    const { position, stream, revision, count } = row
    const written = parse(row)
    if (!Array.isArray(written) || written.length !== count)
      throw new LogDamaged(position, `a row of ${count} events holds something else`)
    const $correlationId = idOf(stream)
    return (written as Written[]).map(([number, id, at, data, own], place) => {
      const { type, version, meta } = this.#kinds.get(number) ?? this.#look(number, position)
      return {
        position: position + place,
        id,
        stream,
        revision: revision + place,
        type,
        version,
        at,
        data,
        meta: own === undefined ? { ...meta, $correlationId } : { ...meta, $correlationId, ...own },
      }
    })
  }

  /** A test for rows that may hold one of these types, cheaper than decoding. To be made after the rows were read. */
  mayHold(types: readonly string[]): (row: Row) => boolean {
    this.#loadKinds()
    const numbers = [...this.#kinds].filter(([, { type }]) => types.includes(type)).map(([number]) => number)
    if (numbers.length === 0) return () => false
    const pattern = new RegExp(`\\[(?:${numbers.join('|')}),"`)
    return (row) => pattern.test(textOf(row.body))
  }

  #look(number: number, position: number): EventKind {
    this.#loadKinds()
    const kind = this.#kinds.get(number)
    if (kind === undefined)
      throw new LogDamaged(position, `an event is of kind ${number}, which is not described`)
    return kind
  }

  /** Kinds are only ever added. One that is damaged is left out, and found missing when an event needs it. */
  #loadKinds(): void {
    for (const { kind, sum, json } of this.#selectKinds.all(this.#lastKind)) {
      const number = Number(kind)
      this.#lastKind = number
      if (kindSum(number, String(json)) !== sum) continue
      const [type, version, meta] = JSON.parse(String(json)) as [string, number, Record<string, string>]
      this.#kinds.set(number, kindOf(type, version, meta))
    }
  }
}

/** Checks the row against its sum. @throws LogDamaged */
export const checkSum = ({ position, stream, revision, sum, body }: Row): void => {
  if (recordSum(stream, position, revision, body) !== sum)
    throw new LogDamaged(position, `a row of stream ${stream} is not what was written`)
}

const parse = (row: Row): unknown => {
  checkSum(row)
  try {
    return JSON.parse(textOf(row.body))
  } catch (error) {
    throw new LogDamaged(row.position, (error as Error).message)
  }
}

const textOf = (body: Uint8Array): string =>
  Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
