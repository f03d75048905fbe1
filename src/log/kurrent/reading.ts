/** Reading in pages. `$all` is read from positions of events only, never from one that was reckoned. */
import type { AllStreamResolvedEvent, ReadPosition, ResolvedEvent } from '@kurrent/kurrentdb-client'
import { LogDamaged, type Look, type Piece, type ReadFilter, type StoredEvent } from '../port.ts'
import { Asking, NoSuchPosition } from './asking.ts'
import { decode } from './encoding.ts'
import { everything, namesOf, type Selection, selectionOf } from './filter.ts'
import type { Link } from './link.ts'
import type { Settings } from './options.ts'
import type { StreamReader } from './witness.ts'

type Pages = AsyncGenerator<readonly StoredEvent[], void, undefined>
/** Events that are ours, up to the first that cannot be read. */
type Decoded = { readonly events: readonly StoredEvent[]; readonly damage: LogDamaged | null }
type Page = Decoded & {
  /** The position of the last event the server gave, ours or not. */
  readonly upTo: number
  readonly isLast: boolean
  /** Streams that end in it: nothing of theirs comes later. */
  readonly ended: readonly string[]
}

export const pageSize = 1000
/** Events of a piece, where few of them are wanted. */
const smallestPiece = 100

export class Reading implements StreamReader {
  readonly #asking: Asking
  readonly #prefix: string

  constructor({ link, settings, prefix }: { link: Link; settings: Settings; prefix: string }) {
    this.#asking = new Asking(link, settings.readWithin)
    this.#prefix = prefix
  }

  plain(stream: string): string {
    return stream.slice(this.#prefix.length)
  }

  /** @throws LogDamaged, after the events before the damage */
  async *readAll(
    after: number,
    { filter = {}, limit = Infinity }: { filter?: ReadFilter; limit?: number },
  ): Pages {
    const selection = selectionOf(filter, this.#prefix)
    if (selection === null) return
    let left = limit
    for (let next = after; left > 0; ) {
      const count = selection.isCoarse ? pageSize : Math.min(pageSize, left)
      const page = await this.#pageFrom(next, selection, count)
      const events = page.events.filter(({ position }) => position > after).slice(0, left)
      if (events.length > 0) yield events
      left -= events.length
      if (page.damage && left > 0) throw page.damage
      if (page.isLast) return
      next = page.upTo
    }
  }

  /** @throws LogDamaged, after the events before the damage */
  async *pieces({ order, from, filter = {}, wanted = Infinity }: Look): AsyncGenerator<Piece> {
    const chosen = selectionOf(filter, this.#prefix)
    const isFiltered = filter.categories !== undefined || filter.types !== undefined
    const count = isFiltered ? pageSize : Math.min(pageSize, Math.max(wanted, smallestPiece))
    const pages = order === 'newest' ? this.#back(from, count) : this.#onwards(from, count)
    for await (const { events, damage, upTo } of pages) {
      const fit = events.filter((event) => chosen?.isWanted(event) ?? false)
      if (damage === null) yield { events: fit, to: upTo }
      else if (fit.length > 0) yield { events: fit, to: fit.at(-1)!.position }
      if (damage !== null) throw damage
    }
  }

  /** The position itself where the server can read from it; else that of the last event before. */
  async begin(after: number, selection: Selection): Promise<number> {
    try {
      if (after > 0) await this.#page(after, selection, 1)
      return Math.max(0, after)
    } catch (error) {
      if (!(error instanceof NoSuchPosition)) throw error
      return this.#lastUpTo(after, selection)
    }
  }

  /** @throws LogDamaged, after the events before the damage */
  async *readStream(name: string, { from = 0, limit = Infinity }: { from?: number; limit?: number }): Pages {
    let left = limit
    for (let next = Math.max(from, 0); left > 0; ) {
      const count = Math.min(pageSize, left)
      const { events, damage } = this.#decoded(await this.#ofStream(this.#prefix + name, next, count))
      if (events.length > 0) yield events
      left -= events.length
      if (damage && left > 0) throw damage
      if (events.length < count) return
      next = events.at(-1)!.revision + 1
    }
  }

  async events(stream: string, from: number, count: number): Promise<readonly StoredEvent[]> {
    return whole(this.#decoded(await this.#ofStream(stream, from, count)))
  }

  async last(stream: string): Promise<number> {
    const [last] = await this.#asking.stream(stream, {
      ...{ fromRevision: 'end', maxCount: 1, direction: 'backwards' },
    })
    return Number(last?.event?.revision ?? -1)
  }

  /** Backwards from the end, past what others wrote: each page begins where the one before ended. */
  async lastOfAll(): Promise<StoredEvent | null> {
    const { filter } = selectionOf({}, this.#prefix)!
    let fromPosition: ReadPosition = 'end'
    for (let maxCount = 1; ; maxCount = Math.min(maxCount * 10, pageSize)) {
      const found = await this.#asking.all({ direction: 'backwards', fromPosition, maxCount, filter })
      const [last] = whole(this.#decoded(found))
      if (last !== undefined) return last
      const end = found.at(-1)?.event?.position
      if (end === undefined || found.length < maxCount) return null
      fromPosition = end
    }
  }

  /** Of what a subscription brought: ours, after the position, and fitting. */
  wanted(found: readonly AllStreamResolvedEvent[], after: number, selection: Selection): Decoded {
    const { events, damage } = this.#decoded(found)
    return { events: events.filter((event) => event.position > after && selection.isWanted(event)), damage }
  }

  /** Names of streams that begin so, in order; not of those that were ended. */
  async names(beginning: string): Promise<readonly string[]> {
    const names = new Set<string>()
    for await (const { events, ended } of this.#pages(0, namesOf(this.#prefix + beginning))) {
      for (const { stream } of events) names.add(stream)
      for (const stream of ended) names.delete(stream)
    }
    return [...names].sort()
  }

  async isAnythingAfter(after: number, selection: Selection): Promise<boolean> {
    for await (const { events } of this.#pages(after, selection)) if (events.length > 0) return true
    return false
  }

  async #pageFrom(after: number, selection: Selection, count: number): Promise<Page> {
    try {
      return await this.#page(after, selection, count)
    } catch (error) {
      if (!(error instanceof NoSuchPosition)) throw error
      return this.#page(await this.#lastUpTo(after, selection), selection, pageSize)
    }
  }

  /** Looked for from the beginning: nobody knows where an event begins before a place within it. */
  async #lastUpTo(after: number, selection: Selection): Promise<number> {
    let last = 0
    for await (const { events, upTo } of this.#pages(0, selection)) {
      last = events.findLast(({ position }) => position <= after)?.position ?? last
      if (upTo > after) break
    }
    return last
  }

  /** Past what cannot be read, and to the end. */
  async *#pages(after: number, selection: Selection): AsyncGenerator<Page> {
    for (let next = after; ; ) {
      const page = await this.#page(next, selection, pageSize)
      yield page
      if (page.isLast) return
      next = page.upTo
    }
  }

  async *#onwards(after: number, count: number): AsyncGenerator<Page> {
    const all = everything(this.#prefix)
    for (let next = after; ; ) {
      const page = await this.#pageFrom(next, all, count)
      yield { ...page, events: page.events.filter(({ position }) => position > after) }
      if (page.isLast) return
      next = page.upTo
    }
  }

  async *#back(before: number, count: number): AsyncGenerator<Page> {
    for (let next = await this.#firstFrom(before); next > 0; ) {
      const page = await this.#pageBack(next, count)
      yield { ...page, events: page.events.filter(({ position }) => position < before) }
      if (page.isLast) return
      next = page.upTo
    }
  }

  /** The position itself where the server can read back from it; else that of the first event behind it, or Infinity. */
  async #firstFrom(before: number): Promise<number> {
    if (before <= 0 || before === Infinity) return before
    try {
      await this.#pageBack(before, 1)
      return before
    } catch (error) {
      if (!(error instanceof NoSuchPosition)) throw error
    }
    for await (const { events } of this.#pages(0, everything(this.#prefix))) {
      const found = events.find(({ position }) => position >= before)
      if (found !== undefined) return found.position
    }
    return Infinity
  }

  async #pageBack(before: number, maxCount: number): Promise<Page> {
    const commit = BigInt(before === Infinity ? 0 : before)
    const fromPosition = before === Infinity ? 'end' : { commit, prepare: commit }
    const { filter } = everything(this.#prefix)
    const found = await this.#asking.all({ direction: 'backwards', fromPosition, maxCount, filter })
    const upTo = Number(found.at(-1)?.event?.position?.commit ?? 0)
    return { ...this.#decoded(found), upTo, isLast: found.length < maxCount, ended: [] }
  }

  async #page(after: number, { filter, isWanted }: Selection, count: number): Promise<Page> {
    const isStart = after <= 0
    const fromPosition = isStart ? 'start' : { commit: BigInt(after), prepare: BigInt(after) }
    // What stands at the position itself comes along, and is not wanted.
    const maxCount = count + (isStart ? 0 : 1)
    const found = await this.#asking.all({ direction: 'forwards', fromPosition, maxCount, filter })
    const { events, damage } = this.#decoded(
      found.filter(({ event }) => Number(event?.position?.commit ?? 0) > after),
    )
    const upTo = Number(found.at(-1)?.event?.position?.commit ?? after)
    const ended = found.flatMap(({ event }) =>
      event?.type === '$streamDeleted' ? this.plain(event.streamId) : [],
    )
    return { events: events.filter(isWanted), damage, upTo, isLast: found.length < maxCount, ended }
  }

  #ofStream(stream: string, from: number, count: number): Promise<readonly ResolvedEvent[]> {
    return this.#asking.stream(stream, {
      ...{ fromRevision: BigInt(from), maxCount: count, direction: 'forwards' },
    })
  }

  #decoded(found: readonly (ResolvedEvent | AllStreamResolvedEvent)[]): Decoded {
    const events: StoredEvent[] = []
    for (const { event } of found) {
      try {
        const stored = event === undefined ? null : decode(event, this.#prefix)
        if (stored !== null) events.push(stored)
      } catch (error) {
        if (error instanceof LogDamaged) return { events, damage: error }
        throw error
      }
    }
    return { events, damage: null }
  }
}

const whole = ({ events, damage }: Decoded): readonly StoredEvent[] => {
  if (damage) throw damage
  return events
}
