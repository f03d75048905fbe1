/**
 * The near end of the writer: gathers appends while a batch is in flight, sends them as the next one, and settles each
 * with its answer. One batch in flight, so whatever waits shares one transaction and one sync.
 */
import type { Worker } from 'node:worker_threads'
import { type Append, categoryOf, LogFull, LogOverloaded, LogUnavailable, WrongRevision } from '../port.ts'
import type { NewKind } from './committer.ts'
import { Encoder } from './encoding.ts'
import { messageOf } from './faults.ts'
import { type Answer, answersOf, Frame } from './frame.ts'
import type { Failure, FromWriter, ToWriter } from './messages.ts'

export type AppenderOptions = {
  readonly worker: Worker
  readonly kinds: readonly NewKind[]
  /** How long a batch may take before everything that waits is given up, in milliseconds. */
  readonly answerWithin: number
  /** Bytes that may wait. */
  readonly waitingLimit: number
  /** Called after each batch that was written, with the categories of its streams. */
  readonly committed: (categories: ReadonlySet<string>) => void
}

type Stored = { readonly position: number }
type Unit = {
  readonly appends: readonly Append[]
  readonly size: number
  readonly resolve: (stored: Stored) => void
  readonly reject: (error: Error) => void
}
type Batch = { readonly frame: Frame; readonly units: Unit[]; readonly categories: Set<string> }
/** What the writer has. `units` is empty once they were given up. */
type Flight = {
  units: readonly Unit[]
  readonly bytes: number
  readonly kinds: readonly NewKind[]
  readonly categories: ReadonlySet<string>
}

/** A batch is closed at this size, so that no transaction grows without bound. */
const batchLimit = 8 * 1024 * 1024
const firstMemory = 256 * 1024
/** Memory of batches is used again, unless it grew beyond this. */
const usualMemory = 4 * 1024 * 1024

export class Appender {
  readonly #worker: Worker
  readonly #encoder: Encoder
  readonly #waitingLimit: number
  readonly #answerWithin: number
  readonly #committed: AppenderOptions['committed']
  readonly #spare: ArrayBuffer[] = []
  #queue: Batch[] = []
  #inFlight: Flight | null = null
  #timer: NodeJS.Timeout | null = null
  #scheduled = false
  /** Why nothing is taken, for good: the writer is gone, or the log is closed. */
  #ended: LogUnavailable | null = null
  /** Why nothing is taken until the writer answers again. */
  #silent: LogUnavailable | null = null
  #waiting = 0
  #drained: (() => void) | null = null

  constructor({ worker, kinds, answerWithin, waitingLimit, committed }: AppenderOptions) {
    this.#worker = worker
    this.#encoder = new Encoder(kinds)
    this.#answerWithin = answerWithin
    this.#waitingLimit = waitingLimit
    this.#committed = committed
    worker.on('message', (message: FromWriter) => {
      if (message.kind === 'done') this.#landed(message.memory, message.failure)
    })
    worker.on('error', (error) => this.#lose(`the writer of the log failed: ${messageOf(error)}`))
    worker.on('exit', () => this.#lose('the writer of the log has ended'))
  }

  get waiting(): number {
    return this.#waiting
  }

  append(appends: readonly Append[]): Promise<Stored> {
    return new Promise((resolve, reject) => {
      this.#admit()
      const framed = appends.map((append) => this.#encoder.encode(append))
      const batch = this.#openBatch()
      const size = batch.frame.add(framed)
      batch.units.push({ appends, size, resolve, reject })
      for (const { stream } of appends) batch.categories.add(categoryOf(stream))
      this.#waiting += size
      this.#schedule()
    })
  }

  /** Takes no more; resolves when nothing waits any longer. */
  drain(): Promise<void> {
    this.#ended ??= new LogUnavailable('the log is closed')
    if (this.#inFlight === null && this.#queue.length === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#drained = resolve
    })
  }

  #admit(): void {
    const refusal = this.#ended ?? this.#silent
    if (refusal) throw refusal
    if (this.#waiting > this.#waitingLimit)
      throw new LogOverloaded(`${this.#waiting} bytes are waiting for the log already`)
  }

  #openBatch(): Batch {
    const last = this.#queue.at(-1)
    if (last && last.frame.length < batchLimit) return last
    const batch = {
      frame: new Frame(this.#spare.pop() ?? new ArrayBuffer(firstMemory)),
      units: [],
      categories: new Set<string>(),
    }
    this.#queue.push(batch)
    return batch
  }

  /** After whatever else this turn of the loop brings: what arrives together is written together. */
  #schedule(): void {
    if (this.#inFlight !== null || this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      if (this.#inFlight === null) this.#sendNext()
    })
  }

  #sendNext(): void {
    const batch = this.#queue.shift()
    if (batch === undefined) {
      this.#rest()
      return
    }
    const { frame, units, categories } = batch
    const memory = frame.memory
    const kinds = this.#encoder.takeFreshKinds()
    this.#inFlight = { units, bytes: frame.length, kinds, categories }
    if (this.#timer) this.#timer.refresh()
    else this.#timer = setTimeout(() => this.#giveUp(), this.#answerWithin)
    const message: ToWriter = { do: 'commit', memory, units: units.length, kinds }
    this.#worker.postMessage(message, [memory])
  }

  #rest(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    this.#drained?.()
  }

  /** The writer answered, perhaps late. */
  #landed(memory: ArrayBuffer, failure: Failure | null): void {
    const { units, bytes, kinds, categories } = this.#inFlight!
    this.#inFlight = null
    this.#silent = null
    this.#waiting -= bytes
    if (failure !== null) this.#encoder.returnKinds(kinds)
    const answers = failure === null ? answersOf(memory, units) : []
    if (memory.byteLength <= usualMemory && this.#spare.length < 2) this.#spare.push(memory)
    // The next batch goes first: the writer works while those who waited for this one go on.
    this.#sendNext()
    for (const [place, unit] of units.entries())
      if (failure === null) answer(unit, answers[place]!)
      else unit.reject(errorOf(failure))
    if (failure === null) this.#committed(categories)
  }

  /** What was sent may still be written, later; what was not sent will never be. */
  #giveUp(): void {
    this.#timer = null
    this.#silent = new LogUnavailable(`the writer of the log has not answered for ${this.#answerWithin} ms`)
    this.#rejectAll(this.#silent)
    this.#drained?.()
  }

  #lose(reason: string): void {
    this.#ended ??= new LogUnavailable(reason)
    this.#rejectAll(new LogUnavailable(reason))
    this.#inFlight = null
    this.#waiting = 0
    this.#rest()
  }

  #rejectAll(error: LogUnavailable): void {
    const waiting = this.#queue.flatMap(({ units }) => units)
    const sent = this.#inFlight?.units ?? []
    for (const { frame } of this.#queue) this.#waiting -= frame.length
    this.#queue = []
    if (this.#inFlight) this.#inFlight.units = []
    for (const { reject } of sent) reject(error)
    for (const { reject } of waiting) reject(error)
  }
}

const errorOf = ({ kind, message }: Failure): Error =>
  kind === 'full'
    ? new LogFull(`no room for the log: ${message}`)
    : new LogUnavailable(`the log could not be written: ${message}`)

const answer = ({ appends, resolve, reject }: Unit, answered: Answer): void => {
  if (answered.kind === 'stored') resolve({ position: answered.position })
  else {
    const { stream, expected } = appends[answered.append]!
    reject(new WrongRevision(stream, expected, answered.actual))
  }
}
