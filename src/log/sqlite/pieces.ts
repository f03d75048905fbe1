/** Rows into the events of a piece: from the newest back, as far as nothing is missing or damaged. */
import { LogDamaged, type StoredEvent } from '../port.ts'
import type { Decoder, Row } from './decoding.ts'

export type Backwards = {
  /** In their order. */
  readonly rows: readonly Row[]
  /** Where these are all that should be between two positions, the last of them. */
  readonly last: number | null
  readonly types: readonly string[] | undefined
  /** Only what is before it. */
  readonly before: number
}
type Decoded = { readonly events: readonly StoredEvent[]; readonly damage: LogDamaged | null }

/** The newest first. */
export const decodeBack = (decoder: Decoder, { rows, last, types, before }: Backwards): Decoded => {
  const wanted = types === undefined ? null : decoder.kindsOf(types)
  const events: StoredEvent[] = []
  let next = last
  for (const row of rows.toReversed()) {
    const end = row.position + row.count - 1
    if (next !== null && end < next) return { events, damage: new LogDamaged(next, 'events are missing') }
    try {
      const found = decoder.decode(row, { skip: 0, wanted })
      events.push(...found.filter(({ position }) => position < before).reverse())
    } catch (error) {
      if (!(error instanceof LogDamaged)) throw error
      return { events, damage: error }
    }
    if (next !== null) next = row.position - 1
  }
  return { events, damage: null }
}
