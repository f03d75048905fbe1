/** What was forgotten, as the log says; and a log without what is forgotten and still comes. */
import type { ContentForgotten, HistoryForgotten } from '../../machines/vocabulary/events.ts'
import { idOf, type LogReader, type Look, type Piece, type StoredEvent } from '../log/port.ts'
import { category } from './forgetting.ts'

type Log = Pick<LogReader, 'readAll'>
type Pages = AsyncGenerator<readonly StoredEvent[], void, undefined>

async function* factsIn(log: Log): AsyncGenerator<StoredEvent> {
  for await (const page of log.readAll(0, { filter: { categories: [category] } })) yield* page
}

/** Names of streams. */
export const forgottenStreams = async (log: Log): Promise<ReadonlySet<string>> => {
  const names = new Set<string>()
  // What servers append here is what the vocabulary says.
  for await (const { type, data } of factsIn(log))
    if (type === 'HistoryForgotten') for (const name of (data as HistoryForgotten).streams) names.add(name)
  return names
}

/** Of a history whose name, or whose session's id, begins so: when it was forgotten, milliseconds since 1970; else null. */
export const forgottenAt = async (log: Log, beginning: string): Promise<number | null> => {
  for await (const { type, at, data } of factsIn(log)) {
    if (type !== 'HistoryForgotten') continue
    const names = (data as HistoryForgotten).streams
    if (names.some((name) => name.startsWith(beginning) || idOf(name).startsWith(beginning))) return at
  }
  return null
}

/** Ids of messages whose bodies were forgotten. */
export const forgottenContents = async (log: Log): Promise<ReadonlySet<string>> => {
  const ids = new Set<string>()
  for await (const { type, data } of factsIn(log))
    if (type === 'ContentForgotten') for (const id of (data as ContentForgotten).messages) ids.add(id)
  return ids
}

/** The same log, where the engine forgets at once; else it leaves out what it was told to forget. */
export const remembered = (log: LogReader): LogReader => {
  if (!log.forgetsLater) return log
  let names: Promise<ReadonlySet<string>> | null = null
  async function* readAll(...asked: Parameters<LogReader['readAll']>): Pages {
    names ??= forgottenStreams(log)
    const gone = await names
    for await (const page of log.readAll(...asked)) {
      const kept = page.filter(({ stream }) => !gone.has(stream))
      if (kept.length > 0) yield kept
    }
  }
  async function* pieces(look: Look): AsyncGenerator<Piece> {
    names ??= forgottenStreams(log)
    const gone = await names
    for await (const { events, to } of log.pieces(look))
      yield { events: events.filter(({ stream }) => !gone.has(stream)), to }
  }
  return {
    ...(log.spacing !== undefined && { spacing: log.spacing }),
    readStream: (stream, options) => log.readStream(stream, options),
    ...{ readAll, pieces },
    subscribe: (after, options) => log.subscribe(after, options),
    tail: () => log.tail(),
    last: () => log.last(),
    streams: (prefix, options) => log.streams(prefix, options),
    content: (id) => log.content(id),
    close: () => log.close(),
  }
}
