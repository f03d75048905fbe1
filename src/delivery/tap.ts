/** A log that tells, after each append of this process, which messages were accepted; with their bodies, where they were at hand. */
import type { MessageAccepted } from '../../machines/vocabulary/events.ts'
import { around } from '../log/around.ts'
import type { Append, EventLog } from '../log/port.ts'
import type { Accepted } from './router.ts'

type Tell = (accepted: Accepted) => void

const tellOf = (appends: readonly Append[], tell: Tell): void => {
  for (const { events, contents } of appends)
    for (const { kind, data, at } of events) {
      if (kind.type !== 'MessageAccepted') continue
      // What this process appends under this name is one.
      const message = data as MessageAccepted
      const body = contents?.find(({ id }) => id === message.message)?.bytes
      tell({ message, at, ...(body && { body }) })
    }
}

/** Everything goes on to `log`; `tell` is called once the events are on stable storage. */
export const tapped = (log: EventLog, tell: Tell): EventLog =>
  around(log, {
    append: (appends) =>
      log.append(appends).then((stored) => {
        tellOf(appends, tell)
        return stored
      }),
  })
