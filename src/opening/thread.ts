/** One thread that takes messages apart, one at a time. */
import { Worker } from 'node:worker_threads'
import { scriptBeside } from '../log/sqlite/script.ts'
import type { Done, Job, Ordered } from './jobs.ts'

/** It takes longer, or more memory, than any message may. */
export class Unopened extends Error {
  override readonly name = 'Unopened'
}

export type DoOptions = {
  readonly bytes: Uint8Array
  /** Milliseconds. */
  readonly patience: number
  /** Nobody wants it any more. */
  readonly signal: AbortSignal
}

export class Thread {
  readonly #worker: Worker
  readonly #ended: Promise<Error>
  isOver = false

  /** `memory`: megabytes of objects. */
  constructor(memory: number) {
    this.#worker = new Worker(scriptBeside(import.meta.url, 'worker'), {
      ...{ name: 'opening', resourceLimits: { maxOldGenerationSizeMb: memory } },
    })
    // Nobody is kept alive by it.
    this.#worker.unref()
    const { promise, resolve } = Promise.withResolvers<Error>()
    this.#ended = promise
    this.#worker.once('error', resolve)
    this.#worker.once('exit', () => {
      this.isOver = true
      resolve(new Unopened('the thread ended'))
    })
  }

  /** Ends itself where it comes to no end. @throws Unopened, the signal's reason */
  async do(job: Job, { bytes, patience, signal }: DoOptions): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<Done | null>()
    const giveUp = (): void => resolve(null)
    const clock = setTimeout(giveUp, patience)
    signal.addEventListener('abort', giveUp, { once: true })
    this.#worker.once('message', resolve)
    this.#worker.postMessage({ job, bytes } satisfies Ordered)
    const done = await Promise.race([promise, this.#ended])
    clearTimeout(clock)
    signal.removeEventListener('abort', giveUp)
    if (done !== null && 'result' in done) return done.result
    await this.close()
    signal.throwIfAborted()
    throw new Unopened('the message cannot be taken apart in the time and memory there is for it')
  }

  async close(): Promise<void> {
    this.isOver = true
    await this.#worker.terminate()
  }
}
