/** What a test may make go wrong. Everything is off until it is asked for, and `clear()` turns it off again. */
import type { Endpoint } from './errors.ts'
import { WriterQueue } from './writer-queue.ts'

export type AppendAct =
  /** Taken, not written, never answered. */
  | 'silent before commit'
  /** Written, never answered. */
  | 'silent after commit'
  /** The connection breaks; not written. */
  | 'drop before commit'
  /** Written; the connection breaks instead of an answer. */
  | 'drop after commit'
  /** Not written, and the server says that it took too long. */
  | 'time out before commit'
  /** Written, and the server says that it took too long. */
  | 'time out after commit'
  /** Written once, answered twice. In a batch only: a single append has one answer by its nature. */
  | 'answer twice'
  /** Not written: "Server Is Too Busy". */
  | 'busy'

export type ReadAct =
  | 'silent'
  /** The connection breaks before the first event, or after the first. */
  | 'drop'
  | 'drop halfway'
  | 'busy'
  | 'not ready'
  | 'denied'

type Plan<Act> = { readonly act: Act; readonly stream: string; left: number; readonly happen: () => void }

export type Planned = {
  /** Fulfilled when it has happened for the first time. */
  readonly happened: Promise<void>
  readonly undo: () => void
}
export type Which = {
  /** How often; 1 if left out, `Infinity` until `undo()`. */
  readonly times?: number
  /** Only for streams whose name begins so. `$all` for reads of everything. */
  readonly stream?: string
}

/** What breaks the wires; the server fills it in. */
export type Wires = {
  readonly dropConnections: () => number
  readonly dropSubscriptions: () => number
  readonly wakeSubscriptions: () => void
}

export class Faults {
  /** Milliseconds from an append's arrival to its commit, for each, in the order of arrival, as a far or slow disk has it. */
  appendLatency = 0
  /** Milliseconds before each page of 32 events of a read or of a subscription that catches up. */
  readLatency = 0
  /** This node is not the leader, that one is. Calls that ask for the leader are turned away; with `all`, the others too. */
  notLeader: (Endpoint & { readonly all?: boolean }) | undefined
  readonly writer = new WriterQueue(() => this.appendLatency)
  readonly #appends: Plan<AppendAct>[] = []
  readonly #reads: Plan<ReadAct>[] = []
  readonly #wires: Wires
  #silent = false

  constructor(wires: Wires) {
    this.#wires = wires
  }

  /**
   * Every call is taken and none is answered, live events neither: a server that hangs. When it is over, subscriptions go on;
   * calls that came meanwhile stay without an answer.
   */
  get silent(): boolean {
    return this.#silent
  }
  set silent(silent: boolean) {
    this.#silent = silent
    if (!silent) this.#wires.wakeSubscriptions()
  }

  /** What becomes of the next append. */
  onAppend(act: AppendAct, which: Which = {}): Planned {
    return plan(this.#appends, act, which)
  }

  /** What becomes of the next read (not of subscriptions). */
  onRead(act: ReadAct, which: Which = {}): Planned {
    return plan(this.#reads, act, which)
  }

  /** Appends wait at the writer, in their order, until `resumeWriting`: then they are written, even if who sent them has given up waiting. */
  holdWriting(): void {
    this.writer.hold()
  }
  resumeWriting(): void {
    this.writer.resume()
  }

  /** Breaks every connection; new ones are taken. @returns how many there were */
  dropConnections(): number {
    return this.#wires.dropConnections()
  }

  /** Ends every subscription as a server does that shuts down. @returns how many there were */
  dropSubscriptions(): number {
    return this.#wires.dropSubscriptions()
  }

  clear(): void {
    this.appendLatency = 0
    this.readLatency = 0
    this.silent = false
    this.notLeader = undefined
    this.#appends.length = 0
    this.#reads.length = 0
    this.writer.resume()
  }

  appendTo(stream: string): AppendAct | undefined {
    return next(this.#appends, stream)
  }
  readOf(stream: string): ReadAct | undefined {
    return next(this.#reads, stream)
  }
}

const plan = <Act>(plans: Plan<Act>[], act: Act, { times = 1, stream = '' }: Which): Planned => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const planned: Plan<Act> = { act, stream, left: times, happen: resolve }
  plans.push(planned)
  return { happened: promise, undo: () => remove(plans, planned) }
}

const remove = <Act>(plans: Plan<Act>[], planned: Plan<Act>): void => {
  const at = plans.indexOf(planned)
  if (at !== -1) plans.splice(at, 1)
}

const next = <Act>(plans: Plan<Act>[], stream: string): Act | undefined => {
  const planned = plans.find((one) => stream.startsWith(one.stream))
  if (planned === undefined) return undefined
  planned.left -= 1
  if (planned.left <= 0) remove(plans, planned)
  planned.happen()
  return planned.act
}
