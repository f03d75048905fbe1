/** One thread that reads mail, one look at a time. */
import { Worker } from 'node:worker_threads'
import { scriptBeside } from '../log/sqlite/script.ts'
import { Cells, type Seen } from './cells.ts'
import type { Order } from './looking.ts'

/** Of a configuration, and what is added to the thread's nice value. */
export type Place = {
  readonly data: string
  readonly log: string
  readonly content: string
  readonly niceness: number
}

/** To the thread and back. */
export type Ordered = { readonly order: Order; readonly shared: SharedArrayBuffer }
export type Done = { readonly fault: string | null }

/** Log or contents cannot be opened. */
export class Unsearchable extends Error {
  override readonly name = 'Unsearchable'
}

type Limits = {
  /** Milliseconds for one mail. */
  readonly patience: number
  /** Megabytes of objects; the bytes of a mail not counted. */
  readonly memory: number
}

export class Thread {
  readonly #worker: Worker
  readonly #patience: number
  /** Resolves when it is no more. */
  readonly #ended: Promise<null>
  isOver = false

  constructor(place: Place, { patience, memory }: Limits) {
    this.#patience = patience
    this.#worker = new Worker(scriptBeside(import.meta.url, 'worker'), {
      ...{ name: 'searching', workerData: place, resourceLimits: { maxOldGenerationSizeMb: memory } },
    })
    // Nobody is kept alive by it.
    this.#worker.unref()
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.isOver = true
        resolve(null)
      }
      this.#worker.once('error', end)
      this.#worker.once('exit', end)
    })
  }

  /** What is known of as many as were looked at; the last one `unread` where it ended the thread. @throws Unsearchable, the signal's reason */
  async look(order: Order, signal: AbortSignal): Promise<readonly Seen[]> {
    signal.throwIfAborted()
    const cells = new Cells(order.mails.length)
    const stop = (): void => cells.stop()
    signal.addEventListener('abort', stop, { once: true })
    const watch = new Watch(cells, this.#patience)
    const answer = new Promise<Done>((resolve) => this.#worker.once('message', resolve))
    this.#worker.postMessage({ order, shared: cells.shared } satisfies Ordered)
    const done = await Promise.race([answer, this.#ended, watch.tired])
    watch.end()
    signal.removeEventListener('abort', stop)
    if (done === null) await this.close()
    signal.throwIfAborted()
    const found = cells.found()
    if (done !== null) {
      if (done.fault !== null) throw new Unsearchable(done.fault)
      return found
    }
    // It is the mail that was too much for it, if there was one.
    if (cells.place === null) throw new Unsearchable('the thread that reads mail ended')
    return cells.place < found.length ? found : [...found, 'unread']
  }

  async close(): Promise<void> {
    this.isOver = true
    await this.#worker.terminate()
  }
}

/** Milliseconds until it is at the first mail: to begin with it opens the log. */
const opening = 30_000

/** Resolves when the thread has been at the same mail for too long. */
class Watch {
  readonly tired: Promise<null>
  readonly #clock: NodeJS.Timeout
  #place: number | null = null
  #since = performance.now()

  constructor(cells: Cells, patience: number) {
    const { promise, resolve } = Promise.withResolvers<null>()
    this.tired = promise
    const look = (): void => {
      const now = performance.now()
      const { place } = cells
      if (place !== this.#place) this.#since = now
      this.#place = place
      if (now - this.#since >= (place === null ? opening : patience)) resolve(null)
    }
    this.#clock = setInterval(look, Math.max(10, patience / 20))
  }

  end(): void {
    clearInterval(this.#clock)
  }
}
