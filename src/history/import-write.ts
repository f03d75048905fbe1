/** The second reading of a history that is imported: writes what is new, in the order of the file. */
import { type Append, idOf, kindOf, type NewEvent } from '../log/port.ts'
import { PassingContents, type Piece } from './contents.ts'
import type { Existing } from './existing.ts'
import type { EventLine } from './format.ts'
import type { ContentSink, ImportOptions } from './import.ts'
import { historyLines } from './lines.ts'

const constants = new Set([
  'machine',
  'machineVersion',
  'fingerprint',
  'node',
  'input',
  'from',
  'to',
  'effects',
])

const newEvent = ({ stream, id, type, version, at, data, meta }: EventLine): NewEvent => {
  const own = Object.entries(meta).filter(
    ([key, value]) => !constants.has(key) && !(key === '$correlationId' && value === idOf(stream)),
  )
  const constant = Object.entries(meta).filter(([key]) => constants.has(key))
  return {
    id,
    kind: kindOf(type, version, Object.fromEntries(constant)),
    at,
    data,
    ...(own.length > 0 && { meta: Object.fromEntries(own) }),
  }
}

type Run = { stream: string; expected: number; events: NewEvent[]; contents: { id: string; bytes: Buffer }[] }

const batchEvents = 500
/** Well below what an engine takes for one stream at once. */
const batchBytes = 512 * 1024

export class Write {
  readonly #options: ImportOptions
  readonly #known: ReadonlySet<string>
  readonly #existing: Existing | null
  #runs: Run[] = []
  #events = 0
  #bytes = 0
  /** Small bodies whose events are still to come. */
  readonly #small = new Map<string, Buffer>()
  #large: ContentSink | null = null
  #done = 0

  constructor(options: ImportOptions, known: ReadonlySet<string>, existing: Existing | null) {
    this.#options = options
    this.#known = known
    this.#existing = existing
  }

  async read(): Promise<void> {
    const contents = new PassingContents()
    try {
      for await (const read of historyLines(this.#options.open()))
        if (read.kind === 'content') await this.#content(contents.take(read.content, read.line))
        else await this.#event(read.event, read.size)
      await this.#flush()
    } finally {
      await this.#large?.discard()
    }
  }

  /** Bytes first, then the event that speaks of them. */
  async #content({ id, bytes, offset, last }: Piece): Promise<void> {
    if (this.#known.has(id)) return
    if (offset === 0 && last && bytes.length <= this.#options.inlineLimit) {
      this.#small.set(id, bytes)
      return
    }
    this.#large ??= this.#options.beginContent(id)
    await this.#large.write(bytes)
    if (!last) return
    await this.#large.finish()
    this.#large = null
  }

  async #event(event: EventLine, size: number): Promise<void> {
    if ((await this.#existing?.at(event.stream, event.revision)) != null) return
    if (this.#bytes + size > batchBytes) await this.#flush()
    this.#add(event, size)
    if (this.#events >= batchEvents) await this.#flush()
  }

  #add(event: EventLine, size: number): void {
    let run = this.#runs.at(-1)
    if (run === undefined || run.stream !== event.stream) {
      run = { stream: event.stream, expected: event.revision - 1, events: [], contents: [] }
      this.#runs.push(run)
    }
    run.events.push(newEvent(event))
    this.#events += 1
    this.#bytes += size
    const id = event.type === 'MessageAccepted' ? String(event.data.message) : ''
    const bytes = this.#small.get(id)
    if (bytes === undefined) return
    run.contents.push({ id, bytes })
    this.#bytes += bytes.length
    this.#small.delete(id)
  }

  async #flush(): Promise<void> {
    if (this.#runs.length === 0) return
    const appends = this.#runs.map(
      ({ stream, expected, events, contents }): Append => ({
        ...{ stream, expected, events },
        ...(contents.length > 0 && { contents }),
      }),
    )
    this.#done += this.#events
    this.#runs = []
    this.#events = 0
    this.#bytes = 0
    await this.#options.append(appends)
    this.#options.progress?.(this.#done)
  }
}
