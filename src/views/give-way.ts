/** A thread that gives way to those that talk to clients, where the system has priorities for threads. */
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/** Linux gives every thread a priority of its own, under the thread's id. `niceness`: added to its nice value. */
export const giveWay = (niceness: number): void => {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    setPriority(thread, niceness)
  } catch {
    // Elsewhere this thread is like the others.
  }
}
