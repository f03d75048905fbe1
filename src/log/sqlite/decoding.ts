/** Rows back into events, each row proved by its sum. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type EventKind, idOf, kindOf, LogDamaged, type StoredEvent } from '../port.ts'
import { holeStream, kindSum, recordSum } from './tables.ts'

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

/** Kinds to pick out, and a test whether a row's text may hold any of them: cheaper than parsing it. */
export type WantedKinds = { readonly numbers: ReadonlySet<number>; readonly in: RegExp }

const selectKinds = 'SELECT kind, sum, json FROM kinds WHERE kind > ? ORDER BY kind'

export class Decoder {
  readonly #selectKinds: StatementSync
  #lastKind = 0
  readonly #kinds = new Map<number, EventKind>()

  constructor(database: DatabaseSync) {
    this.#selectKinds = database.prepare(selectKinds)
  }

  /**
   * The events of a row after the first `skip`, of the wanted kinds (null: all).
   * @throws LogDamaged
   */
  decode(row: Row, { skip, wanted }: { skip: number; wanted: WantedKinds | null }): StoredEvent[] {
    checkSum(row)
    if (row.stream === holeStream.name) return []
    const text = textOf(row.body)
    const events: StoredEvent[] = []
    if (wanted !== null && !wanted.in.test(text)) return events
    const { position, stream, revision, count } = row
    const written = parse(text, row)
    const $correlationId = idOf(stream)
    for (let place = skip; place < count; place++) {
      const [number, id, at, data, own] = written[place]!
      if (wanted !== null && !wanted.numbers.has(number)) continue
      const { type, version, meta } = this.#kinds.get(number) ?? this.#look(number, position)
      events.push({
        position: position + place,
        id,
        stream,
        revision: revision + place,
        type,
        version,
        at,
        data,
        meta: own === undefined ? { ...meta, $correlationId } : { ...meta, $correlationId, ...own },
      })
    }
    return events
  }

  /** The kinds of these types. To be asked for after the rows were read: a kind is stored no later than its events. */
  kindsOf(types: readonly string[]): WantedKinds {
    this.#loadKinds()
    const numbers = [...this.#kinds].filter(([, { type }]) => types.includes(type)).map(([number]) => number)
    return { numbers: new Set(numbers), in: new RegExp(`\\[(?:${numbers.join('|') || 'none'}),"`) }
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

const checkSum = ({ position, stream, revision, sum, body }: Row): void => {
  if (recordSum(stream, position, revision, body) !== sum)
    throw new LogDamaged(position, `a row of stream ${stream} is not what was written`)
}

const parse = (text: string, { position, count }: Row): readonly Written[] => {
  const written = parseArray(text)
  if (written?.length === count) return written as Written[]
  throw new LogDamaged(position, `a row of ${count} events holds something else`)
}

const parseArray = (text: string): unknown[] | null => {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

const textOf = (body: Uint8Array): string =>
  Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
