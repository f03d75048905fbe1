/**
 * Messages are taken apart on threads, one at a time each: the worst that a mail can do is to end its thread, when it takes too long or too
 * much memory. Mail goes on meanwhile, and so do other messages.
 */
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Job, ResultOf } from './jobs.ts'
import { Line, type Waiting } from './line.ts'
import { Thread } from './thread.ts'

export type { Job, ResultOf } from './jobs.ts'
export { TooManyWaiting } from './line.ts'
export { Unopened } from './thread.ts'

export type Asked = {
  /** The message's id. */
  readonly message: string
  /** Bytes. */
  readonly size: number
  /** Asked for when it is this message's turn; what it throws is thrown. */
  readonly body: () => Promise<Readable>
  /** Who asks: nobody holds up the others. */
  readonly caller?: string
  /** Ends when nobody waits for the answer any more: the place is given up. */
  readonly signal?: AbortSignal
}

export type Opener = {
  /**
   * Whoever asks for the same while it is under way gets the same answer.
   * @throws Unopened, TooManyWaiting, the signal's reason
   */
  open<One extends Job>(job: One, asked: Asked): Promise<ResultOf[One['kind']]>
  close(): Promise<void>
}

export type OpenerOptions = {
  readonly threads?: number
  /** Milliseconds for one message. */
  readonly patience?: number
  /** Megabytes of objects that one thread may hold; the bytes of the message not counted. */
  readonly memory?: number
  /** Those that wait for their turn, and those of one caller. */
  readonly waiting?: number
  readonly each?: number
  /** Bytes from which a message is large. */
  readonly large?: number
}

/** A message on its way through the line, and how many wait for it. */
type Taking = Waiting & {
  readonly key: string
  readonly job: Job
  readonly body: Asked['body']
  readonly stop: AbortController
  readonly done: PromiseWithResolvers<unknown>
  readers: number
}

/** Rejects when the signal ends. */
const ended = (signal: AbortSignal): { readonly promise: Promise<never>; readonly forget: () => void } => {
  const { promise, reject } = Promise.withResolvers<never>()
  const end = (): void => reject(signal.reason)
  if (signal.aborted) end()
  else signal.addEventListener('abort', end, { once: true })
  return { promise, forget: () => signal.removeEventListener('abort', end) }
}

const within = async <Value>(signal: AbortSignal, work: Promise<Value>): Promise<Value> => {
  const { promise, forget } = ended(signal)
  try {
    return await Promise.race([work, promise])
  } finally {
    forget()
  }
}

const readAll = async (body: Asked['body'], signal: AbortSignal): Promise<Uint8Array> => {
  const coming = body()
  const stream = await within(signal, coming).catch((error: unknown) => {
    coming.then((late) => late.destroy()).catch(() => undefined)
    throw error
  })
  const stop = (): void => void stream.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    signal.throwIfAborted()
    return await buffer(stream)
  } catch (error) {
    stream.destroy()
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

class Takings {
  readonly #options: Required<OpenerOptions>
  readonly #line: Line<Taking>
  readonly #underWay = new Map<string, Taking>()
  readonly #idle: Thread[] = []
  readonly #busy = new Set<Thread>()

  constructor(options: Required<OpenerOptions>) {
    this.#options = options
    const { threads, waiting: most, each } = options
    this.#line = new Line({ threads, most, each })
  }

  async open(job: Job, asked: Asked): Promise<unknown> {
    const { signal = new AbortController().signal } = asked
    signal.throwIfAborted()
    const key = `${asked.message} ${JSON.stringify(job)}`
    const taking = this.#underWay.get(key) ?? this.#begun({ key, job, asked })
    taking.readers++
    try {
      return await within(signal, taking.done.promise)
    } finally {
      if (--taking.readers === 0) this.#leave(taking)
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#idle, ...this.#busy].map((thread) => thread.close()))
  }

  #begun({ key, job, asked }: { readonly key: string; readonly job: Job; readonly asked: Asked }): Taking {
    const { message, size, body, caller = '' } = asked
    const taking: Taking = {
      ...{ key, job, message, caller, body, isLarge: size >= this.#options.large, readers: 0 },
      ...{ stop: new AbortController(), done: Promise.withResolvers<unknown>() },
    }
    this.#line.enter(taking)
    this.#underWay.set(key, taking)
    // Whoever waited may have gone.
    taking.done.promise.catch(() => undefined)
    this.#goOn()
    return taking
  }

  /** Nobody waits for it any more; who asks anew begins anew. */
  #leave(taking: Taking): void {
    if (this.#underWay.get(taking.key) === taking) this.#underWay.delete(taking.key)
    taking.stop.abort()
    // What has begun leaves when its thread has ended.
    if (this.#line.drop(taking)) this.#goOn()
  }

  #goOn(): void {
    for (let next = this.#line.next(); next !== null; next = this.#line.next()) void this.#take(next)
  }

  async #take(taking: Taking): Promise<void> {
    try {
      taking.done.resolve(await this.#taken(taking))
    } catch (error) {
      taking.done.reject(error)
    } finally {
      if (this.#underWay.get(taking.key) === taking) this.#underWay.delete(taking.key)
      this.#line.leave(taking)
      this.#goOn()
    }
  }

  async #taken({ job, body, stop: { signal } }: Taking): Promise<unknown> {
    const bytes = await readAll(body, signal)
    const thread = this.#thread()
    this.#busy.add(thread)
    try {
      return await thread.do(job, { bytes, patience: this.#options.patience, signal })
    } finally {
      this.#busy.delete(thread)
      if (!thread.isOver) this.#idle.push(thread)
    }
  }

  #thread(): Thread {
    const found = this.#idle.pop()
    return found === undefined || found.isOver ? new Thread(this.#options.memory) : found
  }
}

const usual: Required<OpenerOptions> = {
  ...{ threads: 2, patience: 10_000, memory: 256, waiting: 50, each: 20, large: 256 * 1024 },
}

export const opener = (options: OpenerOptions = {}): Opener => {
  const takings = new Takings({ ...usual, ...options })
  return {
    // The thread gives to each kind of job what belongs to it.
    open: async <One extends Job>(job: One, asked: Asked) =>
      (await takings.open(job, asked)) as ResultOf[One['kind']],
    close: () => takings.close(),
  }
}
