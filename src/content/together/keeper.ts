/**
 * The near end of the writer of bodies: gathers them while a batch is in flight, and sends them as the next one. One that does not
 * answer is given up; the next body gets another.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { messageOf } from '../../log/sqlite/faults.ts'
import { scriptBeside } from '../../log/sqlite/script.ts'
import { type Body, ContentFull, ContentUnavailable } from '../port.ts'
import type { FromWriter, ToWriter } from './messages.ts'

/** A batch is closed at this size, so that no transaction grows without bound. */
const batchLimit = 8 * 1024 * 1024
/** A body that goes costs about as much as one of this size that comes. */
const removalCounts = 16 * 1024

type Settle = { readonly resolve: (fresh: boolean) => void; readonly reject: (error: Error) => void }
type Kept = Settle & Body
type Removal = Settle & { readonly id: string; readonly bytes: null }
type Order = Kept | Removal

export class Keeper {
  readonly #path: string
  readonly #answerWithin: number
  #worker: Worker | null = null
  #waiting: Order[] = []
  #inFlight: readonly Order[] = []
  #scheduled = false
  #timer: NodeJS.Timeout | null = null
  #closed = false

  /** `answerWithin`: how long a batch may take before everything that waits is given up, in milliseconds. */
  constructor({ path, answerWithin }: { readonly path: string; readonly answerWithin: number }) {
    this.#path = path
    this.#answerWithin = answerWithin
  }

  /** False for one that was there already, under this name. @throws ContentFull, ContentUnavailable */
  keep(body: Body): Promise<boolean> {
    return this.#order((settle) => ({ ...body, ...settle }))
  }

  /** @throws ContentFull, ContentUnavailable */
  async remove(id: string): Promise<void> {
    await this.#order((settle) => ({ id, bytes: null, ...settle }))
  }

  /** Nothing may be asked of it any more. */
  async close(): Promise<void> {
    this.#closed = true
    const worker = this.#worker
    if (worker === null) return
    const ended = once(worker, 'exit')
    worker.ref()
    worker.postMessage({ do: 'close' } satisfies ToWriter)
    const late = setTimeout(() => worker.terminate(), this.#answerWithin)
    await ended
    clearTimeout(late)
  }

  #order(order: (settle: Settle) => Order): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new ContentUnavailable('the content is closed')
      this.#waiting.push(order({ resolve, reject }))
      this.#schedule()
    })
  }

  /** After whatever else this turn of the loop brings: what arrives together is written together. */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight.length > 0) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#send()
    })
  }

  #send(): void {
    const batch = this.#nextBatch()
    if (batch.length === 0 || this.#inFlight.length > 0) return
    this.#waiting.splice(0, batch.length)
    this.#inFlight = batch
    this.#worker ??= this.#start()
    this.#worker.ref()
    this.#timer = setTimeout(
      () => this.#lose(`has not been written to for ${this.#answerWithin} ms`),
      this.#answerWithin,
    )
    const order = orderOf(batch)
    this.#worker.postMessage(order, order.do === 'keep' ? [order.memory] : [])
  }

  /** Bodies up to the limit, or removals: never both. */
  #nextBatch(): readonly Order[] {
    const isRemoval = this.#waiting[0]?.bytes === null
    let size = 0
    const end = this.#waiting.findIndex(({ bytes }) => {
      if ((bytes === null) !== isRemoval || size > batchLimit) return true
      size += bytes?.byteLength ?? removalCounts
      return false
    })
    return this.#waiting.slice(0, end === -1 ? this.#waiting.length : end)
  }

  #start(): Worker {
    const worker = new Worker(scriptBeside(import.meta.url, 'writer'), { workerData: this.#path })
    const lost = (why: string): void => {
      if (this.#worker === worker) this.#lose(why)
    }
    worker.on('message', (said: FromWriter) => {
      if (this.#worker === worker) this.#landed(said)
    })
    worker.on('error', (error) => lost(`could not be written to: ${messageOf(error)}`))
    worker.on('exit', () => lost('has no writer any more'))
    return worker
  }

  #landed(said: FromWriter): void {
    const batch = this.#inFlight
    this.#rest()
    // The next batch goes first: the writer works while those who waited for this one go on.
    this.#send()
    for (const [at, { resolve, reject }] of batch.entries())
      if (said.kind === 'failed')
        reject(said.full ? new ContentFull(said.message) : new ContentUnavailable(said.message))
      else resolve(said.kind === 'kept' && said.fresh[at] === true)
  }

  /** What was sent may still be written; without its event it is swept away later. */
  #lose(why: string): void {
    const worker = this.#worker
    this.#worker = null
    const given = [...this.#inFlight, ...this.#waiting]
    this.#waiting = []
    this.#rest()
    void worker?.terminate()
    for (const { reject } of given) reject(new ContentUnavailable(`${this.#path} ${why}`))
  }

  #rest(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#inFlight = []
    this.#worker?.unref()
  }
}

const orderOf = (batch: readonly Order[]): Exclude<ToWriter, { do: 'close' }> => {
  const bodies = batch.filter((order): order is Kept => order.bytes !== null)
  if (bodies.length === 0) return { do: 'remove', ids: batch.map(({ id }) => id) }
  const sizes = bodies.map(({ id, bytes }) => [id, bytes.byteLength] as [string, number])
  const memory = new Uint8Array(sizes.reduce((sum, [, size]) => sum + size, 0))
  let at = 0
  for (const { bytes } of bodies) {
    memory.set(bytes, at)
    at += bytes.byteLength
  }
  return { do: 'keep', memory: memory.buffer, bodies: sizes }
}
