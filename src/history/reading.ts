/** Reads a whole log past the places where it is damaged, and says where they are. */
import { LogDamaged, type LogReader, type ReadFilter, type StoredEvent } from '../log/port.ts'
import type { Damaged } from './findings.ts'

export type SoundReading = {
  readonly log: Pick<LogReader, 'readAll' | 'tail' | 'spacing' | 'knowsHoles'>
  readonly filter?: ReadFilter
  readonly damaged: (finding: Damaged) => void
}

/** Where positions are dense (see the port), one that is not there was taken away. */
const missing = (from: number, to: number): Damaged => ({
  kind: 'damaged',
  position: from,
  detail: from === to ? 'the event is missing' : `the events up to position ${to} are missing`,
})

/**
 * Pages of everything that can be read. Without a filter, missing positions are damage too, where they are dense and the log does not
 * tell holes apart itself.
 */
export async function* soundPages({
  log,
  filter,
  damaged,
}: SoundReading): AsyncGenerator<readonly StoredEvent[]> {
  const isDense = log.spacing === undefined
  const isWhole = filter === undefined && isDense && !log.knowsHoles
  const tail = await tailOf(log, damaged)
  let after = 0
  let named = 0
  let besides = false
  while (after < tail) {
    try {
      for await (const page of log.readAll(after, filter === undefined ? {} : { filter })) {
        if (isWhole) checkDense(page, after, Math.max(named, after), damaged)
        after = page.at(-1)?.position ?? after
        yield page
      }
      if (isWhole && after < tail && named < tail) damaged(missing(Math.max(named, after) + 1, tail))
      return
    } catch (error) {
      // Where positions are not dense there is no next one to try.
      if (!(error instanceof LogDamaged) || (!isDense && error.position <= after)) throw error
      // An index says nothing of a position: it is named once, and the events are tried one by one.
      if (error.position > named || (error.position === 0 && !besides))
        damaged({ kind: 'damaged', position: error.position, detail: error.detail })
      besides ||= error.position === 0
      // A damaged row can hold several events: go on behind it, one position at a time where need be.
      after = Math.max(isDense ? after + 1 : after, error.position)
      named = Math.max(named, after)
    }
  }
}

/** 0 where not even the end of the log can be found. */
const tailOf = async (log: SoundReading['log'], damaged: SoundReading['damaged']): Promise<number> => {
  try {
    return await log.tail()
  } catch (error) {
    if (!(error instanceof LogDamaged)) throw error
    damaged({ kind: 'damaged', position: error.position, detail: error.detail })
    return 0
  }
}

const checkDense = (
  page: readonly StoredEvent[],
  after: number,
  named: number,
  damaged: (finding: Damaged) => void,
): void => {
  let wanted = after + 1
  for (const { position } of page) {
    if (position > wanted && position - 1 > named) damaged(missing(Math.max(wanted, named + 1), position - 1))
    wanted = position + 1
  }
}
