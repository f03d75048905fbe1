/** Writes a batch: one transaction, one sync, with an answer for each unit in it. Runs in the writer's thread. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Answer, FrameReader, type ReceivedAppend } from './frame.ts'
import { type Head, Heads } from './heads.ts'
import { chain, headSum, kindSum, recordSum } from './tables.ts'

/** A kind and its JSON, as stored in `kinds`. */
export type NewKind = readonly [kind: number, json: string]
export type Batch = {
  readonly memory: ArrayBuffer
  readonly units: number
  readonly kinds: readonly NewKind[]
}

const insertKind = 'INSERT INTO kinds (kind, sum, json) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
const insertStream = 'INSERT INTO streams (key, name, head, sum) VALUES (?, ?, ?, ?)'
const updateHead = 'UPDATE streams SET head = ?, sum = ? WHERE key = ?'
const insertRecord = `
  INSERT INTO records (position, stream, revision, previous, count, sum, body)
  VALUES (?, ?, ?, ?, ?, ?, CAST(? AS TEXT))
`
const insertContent = 'INSERT INTO contents (id, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING'
const selectTail = 'SELECT position + count - 1 AS tail FROM records ORDER BY position DESC LIMIT 1'
const selectLastKey = 'SELECT max(key) AS key FROM streams'
const selectRecords = `
  ${chain} SELECT position, revision, body FROM chain JOIN records USING (position, revision) ORDER BY revision
`

/** Streams whose last revision is remembered. */
const headsRemembered = 50_000

export class Committer {
  readonly #database: DatabaseSync
  readonly #heads: Heads
  readonly #insertKind: StatementSync
  readonly #insertStream: StatementSync
  readonly #updateHead: StatementSync
  readonly #insertRecord: StatementSync
  readonly #insertContent: StatementSync
  /** Streams of this batch whose head is to be written. */
  readonly #moved = new Map<string, Head>()
  #tail = 0
  #lastKey = 0

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#heads = new Heads(database, headsRemembered)
    this.#insertKind = database.prepare(insertKind)
    this.#insertStream = database.prepare(insertStream)
    this.#updateHead = database.prepare(updateHead)
    this.#insertRecord = database.prepare(insertRecord)
    this.#insertContent = database.prepare(insertContent)
    this.#recall()
  }

  get tail(): number {
    return this.#tail
  }

  /** What is remembered of these streams does not hold any more. */
  forgotten(streams: Iterable<string>): void {
    for (const stream of streams) this.#heads.drop(stream)
  }

  /** Writes the batch, with the answers in its memory. When it throws, nothing of the batch was written. */
  commit({ memory, units, kinds }: Batch): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      for (const [kind, json] of kinds) this.#insertKind.run(kind, kindSum(kind, json), json)
      const frame = new FrameReader(memory)
      for (let unit = 0; unit < units; unit++) this.#writeUnit(frame)
      this.#writeHeads()
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#undo()
      throw error
    }
  }

  #writeUnit(frame: FrameReader): void {
    const appends: ReceivedAppend[] = []
    for (let left = frame.enterUnit(); left > 0; left--) appends.push(frame.readAppend())
    const verdict = this.#judge(appends)
    if (verdict === null) for (const append of appends) this.#write(append)
    frame.answer(verdict ?? { kind: 'stored', position: this.#tail })
  }

  /** The answer to a unit that is not to be written: it was before, or it cannot be. Null for one that is new. */
  #judge(appends: readonly ReceivedAppend[]): Answer | null {
    const ahead = appends.length > 1 ? new Map<string, number>() : null
    let fresh = false
    let known: { position: number; refusal: Answer } | null = null
    for (const [place, append] of appends.entries()) {
      const { stream, expected, events } = append
      const actual = ahead?.get(stream) ?? this.#heads.of(stream).revision
      const refusal: Answer = { kind: 'wrongRevision', append: place, actual }
      if (actual === expected) {
        fresh ||= events > 0 || append.contents.length > 0
        ahead?.set(stream, expected + events)
      } else {
        const position = this.#positionOfRetry(append, actual)
        if (position === null) return refusal
        known = { position, refusal }
      }
    }
    if (known === null) return null
    return fresh ? known.refusal : { kind: 'stored', position: known.position }
  }

  #write({ stream, events, body, contents }: ReceivedAppend): void {
    for (const { id, bytes } of contents) this.#insertContent.run(id, bytes)
    if (events === 0) return
    const head = this.#heads.of(stream)
    const position = this.#tail + 1
    const revision = head.revision + 1
    if (head.key === 0) this.#nameStream(stream, head, position)
    else this.#moved.set(stream, head)
    const sum = recordSum(stream, position, revision, body)
    this.#insertRecord.run(position, head.key, revision, head.position, events, sum, body)
    head.position = position
    head.revision += events
    this.#tail += events
  }

  #nameStream(stream: string, head: Head, position: number): void {
    const key = this.#lastKey + 1
    this.#insertStream.run(key, stream, position, headSum(stream, key, position))
    this.#lastKey = key
    head.key = key
  }

  /** Once for each stream, however many of its appends were in the batch. */
  #writeHeads(): void {
    for (const [stream, { key, position }] of this.#moved)
      this.#updateHead.run(position, headSum(stream, key, position), key)
    this.#moved.clear()
  }

  /** Where the last event of this append is, when the same events were written at the same place before. */
  #positionOfRetry({ stream, expected, events, body }: ReceivedAppend, actual: number): number | null {
    if (events === 0 || actual < expected + events) return null
    const { key, position: last } = this.#heads.of(stream)
    const rows = this.#database.prepare(selectRecords).all(last, key, expected + 1)
    const first = Number(rows[0]?.revision ?? 0)
    const stored = rows.flatMap(({ position, revision, body: text }) =>
      idsIn(String(text)).map((id, at) => ({
        id,
        revision: Number(revision) + at,
        position: Number(position) + at,
      })),
    )
    const wanted = stored.slice(expected + 1 - first, expected + 1 - first + events)
    const ids = idsIn(Buffer.from(body).toString())
    return ids.every((id, at) => wanted[at]?.id === id) ? wanted.at(-1)!.position : null
  }

  #undo(): void {
    // A failed COMMIT may have rolled back already.
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
    this.#heads.forget()
    this.#moved.clear()
    this.#recall()
  }

  #recall(): void {
    this.#tail = Number(this.#database.prepare(selectTail).get()?.tail ?? 0)
    this.#lastKey = Number(this.#database.prepare(selectLastKey).get()?.key ?? 0)
  }
}

const idsIn = (body: string): readonly string[] =>
  (JSON.parse(body) as [kind: number, id: string][]).map(([, id]) => id)
