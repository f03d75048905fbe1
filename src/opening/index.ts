/**
 * Messages are taken apart on threads, one at a time each: the worst that a mail can do is to end its thread, when it takes too long or too
 * much memory. Mail goes on meanwhile.
 */
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { Worker } from 'node:worker_threads'
import { Turnstile } from '../authentication/turnstile.ts'
import { scriptBeside } from '../log/sqlite/script.ts'
import type { Done, Job, Ordered, ResultOf } from './jobs.ts'

export { TooManyWaiting } from '../authentication/turnstile.ts'
export type { Job, ResultOf } from './jobs.ts'

/** It takes longer, or more memory, than any message may. */
export class Unopened extends Error {
  override readonly name = 'Unopened'
}

export type Opener = {
  /**
   * `body` is asked for when it is this message's turn; what it throws is thrown.
   * @throws Unopened, TooManyWaiting
   */
  open<One extends Job>(job: One, body: () => Promise<Readable>): Promise<ResultOf[One['kind']]>
  close(): Promise<void>
}

export type OpenerOptions = {
  readonly threads?: number
  /** Milliseconds for one message. */
  readonly patience?: number
  /** Megabytes of objects that one thread may hold; the bytes of the message not counted. */
  readonly memory?: number
  /** Those that wait for their turn. */
  readonly waiting?: number
}

class Thread {
  readonly #worker: Worker
  readonly #ended: Promise<Error>
  isOver = false

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

  /** @throws Unopened */
  async do(job: Job, bytes: Uint8Array, patience: number): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<Done | null>()
    const clock = setTimeout(() => resolve(null), patience)
    this.#worker.once('message', resolve)
    this.#worker.postMessage({ job, bytes } satisfies Ordered)
    const done = await Promise.race([promise, this.#ended])
    clearTimeout(clock)
    if (done !== null && 'result' in done) return done.result
    await this.close()
    throw new Unopened('the message cannot be taken apart in the time and memory there is for it')
  }

  async close(): Promise<void> {
    this.isOver = true
    await this.#worker.terminate()
  }
}

export const opener = ({
  threads: most = 2,
  patience = 10_000,
  memory = 256,
  waiting = 50,
}: OpenerOptions = {}): Opener => {
  const turnstile = new Turnstile({ inside: most, waiting })
  const idle: Thread[] = []
  const busy = new Set<Thread>()
  const taken = (): Thread => {
    const found = idle.pop()
    return found === undefined || found.isOver ? new Thread(memory) : found
  }
  const opened = async (job: Job, body: () => Promise<Readable>): Promise<unknown> => {
    const bytes = await buffer(await body())
    const thread = taken()
    busy.add(thread)
    try {
      return await thread.do(job, bytes, patience)
    } finally {
      busy.delete(thread)
      if (!thread.isOver) idle.push(thread)
    }
  }
  return {
    // The thread gives to each kind of job what belongs to it.
    open: async <One extends Job>(job: One, body: () => Promise<Readable>) =>
      (await turnstile.pass(() => opened(job, body))) as ResultOf[One['kind']],
    close: async () => {
      await Promise.all([...idle, ...busy].map((thread) => thread.close()))
    },
  }
}
