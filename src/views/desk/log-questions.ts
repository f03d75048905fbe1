/** What is asked of the log itself by those who must not read it on the thread that takes mail: each answer is bounded. */
import { look, lookInStream, type Sought, timeAt } from '../../log/looking.ts'
import type { LogReader } from '../../log/port.ts'
import { filterFor, frameOf, isHeard, type Listening, shown } from '../../telling/live-events.ts'

export type Events = Omit<Sought, 'isWanted' | 'within' | 'reach'> & {
  /** One stream by its whole name, from a revision on. */
  readonly stream: { readonly name: string; readonly revision: number } | null
}
export type EventsPage = {
  /** Of its events, JSON. */
  readonly items: string
  /** Where the next page begins; null where all has been looked at. */
  readonly next: number | null
  /** Milliseconds since 1970: how far a look came that found fewer than it might have; null for any other. */
  readonly searched: number | null
}
/** What somebody hears who is behind the log. */
export type Missed = {
  readonly frames: string
  readonly to: number
  /** The log has been read to its end. */
  readonly isEnd: boolean
}

/** Milliseconds, and events that are gone past. */
const longest = 150
const reach = 100_000
/** Of those who catch up with the log, one after the other. */
const longestOfOne = 50
const mostMissed = 100
/** Characters that somebody is told at once. */
const muchToSay = 128 * 1024

export const logQuestions = {
  events: async (log: LogReader, { stream, ...asked }: Events): Promise<EventsPage> => {
    const { types } = asked.filter
    const inStream = {
      ...{ order: asked.order, after: asked.after, before: asked.before, limit: asked.limit },
      ...(types !== undefined && { isWanted: ({ type }: { readonly type: string }) => types.includes(type) }),
    }
    const { events, to, isEnd } =
      stream === null
        ? await look(log, { ...asked, within: longest, reach })
        : await lookInStream(log, stream.name, { ...inStream, revision: stream.revision })
    const isShorter = !isEnd && events.length < asked.limit
    return {
      items: JSON.stringify(events.map(shown)),
      next: isEnd ? null : to,
      searched: isShorter ? await timeAt(log, to) : null,
    }
  },
  missed: async (log: LogReader, listening: Listening, after: number): Promise<Missed> => {
    const { events, to, isEnd } = await look(log, {
      ...{ order: 'oldest', after, before: Infinity, filter: filterFor(listening) },
      ...{ isWanted: (event) => isHeard(listening, event), limit: mostMissed },
      ...{ within: longestOfOne, reach },
    })
    let frames = ''
    for (const event of events) {
      frames += frameOf(listening, event)
      if (frames.length >= muchToSay && event !== events.at(-1))
        return { frames, to: event.position, isEnd: false }
    }
    return { frames, to, isEnd }
  },
} as const
