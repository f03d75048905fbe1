/** The first reading of a history that is to be imported: finds every fault, and what the log has already. */
import { idOf, type StoredEvent } from '../log/port.ts'
import type { Belief } from './belief.ts'
import { PassingContents } from './contents.ts'
import { jsonEqual } from './equal.ts'
import type { Existing } from './existing.ts'
import { HistoryFault } from './fault.ts'
import type { EventLine } from './format.ts'
import type { Imported } from './import.ts'
import { historyLines } from './lines.ts'
import { Strangers } from './strangers.ts'

/** A policy's stream is named by its hash: whoever adopted it, and when, it is the same. */
const samePolicy = (line: EventLine, there: StoredEvent): boolean =>
  line.type === 'PolicyAdopted' && there.type === 'PolicyAdopted' && jsonEqual(line.data, there.data)

const sameEvent = (line: EventLine, there: StoredEvent): boolean =>
  line.id === there.id &&
  line.type === there.type &&
  line.version === there.version &&
  line.at === there.at &&
  jsonEqual(line.data, there.data) &&
  jsonEqual(line.meta, there.meta)

export type Checked = Imported & {
  readonly knownMessages: ReadonlySet<string>
  /** What is new in the file, to be looked for in the log. */
  readonly strangers: Strangers
}

export type CheckOptions = {
  /** Null: the log is empty. */
  readonly existing: Existing | null
  readonly belief: Belief
  /** Events may not be dated later than this; milliseconds since 1970. */
  readonly latest: number
}

const storedOf = ({ stream, ...line }: EventLine, position: number): StoredEvent => ({
  position,
  stream,
  ...line,
  meta: { $correlationId: idOf(stream), ...line.meta },
})

export class Check {
  readonly #existing: Existing | null
  /** Revision each stream of the file has reached. */
  readonly #reached = new Map<string, number>()
  readonly #contents = new PassingContents()
  readonly #knownMessages = new Set<string>()
  readonly #strangers = new Strangers()
  readonly #belief: Belief
  readonly #latest: number
  #added = 0
  #known = 0
  #withoutContent = 0
  #accounts = 0

  constructor({ existing, belief, latest }: CheckOptions) {
    this.#existing = existing
    this.#belief = belief
    this.#latest = latest
  }

  async read(input: AsyncIterable<Uint8Array>): Promise<Checked> {
    for await (const read of historyLines(input))
      if (read.kind === 'content') this.#contents.take(read.content, read.line)
      else await this.#event(read.event, read.line)
    this.#contents.end()
    return {
      added: this.#added,
      known: this.#known,
      withoutContent: this.#withoutContent,
      accounts: this.#accounts,
      unreplayed: this.#belief.unreplayed,
      strangers: this.#strangers,
      knownMessages: this.#knownMessages,
    }
  }

  async #event(event: EventLine, line: number): Promise<void> {
    const content = this.#contents.check(event, line)
    await this.#place(event, line)
    const there = (await this.#existing?.at(event.stream, event.revision)) ?? null
    if (there !== null) return this.#again(event, there)
    await this.#believe(event, line)
    this.#new(event, content !== undefined)
  }

  /** Revisions of a stream follow each other, in the file or from the log into the file. */
  async #place({ stream, revision }: EventLine, line: number): Promise<void> {
    const reached = this.#reached.get(stream)
    this.#reached.set(stream, revision)
    if (reached !== undefined ? revision === reached + 1 : revision === 0) return
    if (reached === undefined && (await this.#existing?.at(stream, revision - 1))) return
    const wanted = reached === undefined ? 'begins' : `goes on from revision ${reached}`
    throw new HistoryFault(
      `line ${line}: stream ${stream} ${wanted} with revision ${revision}; the events between are missing`,
    )
  }

  /** What is new stays for good: it must make sense to the views and to its machine. */
  async #believe(event: EventLine, line: number): Promise<void> {
    if (event.at > this.#latest)
      throw new HistoryFault(
        `line ${line}: the event is dated ${new Date(event.at).toISOString()}, in the future`,
      )
    this.#strangers.take(event, line)
    const fault = await this.#belief.fault(storedOf(event, line))
    if (fault !== null) throw new HistoryFault(`line ${line}: ${fault}`)
  }

  #new({ type }: EventLine, hasContent: boolean): void {
    this.#added += 1
    if (type === 'AccountAdded') this.#accounts += 1
    if (type === 'MessageAccepted' && !hasContent) this.#withoutContent += 1
  }

  #again(event: EventLine, there: StoredEvent): void {
    const { stream, revision, type, data } = event
    if (!sameEvent(event, there) && !samePolicy(event, there))
      throw new HistoryFault(
        `stream ${stream} is in the log already, with another event at revision ${revision} (${there.type} ${there.id}); nothing was imported`,
      )
    this.#known += 1
    if (type === 'MessageAccepted') this.#knownMessages.add(String(data.message))
  }
}
