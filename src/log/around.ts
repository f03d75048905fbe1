/** A log that does some things otherwise. */
import type { EventLog } from './port.ts'

type Otherwise = Partial<Pick<EventLog, 'append' | 'forget' | 'content' | 'close'>> & {
  /** Instead of what `log` has waiting. */
  readonly waiting?: () => number
}

/** Everything that is not done `otherwise` is done by `log`: who wraps a log forgets nothing of it. */
export const around = (
  log: EventLog,
  { waiting = () => log.waiting, ...otherwise }: Otherwise,
): EventLog => ({
  append: (appends) => log.append(appends),
  forget: (what) => log.forget(what),
  get waiting() {
    return waiting()
  },
  ...(log.spacing !== undefined && { spacing: log.spacing }),
  ...(log.knowsHoles && { knowsHoles: true }),
  ...(log.forgetsLater && { forgetsLater: true }),
  readStream: (stream, options) => log.readStream(stream, options),
  readAll: (after, options) => log.readAll(after, options),
  pieces: (look) => log.pieces(look),
  subscribe: (after, options) => log.subscribe(after, options),
  tail: () => log.tail(),
  last: () => log.last(),
  streams: (prefix, options) => log.streams(prefix, options),
  content: (id) => log.content(id),
  close: () => log.close(),
  ...otherwise,
})
