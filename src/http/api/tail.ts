/** The end of the log, read once for however many follow it: what one of them has not heard yet is kept for a while, and then read again. */
import type { LogReader, StoredEvent } from '../../log/port.ts'

type Log = Pick<LogReader, 'subscribe' | 'tail'>

/** Events kept for those who are a little behind. */
const most = 2_000

export class Tail {
  readonly #log: Log
  /** In the order of the log: everything behind `#begin`. */
  #recent: StoredEvent[] = []
  #begin = Infinity
  #followers = 0
  #reading: AbortController | null = null
  readonly #waiting = new Set<() => void>()
  #fault: { readonly error: unknown } | null = null

  constructor(log: Log) {
    this.#log = log
  }

  /** Whether everything behind a position is here, or still to come. */
  has(after: number): boolean {
    return this.#reading !== null && after >= this.#begin
  }

  /**
   * What comes behind a position, in pages; ends where that is no longer here. The first who asks has it from the log: who is far behind
   * catches up before.
   */
  async *behind(after: number, signal: AbortSignal): AsyncGenerator<readonly StoredEvent[]> {
    this.#followers++
    try {
      if (this.#reading === null) this.#read(Math.min(after, await this.#log.tail()))
      for (let next = after; !signal.aborted; ) {
        if (this.#fault !== null) throw this.#fault.error
        if (next < this.#begin) return
        const fresh = this.#recent.slice(this.#recent.findLastIndex(({ position }) => position <= next) + 1)
        if (fresh.length === 0) await this.#news(signal)
        else {
          next = fresh.at(-1)!.position
          yield fresh
        }
      }
    } finally {
      this.#followers--
      if (this.#followers === 0) this.#stop()
    }
  }

  #read(after: number): void {
    if (this.#reading !== null) return
    const reading = new AbortController()
    this.#reading = reading
    this.#begin = after
    const follow = async (): Promise<void> => {
      for await (const page of this.#log.subscribe(after, { signal: reading.signal })) {
        if (reading.signal.aborted) return
        this.#take(page)
      }
      throw new Error('the log is closed')
    }
    follow().catch((error: unknown) => {
      if (reading.signal.aborted) return
      this.#fault = { error }
      this.#tell()
    })
  }

  #take(page: readonly StoredEvent[]): void {
    this.#recent.push(...page)
    const gone = this.#recent.length - most
    if (gone > 0) this.#begin = this.#recent[gone - 1]!.position
    if (gone > 0) this.#recent.splice(0, gone)
    this.#tell()
  }

  #tell(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  /** Resolves at the next word, or when the signal aborts. */
  #news(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake)
        this.#waiting.delete(wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake)
      if (signal.aborted) wake()
    })
  }

  #stop(): void {
    this.#reading?.abort()
    this.#reading = null
    this.#recent = []
    this.#begin = Infinity
    this.#fault = null
  }
}

const tails = new WeakMap<Log, Tail>()
export const tailOf = (log: Log): Tail => {
  const tail = tails.get(log) ?? new Tail(log)
  tails.set(log, tail)
  return tail
}
