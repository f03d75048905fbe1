/**
 * Reading in pages. Positions and revisions are dense, so a page is a window of them, and a hole nobody made is seen. Other work gets
 * its turn between two pages.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { LogDamaged, type Look, type Piece, type ReadFilter, type StoredEvent } from '../port.ts'
import type { Decoder, Row } from './decoding.ts'
import { messageOf } from './faults.ts'
import { decodeBack } from './pieces.ts'
import type { Questions, Rows } from './rows.ts'

/** Events in a page; a row is never cut by it, so a page can be larger. */
const pageSize = 1000
/** Positions looked at for one page where the filter leaves out most of them. */
const filteredPageSize = 3000
/** Categories with no more rows than this are read by their streams, however long the log is. */
const fewRows = 5000
const rowsInPage = 250
/** Events of a piece, where few of them are wanted. */
const smallestPiece = 100

/** Events, the position (or revision) up to which everything was looked at, and the damage that ended the page. */
type Page = {
  readonly events: readonly StoredEvent[]
  readonly upTo: number
  readonly damage: LogDamaged | null
}
type Pages = AsyncGenerator<readonly StoredEvent[], void, undefined>
type Decoded = Omit<Page, 'upTo'>
type Unbroken = { readonly rows: readonly Row[]; readonly damage: LogDamaged | null }

export type ReadAllOptions = { readonly filter?: ReadFilter | undefined; readonly limit?: number }
/** Reads no further than this position, instead of what is there now. */
type UpTo = { readonly upTo?: number }
export type ReadStreamOptions = { readonly from?: number; readonly limit?: number }

export class Reading {
  readonly #questions: Questions
  readonly #decoder: Decoder

  constructor(questions: Questions, decoder: Decoder) {
    this.#questions = questions
    this.#decoder = decoder
  }

  /** All of it after a position, up to what is there now. @throws LogDamaged, after the events before the damage */
  async *readAll(after: number, { filter = {}, limit = Infinity, upTo }: ReadAllOptions & UpTo = {}): Pages {
    const tail = upTo ?? this.#questions.tail()
    yield* inPages({ after, tail, limit, page: this.#pages({ after, tail, filter, size: sizeFor(filter) }) })
  }

  /** @throws LogDamaged, after the events before the damage */
  async *pieces({
    order,
    from,
    filter = {},
    wanted = Infinity,
  }: Look): AsyncGenerator<Piece, void, undefined> {
    const tail = this.#questions.tail()
    const size = pieceSize(filter, wanted)
    if (order === 'newest') {
      const before = Math.min(from, tail + 1)
      const few = this.#fewRows(0, before - 1, filter)
      const back = few ? this.#listedBack(few, filter) : this.#scannedBack(filter, size)
      const page = this.#isUnheard(filter) ? () => nothing(1) : back
      yield* inPieces({ from: before, isOver: (at) => at <= 1, page })
      return
    }
    const page = this.#pages({ after: from, tail, filter, size })
    yield* inPieces({ from, isOver: (at) => at >= tail, page })
  }

  async *readStream(stream: string, { from = 0, limit = Infinity }: ReadStreamOptions = {}): Pages {
    const end = this.#questions.stream(stream)
    if (end === null) return
    const { positions, begins } = this.#questions.rowsOfStream(end, Math.max(from, 0))
    yield* inPages({
      after: Math.max(from, begins, 0) - 1,
      tail: end.tail,
      limit,
      page: this.#chained(positions, { stream, tail: end.tail }),
    })
  }

  /**
   * Whether no event has ever been of these types: a kind is stored no later than its events. To be asked after the log's end was.
   */
  #isUnheard({ types }: ReadFilter): boolean {
    return types !== undefined && this.#decoder.kindsOf(types).numbers.size === 0
  }

  /** The rows of the wanted categories, where listing them is cheaper than looking at everything. */
  #fewRows(after: number, tail: number, { categories }: ReadFilter): readonly number[] | null {
    if (!categories || tail - after <= filteredPageSize) return null
    return this.#questions.positionsOfCategories(categories, fewRows)
  }

  #pages({ after, tail, filter, size }: Reach): (after: number) => Page {
    if (this.#isUnheard(filter)) return () => nothing(tail)
    const few = this.#fewRows(after, tail, filter)
    return few ? this.#listed(few, tail, filter) : this.#scanned(tail, filter, size)
  }

  #scanned(tail: number, { categories, types }: ReadFilter, size: number): (after: number) => Page {
    return (after) => {
      const first = this.#questions.rowHolding(after + 1)
      const last = Math.min(after + size, tail)
      const found = categories
        ? this.#placed(this.#questions.windowOfCategories(first, last, categories), first)
        : unbroken(this.#placed(this.#questions.window(first, last), first), first, last)
      const skip = after + 1 - (found.rows[0]?.position ?? 0)
      return { ...this.#decode(found, { skip, types }), upTo: Math.max(last, endOf(found.rows)) }
    }
  }

  #scannedBack({ categories, types }: ReadFilter, size: number): (before: number) => Page {
    return (before) => {
      const first = this.#questions.rowHolding(Math.max(1, before - size))
      const last = before - 1
      const { rows, damage } = this.#placed(
        categories
          ? this.#questions.windowOfCategories(first, last, categories)
          : this.#questions.window(first, last),
        first,
      )
      const all = categories === undefined && damage === null ? last : null
      const found = decodeBack(this.#decoder, { rows, last: all, types, before })
      // What could be read lies behind the damage, where one does not come from here.
      if (damage !== null) return { events: [], upTo: first, damage }
      const isWhole = all === null || (rows[0]?.position ?? Infinity) <= first
      return {
        ...found,
        upTo: first,
        damage: found.damage ?? (isWhole ? null : new LogDamaged(first, 'events are missing')),
      }
    }
  }

  #listedBack(positions: readonly number[], { types }: ReadFilter): (before: number) => Page {
    return (before) => {
      const end = positions.findLastIndex((position) => position < before) + 1
      const wanted = positions.slice(Math.max(0, end - rowsInPage), end)
      const { rows, damage } = this.#placed(this.#questions.rowsAt(wanted), wanted[0] ?? 1)
      if (damage !== null) return { events: [], upTo: 1, damage }
      const upTo = end > rowsInPage ? wanted[0]! : 1
      return { ...decodeBack(this.#decoder, { rows, last: null, types, before }), upTo }
    }
  }

  #listed(positions: readonly number[], tail: number, { types }: ReadFilter): (after: number) => Page {
    let next: number | null = null
    return (after) => {
      // The last row that starts before may reach beyond.
      next ??= Math.max(
        positions.findLastIndex((position) => position <= after + 1),
        0,
      )
      const wanted = positions.slice(next, next + rowsInPage)
      next += wanted.length
      const found = this.#placed(this.#questions.rowsAt(wanted), wanted[0] ?? 1)
      const skip = after + 1 - (wanted[0] ?? 0)
      return {
        ...this.#decode(found, { skip, types }),
        upTo: next < positions.length ? wanted.at(-1)! : tail,
      }
    }
  }

  /** A stream's rows, wherever they are in the log. */
  #chained(positions: readonly number[], { stream, tail }: StreamPlace): (after: number) => Page {
    let next = 0
    return (after) => {
      const wanted = positions.slice(next, next + rowsInPage)
      next += wanted.length
      const read = this.#placed(this.#questions.rowsAt(wanted), 1)
      const found = unbrokenStream(read, { stream, after, last: next < positions.length ? null : tail })
      const skip = after + 1 - (found.rows[0]?.revision ?? 0)
      const end = found.rows.at(-1)
      return { ...this.#decode(found, { skip }), upTo: end ? lastRevisionOf(end) : tail }
    }
  }

  /** Names the place where SQLite could not read on. */
  #placed({ rows, damage }: Rows, from: number): Unbroken {
    if (damage === null) return { rows, damage }
    return { rows, damage: new LogDamaged(this.#questions.firstUnreadable(from), messageOf(damage)) }
  }

  /** `skip`: how many events of the first row were read before. */
  #decode({ rows, damage }: Unbroken, { skip, types }: { skip: number; types?: readonly string[] }): Decoded {
    const events: StoredEvent[] = []
    const wanted = types ? this.#decoder.kindsOf(types) : null
    for (const [at, row] of rows.entries()) {
      const passed = at === 0 ? Math.max(skip, 0) : 0
      try {
        for (const event of this.#decoder.decode(row, { skip: passed, wanted })) events.push(event)
      } catch (error) {
        if (!(error instanceof LogDamaged)) throw error
        // Reading on from there comes past the damaged row at last.
        return { events, damage: passed === 0 ? error : new LogDamaged(row.position + passed, error.detail) }
      }
    }
    return { events, damage }
  }
}

type StreamPlace = { readonly stream: string; readonly tail: number }
type PageOptions = {
  readonly after: number
  readonly tail: number
  readonly limit: number
  readonly page: (after: number) => Page
}

type Reach = {
  readonly after: number
  readonly tail: number
  readonly filter: ReadFilter
  readonly size: number
}

const sizeFor = ({ categories, types }: ReadFilter): number =>
  categories || types ? filteredPageSize : pageSize
/** Where everything fits, no more than is wanted. */
const pieceSize = (filter: ReadFilter, wanted: number): number => {
  const most = sizeFor(filter)
  return most === pageSize ? Math.min(most, Math.max(wanted, smallestPiece)) : most
}

const nothing = (upTo: number): Page => ({ events: [], upTo, damage: null })

type PieceOptions = {
  readonly from: number
  readonly isOver: (at: number) => boolean
  readonly page: (from: number) => Page
}

async function* inPieces({ from, isOver, page }: PieceOptions): AsyncGenerator<Piece, void, undefined> {
  for (let next = from; !isOver(next); ) {
    const { events, upTo, damage } = page(next)
    if (damage !== null) {
      if (events.length > 0) yield { events, to: events.at(-1)!.position }
      throw damage
    }
    yield { events, to: upTo }
    next = upTo
    await turn()
  }
}

async function* inPages({ after, tail, limit, page }: PageOptions): Pages {
  let left = limit
  for (let next = after; next < tail && left > 0; ) {
    const { events, upTo, damage } = page(next)
    const taken = events.length > left ? events.slice(0, left) : events
    if (taken.length > 0) yield taken
    left -= taken.length
    if (damage && left > 0) throw damage
    next = upTo
    if (next < tail) await turn()
  }
}

const endOf = (rows: readonly Row[]): number => {
  const last = rows.at(-1)
  return last ? last.position + last.count - 1 : 0
}

/** Rows up to the first hole between `first` and `last`. */
const unbroken = ({ rows, damage }: Unbroken, first: number, last: number): Unbroken => {
  let next = first
  for (const [at, { position, count }] of rows.entries()) {
    if (position !== next)
      return { rows: rows.slice(0, at), damage: new LogDamaged(next, 'events are missing') }
    next += count
  }
  if (damage || next > last) return { rows, damage }
  return { rows, damage: new LogDamaged(next, 'events are missing') }
}

const lastRevisionOf = ({ revision, count }: Row): number => revision + count - 1

type StreamWindow = {
  readonly stream: string
  readonly after: number
  /** The stream's last revision, where these are its last rows. */
  readonly last: number | null
}
/** Rows up to the first hole in the stream's revisions; the first of them may begin before. */
const unbrokenStream = ({ rows, damage }: Unbroken, { stream, after, last }: StreamWindow): Unbroken => {
  let next = after + 1
  const missing = (before: readonly Row[]) =>
    new LogDamaged(endOf(before) + 1, `revision ${next} of stream ${stream} is missing`)
  for (const [at, row] of rows.entries()) {
    const begins = at === 0 ? row.revision <= next && next <= lastRevisionOf(row) : row.revision === next
    if (!begins) return { rows: rows.slice(0, at), damage: missing(rows.slice(0, at)) }
    next = lastRevisionOf(row) + 1
  }
  if (damage || last === null || next > last) return { rows, damage }
  return { rows, damage: missing(rows) }
}
