/**
 * Sessions that a crash cut off: their histories end in the middle. At the next start each gets its last fact, said by its
 * own machine, so that none stays open for ever. Nothing was acknowledged that is not in the log, so nothing else is owed.
 */
import type { MachineModule } from '../../machines/vocabulary/machine.ts'
import { type LogReader, type StoredEvent, WrongRevision } from '../log/port.ts'
import { readPolicy } from '../policies.ts'
import { ActorHost } from './host.ts'
import type { Outbox } from './outbox.ts'

export type CutOffOptions = {
  readonly module: MachineModule
  /** Ids of sessions that were open when the server before this one ended. */
  readonly ids: Iterable<string>
  readonly log: LogReader
  readonly outbox: Outbox
  readonly node: string
  readonly notice: (what: string, error: Error) => void
}

/** Ends them all; resolves with how many. One that this release cannot relive stays as it is, with a notice. */
export const endCutOff = async (options: CutOffOptions): Promise<number> => {
  let ended = 0
  for (const id of options.ids) if (await endOne(id, options)) ended++
  await options.outbox.settled()
  return ended
}

const endOne = async (id: string, { module, log, outbox, node, notice }: CutOffOptions): Promise<boolean> => {
  const failed = (error: Error): void => {
    // Somebody else has ended it meanwhile: as good.
    if (!(error instanceof WrongRevision)) notice(`the session ${id}, cut off by a crash, stays open`, error)
  }
  try {
    const past = await eventsOf(`${module.category}-${id}`, log)
    const policy = await readPolicy(log, String(past[0]?.data.policy))
    const nothing = (): void => {}
    const host = new ActorHost({
      module,
      id,
      input: { policy },
      outbox,
      node,
      past,
      perform: nothing,
      passed: nothing,
      failed,
    })
    if (host.over) return false
    host.send({ type: 'CUT_OFF' })
    return true
  } catch (error) {
    failed(error instanceof Error ? error : new Error(String(error)))
    return false
  }
}

const eventsOf = async (stream: string, log: LogReader): Promise<readonly StoredEvent[]> => {
  const events: StoredEvent[] = []
  for await (const page of log.readStream(stream)) events.push(...page)
  return events
}
