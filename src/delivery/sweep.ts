/** What is owed and not done, for whatever reason: a full disk, a crash. Looked for again and again; doing it twice does nothing. */
import type { MessageAccepted } from '../../machines/vocabulary/events.ts'
import type { LogReader } from '../log/port.ts'
import type { Backlog } from './backlog.ts'
import type { Accepted } from './router.ts'

type NoticeDue = ReturnType<Backlog['noticesDue']>[number]

export type SweepOptions = {
  readonly log: Pick<LogReader, 'readStream'>
  readonly backlog: Pick<Backlog, 'caughtUp' | 'unrouted' | 'noticesDue'>
  readonly route: (accepted: Accepted, only: ReadonlySet<string>) => Promise<void>
  readonly notify: (due: NoticeDue) => Promise<unknown>
}

/** Messages and notices asked for at once. */
const atOnce = 1000

/** Of messages, only those accepted before this time (milliseconds since 1970): the others are on their way. */
export type Asked = { readonly olderThan: number }
/** Resolves when everything that was found has been seen to; one after the other, so that mail under way is not held up. */
export type Sweep = (asked: Asked) => Promise<void>

/** A sweep that is asked for while one is under way is that one. */
export const sweepOf = (options: SweepOptions): Sweep => {
  let underWay: Promise<void> | null = null
  return (asked) => {
    underWay ??= sweep(options, asked).finally(() => {
      underWay = null
    })
    return underWay
  }
}

const sweep = async ({ log, backlog, route, notify }: SweepOptions, { olderThan }: Asked): Promise<void> => {
  // Views that lag behind take for owed what has been done since.
  await backlog.caughtUp()
  for (const unrouted of backlog.unrouted(atOnce)) {
    if (unrouted.acceptedAt > olderThan) continue
    const accepted = await acceptedAt(log, unrouted)
    if (accepted) await route(accepted, new Set([unrouted.nextHop]))
  }
  for (const due of backlog.noticesDue(atOnce)) await notify(due)
}

/** The fact that a message was accepted, from the place where it stands. */
export const acceptedAt = async (
  log: SweepOptions['log'],
  { stream, revision }: { readonly stream: string; readonly revision: number },
): Promise<Accepted | null> => {
  // What this process recorded is what the vocabulary says.
  for await (const page of log.readStream(stream, { from: revision, limit: 1 }))
    for (const { type, data, at } of page)
      if (type === 'MessageAccepted') return { message: data as MessageAccepted, at }
  return null
}
