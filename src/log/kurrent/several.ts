/**
 * Appends to several streams at once. A server from 25.1 on writes them all or none. An older one writes one after the other:
 * then all are looked at before the first is written, so that only a writer who comes between, or a crash, leaves a part; the
 * same again completes it.
 */
import type { Appender } from './appender.ts'
import type { Encoded } from './encoding.ts'
import type { Stored } from './job.ts'
import type { Reading } from './reading.ts'
import { type Seen, Witness } from './witness.ts'

export type Unit = {
  readonly stream: string
  readonly expected: number
  readonly events: readonly Encoded[]
  readonly size: number
}
type Parts = { readonly appender: Appender; readonly reading: Reading }

export class Several {
  readonly #appender: Appender
  readonly #reading: Reading
  readonly #witness: Witness

  constructor({ appender, reading }: Parts) {
    this.#appender = appender
    this.#reading = reading
    this.#witness = new Witness(reading)
  }

  /** @throws WrongRevision, LogUnavailable */
  async append(units: readonly Unit[]): Promise<Stored> {
    const looked = units.map(asLooked)
    const seen = await this.#witness.lookAll(looked)
    this.#check(units, seen)
    return this.#oneByOne(units, seen)
  }

  /** What is there already must be the beginning: that is what a part of an earlier try looks like. */
  #check(units: readonly Unit[], seen: readonly Seen[]): void {
    const ahead = new Map<string, number>()
    let fresh = false
    for (const [at, unit] of units.entries()) {
      const found = seen[at]!
      if (found.kind === 'there') {
        if (fresh) throw this.#witness.wrongRevision(asLooked(unit), unit.expected + unit.events.length)
        ahead.set(unit.stream, unit.expected + unit.events.length)
        continue
      }
      const actual = ahead.get(unit.stream) ?? found.last
      if (actual !== unit.expected) throw this.#witness.wrongRevision(asLooked(unit), actual)
      fresh ||= unit.events.length > 0
      ahead.set(unit.stream, unit.expected + unit.events.length)
    }
  }

  async #oneByOne(units: readonly Unit[], seen: readonly Seen[]): Promise<Stored> {
    let position: number | null = null
    for (const [at, unit] of units.entries()) {
      const found = seen[at]!
      if (found.kind === 'there') position = found.position
      else if (unit.events.length > 0) ({ position } = await this.#appender.append(unit, unit.size))
    }
    if (position !== null) return { position }
    const last = await this.#reading.lastOfAll()
    return { position: last?.position ?? 0 }
  }
}

const asLooked = ({ stream, expected, events }: Unit) => ({
  ...{ stream, expected, ids: events.map(({ id }) => id) },
})
