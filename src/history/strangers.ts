/** Ids that a file brings: each stands for one event, one message, in the file and in the log together. */
import type { LogReader } from '../log/port.ts'
import { HistoryFault } from './fault.ts'
import type { EventLine } from './format.ts'

const messageOf = (type: string, data: Readonly<Record<string, unknown>>): string | null =>
  type === 'MessageAccepted' && typeof data.message === 'string' ? data.message : null

export class Strangers {
  readonly #events = new Set<string>()
  readonly #messages = new Map<string, number>()

  /** An event the log does not have. @throws HistoryFault when its id, or its message's, came before in the file */
  take({ id, type, data }: EventLine, line: number): void {
    if (this.#events.has(id)) throw new HistoryFault(`line ${line}: there is another event with the id ${id}`)
    this.#events.add(id)
    const message = messageOf(type, data)
    if (message === null) return
    const before = this.#messages.get(message)
    if (before !== undefined)
      throw new HistoryFault(`line ${line}: message ${message} was accepted on line ${before} already`)
    this.#messages.set(message, line)
  }

  /** Reads the whole log once. @throws HistoryFault when it has one of these ids under another event */
  async check(log: Pick<LogReader, 'readAll'>): Promise<void> {
    if (this.#events.size === 0) return
    for await (const page of log.readAll(0))
      for (const { id, type, data, stream, revision } of page) {
        const message = messageOf(type, data)
        const line = message === null ? undefined : this.#messages.get(message)
        if (line !== undefined)
          throw new HistoryFault(
            `line ${line}: message ${message} is in the log already, in stream ${stream}; nothing was imported`,
          )
        if (this.#events.has(id))
          throw new HistoryFault(
            `the event ${id} is in the log already, in stream ${stream} at revision ${revision}; nothing was imported`,
          )
      }
  }
}
