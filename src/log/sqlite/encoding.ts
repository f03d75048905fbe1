/** Events as text: what is particular to each, with its kind as a number. */
import { type Append, type EventKind, kindOf, type NewEvent, NotSerialisable } from '../port.ts'
import type { NewKind } from './committer.ts'
import type { FramedAppend } from './frame.ts'

const noContents: NonNullable<Append['contents']> = []

export class Encoder {
  readonly #numbers = new Map<EventKind, number>()
  #next = 1
  /** Kinds the writer has not confirmed; they travel with the next batch. */
  #fresh: NewKind[] = []

  constructor(stored: readonly NewKind[]) {
    for (const [number, json] of stored) {
      const [type, version, meta] = JSON.parse(json) as [string, number, Record<string, string>]
      this.#numbers.set(kindOf(type, version, meta), number)
      this.#next = Math.max(this.#next, number + 1)
    }
  }

  /** @throws NotSerialisable; TypeError for a stream that is not called `category-id`. */
  encode({ stream, expected, events, contents = noContents }: Append): FramedAppend {
    if (stream.indexOf('-') < 1) throw new TypeError(`a stream is called category-id, not "${stream}"`)
    return { stream, expected, events: events.length, body: this.#bodyOf(events), contents }
  }

  /** The kinds first used since the last call, to be written before events that name them. */
  takeFreshKinds(): readonly NewKind[] {
    const fresh = this.#fresh
    if (fresh.length > 0) this.#fresh = []
    return fresh
  }

  /** The batch with these kinds was not written: they must go with the next one. */
  returnKinds(kinds: readonly NewKind[]): void {
    this.#fresh.unshift(...kinds)
  }

  #bodyOf(events: readonly NewEvent[]): string {
    const rows = events.map(({ kind, id, at, data, meta }) => {
      const number = this.#numbers.get(kind) ?? this.#intern(kind)
      return meta === undefined ? [number, id, at, data] : [number, id, at, data, meta]
    })
    try {
      return JSON.stringify(rows)
    } catch (error) {
      const types = events.map(({ kind }) => kind.type).join(', ')
      throw new NotSerialisable(`cannot write ${types} as JSON: ${(error as Error).message}`, {
        cause: error,
      })
    }
  }

  #intern(kind: EventKind): number {
    // The caller may not have used `kindOf`.
    const canonical = kindOf(kind.type, kind.version, kind.meta)
    const known = this.#numbers.get(canonical)
    if (known !== undefined) return known
    const number = this.#next++
    this.#numbers.set(canonical, number)
    this.#fresh.push([number, JSON.stringify([kind.type, kind.version, kind.meta])])
    return number
  }
}
