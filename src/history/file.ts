/** A history file as something to read from, without any log. */
import { idOf, type LogReader, type StoredEvent } from '../log/port.ts'
import { type Known, PassingContents } from './contents.ts'
import { HistoryFault } from './fault.ts'
import type { EventLine, Header } from './format.ts'
import { historyLines } from './lines.ts'
import { policyStream } from './policies.ts'
import { type ContentCheck, notChecked } from './verify.ts'

/** Events read at once. */
const pageSize = 500

/** Streams a whole replay may hold in memory, by their events. */
const mostHeld = 1_000_000

export type StreamHistory = {
  readonly stream: string
  readonly events: readonly StoredEvent[]
  readonly policy: unknown
}

export class HistoryFile {
  readonly #open: () => AsyncIterable<Uint8Array>
  readonly #policies = new Map<string, StoredEvent>()
  readonly #bodies = new Map<string, Known>()

  constructor(open: () => AsyncIterable<Uint8Array>) {
    this.#open = open
  }

  /** What a verification asks a log: here the policies that have passed. */
  readonly log: Pick<LogReader, 'readStream'> = {
    readStream: (stream) => this.#policyPages(stream),
  }

  /** As the header says; null: of all messages. */
  #contentOf: ReadonlySet<string> | null = null

  /** Bodies were held against their events while they passed; only a missing one is left to say. */
  readonly content: ContentCheck = async (message) => {
    if (this.#bodies.delete(message)) return null
    const isPromised = this.#contentOf?.has(message) ?? true
    return isPromised ? 'the file does not have its content' : notChecked
  }

  /**
   * Events in the order of the file, `position` being their number in it.
   * @throws HistoryFault
   */
  async *pages(): AsyncGenerator<readonly StoredEvent[]> {
    const contents = new PassingContents()
    let page: StoredEvent[] = []
    let position = 0
    const begins = ({ contentOf }: Header): void => {
      this.#contentOf = contentOf === undefined ? null : new Set(contentOf)
    }
    for await (const read of historyLines(this.#open(), begins)) {
      if (read.kind === 'content') {
        contents.take(read.content, read.line)
        continue
      }
      const known = contents.check(read.event, read.line)
      if (known !== undefined) this.#bodies.set(String(read.event.data.message), known)
      position += 1
      page.push(this.#stored(read.event, position))
      if (page.length < pageSize) continue
      yield page
      page = []
    }
    contents.end()
    if (page.length > 0) yield page
  }

  /** Every stream of these categories with all its events, in the order in which they begin. */
  async streams(categories: readonly string[]): Promise<StreamHistory[]> {
    const found = new Map<string, StoredEvent[]>()
    let held = 0
    for await (const page of this.pages())
      for (const event of page) {
        if (!categories.some((category) => event.stream.startsWith(`${category}-`))) continue
        held += 1
        if (held > mostHeld)
          throw new HistoryFault(
            `the file has more than ${mostHeld} events to replay; import it and replay one id`,
          )
        const events = found.get(event.stream) ?? []
        events.push(event)
        found.set(event.stream, events)
      }
    return [...found].map(([stream, events]) => ({ stream, events, policy: this.#policyOf(events[0]!) }))
  }

  #policyOf({ data }: StoredEvent): unknown {
    return typeof data.policy === 'string'
      ? this.#policies.get(policyStream(data.policy))?.data.policy
      : undefined
  }

  #stored({ stream, ...line }: EventLine, position: number): StoredEvent {
    const event = { position, stream, ...line, meta: { $correlationId: idOf(stream), ...line.meta } }
    if (event.type === 'PolicyAdopted') this.#policies.set(stream, event)
    return event
  }

  async *#policyPages(stream: string): AsyncGenerator<readonly StoredEvent[]> {
    const policy = this.#policies.get(stream)
    if (policy !== undefined) yield [policy]
  }
}
