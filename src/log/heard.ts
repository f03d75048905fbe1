/** A log whose appends are heard of. */
import { around } from './around.ts'
import type { Append, EventLog } from './port.ts'

export type Hear = (appends: readonly Append[]) => void

/** Everything goes on to `log`; what `hear` gives is called once the events are on stable storage. Null: nobody listens, and nothing is waited for. */
export const heard = (log: EventLog, hear: () => Hear | null): EventLog =>
  around(log, {
    append: (appends) => {
      const stored = log.append(appends)
      const listener = hear()
      return listener === null ? stored : stored.then((position) => told(listener, appends, position))
    },
  })

const told = <Stored>(listener: Hear, appends: readonly Append[], stored: Stored): Stored => {
  try {
    listener(appends)
  } catch {
    // What is stored is stored, whatever can be told of it: somebody else's event, of a shape that is not ours.
  }
  return stored
}
