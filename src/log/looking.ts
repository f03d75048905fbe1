/** A look at the log that is bounded: so much of it, in so long a time, and then how far it came. */
import type { LogReader, ReadFilter, StoredEvent } from './port.ts'

export type Sought = {
  /** `newest`: the newest first. */
  readonly order: 'oldest' | 'newest'
  /** Positions between which one looks, both exclusive; 0 and Infinity for all there is. */
  readonly after: number
  readonly before: number
  readonly filter: ReadFilter
  readonly isWanted?: (event: StoredEvent) => boolean
  readonly limit: number
  /** No longer than so many milliseconds, and past no more than about so many events. */
  readonly within: number
  readonly reach: number
}
export type Found = {
  readonly events: readonly StoredEvent[]
  /** Where another look goes on: `after`, or `before` of the newest first. */
  readonly to: number
  /** All has been looked at. */
  readonly isEnd: boolean
}

export const look = async (log: LogReader, sought: Sought): Promise<Found> => {
  const { order, after, before, filter, isWanted = () => true, limit, within, reach } = sought
  const isBack = order === 'newest'
  const tail = await log.tail()
  const from = isBack ? Math.min(before, tail + 1) : after
  const end = isBack ? after + 1 : Math.min(before - 1, tail)
  const begun = performance.now()
  const events: StoredEvent[] = []
  // Behind the last event there is no position to go back from.
  const place = isBack && before > tail ? Infinity : from
  for await (const piece of log.pieces({ order, from: place, filter, wanted: limit })) {
    for (const event of piece.events) {
      if (event.position <= after || event.position >= before || !isWanted(event)) continue
      events.push(event)
      if (events.length >= limit) return { events, to: event.position, isEnd: false }
    }
    const { to } = piece
    if (isBack ? to <= end : to >= end) break
    if (performance.now() - begun >= within || Math.abs(to - from) >= reach * (log.spacing ?? 1))
      return { events, to, isEnd: false }
  }
  return { events, to: isBack ? after : Math.max(after, end), isEnd: true }
}

type SoughtInStream = Pick<Sought, 'order' | 'after' | 'before' | 'isWanted' | 'limit'> & {
  /** From there on. */
  readonly revision: number
}

/** In one stream, which is read as such, however long the log is. */
export const lookInStream = async (
  log: LogReader,
  stream: string,
  { order, after, before, isWanted = () => true, limit, revision }: SoughtInStream,
): Promise<Found> => {
  const tail = await log.tail()
  const events: StoredEvent[] = []
  for await (const page of log.readStream(stream, { from: revision })) {
    events.push(
      ...page.filter((event) => event.position > after && event.position < before && isWanted(event)),
    )
    if (order === 'oldest' && events.length >= limit) break
    // Of the newest first only the end of the stream is kept.
    if (order === 'newest') events.splice(0, Math.max(0, events.length - limit))
  }
  const found = order === 'newest' ? events.toReversed() : events.slice(0, limit)
  const isEnd = found.length < limit
  return { events: found, to: isEnd ? Math.max(after, tail) : found.at(-1)!.position, isEnd }
}

/** Milliseconds since 1970: when what stands next to a position was recorded; null for an empty log. */
export const timeAt = async (log: LogReader, position: number): Promise<number | null> => {
  for await (const { events } of log.pieces({ order: 'oldest', from: position, wanted: 1 }))
    if (events.length > 0) return events[0]!.at
  return (await log.last())?.at ?? null
}
