/** The SQLite engine of the event log: one writer in a thread of its own, and the reading half beside it. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { type DirectoryLock, lockDirectory } from '../lock.ts'
import { type Append, type EventLog, type Forgetting, LogDamaged, LogUnavailable } from '../port.ts'
import { Wakes } from '../wakes.ts'
import { Appender } from './appender.ts'
import { Requests } from './forgetting.ts'
import type { FromWriter, ToWriter, WriterOptions } from './messages.ts'
import { openDatabase, SqliteReader } from './reader.ts'
import { scriptBeside } from './script.ts'

export type SqliteLogOptions = {
  /** Made, with mode 0700, where it is missing. */
  readonly directory: string
  /** A lock of the directory that is held already; else the log takes one and frees it when closed. */
  readonly lock?: DirectoryLock
  /** How long the writer may be silent before everything that waits is given up, in milliseconds. */
  readonly answerWithin?: number
  /** Bytes that may wait for the writer; beyond them, appends are refused with LogOverloaded. */
  readonly waitingLimit?: number
  /** How long SQLite waits for another process's lock, in milliseconds. */
  readonly lockTimeout?: number
}

/**
 * Opens `<directory>/log.sqlite` for appending and reading.
 * @throws DirectoryInUse, LogDamaged, LogUnavailable
 */
export const openSqliteLog = async (options: SqliteLogOptions): Promise<EventLog> => {
  const { directory, lockTimeout = 5000, answerWithin = 10_000 } = options
  const lock = options.lock ?? lockDirectory(directory)
  const unlock = () => {
    if (options.lock === undefined) lock.release()
  }
  try {
    const { worker, kinds } = await startWriter({ directory, lockTimeout })
    const wakes = new Wakes()
    const appender = new Appender({
      worker,
      kinds,
      answerWithin,
      waitingLimit: options.waitingLimit ?? 64 * 1024 * 1024,
      committed: wakeSoon(wakes),
    })
    const database = openDatabase({ directory, lockTimeout })
    return new SqliteLog({
      worker,
      appender,
      reader: { database, wakes, poll: null },
      unlock,
      patience: answerWithin,
    })
  } catch (error) {
    unlock()
    throw error
  }
}

/** Who follows reads again for each waking: under load a few appends share one. In milliseconds. */
const wakingDelay = 5

const wakeSoon = (wakes: Wakes): ((categories: ReadonlySet<string>) => void) => {
  let fresh = new Set<string>()
  return (categories) => {
    const isWaiting = fresh.size > 0
    for (const category of categories) fresh.add(category)
    if (isWaiting) return
    setTimeout(() => {
      const woken = fresh
      fresh = new Set()
      wakes.wake(woken)
    }, wakingDelay).unref()
  }
}

const startWriter = async (options: WriterOptions) => {
  const worker = new Worker(scriptBeside(import.meta.url, 'writer'), { workerData: options })
  // A thread can end without an error, when what it waits for can never come.
  const gone = once(worker, 'exit').then(([code]) => {
    throw new LogUnavailable(`the writer of the log ended before it began (exit code ${code})`)
  })
  const [first] = (await Promise.race([once(worker, 'message'), gone])) as [FromWriter]
  if (first.kind === 'ready') return { worker, kinds: first.kinds }
  await worker.terminate()
  if (first.kind === 'refused' && first.damaged) throw new LogDamaged(1, first.message)
  throw new LogUnavailable(first.kind === 'refused' ? first.message : 'the writer did not start')
}

type Parts = {
  readonly worker: Worker
  readonly appender: Appender
  readonly reader: ConstructorParameters<typeof SqliteReader>[0]
  readonly unlock: () => void
  /** How long the writer may take to end, in milliseconds. */
  readonly patience: number
}

class SqliteLog extends SqliteReader implements EventLog {
  readonly #worker: Worker
  readonly #appender: Appender
  readonly #requests: Requests
  readonly #unlock: () => void
  readonly #patience: number
  #closing: Promise<void> | null = null

  constructor({ worker, appender, reader, unlock, patience }: Parts) {
    super(reader)
    this.#worker = worker
    this.#appender = appender
    this.#requests = new Requests(worker)
    this.#unlock = unlock
    this.#patience = patience
  }

  get waiting(): number {
    return this.#appender.waiting
  }

  append(appends: readonly Append[]): Promise<{ readonly position: number }> {
    return this.#appender.append(appends)
  }

  forget(what: Forgetting): Promise<void> {
    return this.#requests.forget(what)
  }

  /** Takes no more appends, waits for those it has, and lets the directory go. */
  override close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#requests.end()
    await this.#appender.drain()
    await super.close()
    await stop(this.#worker, this.#patience)
    this.#unlock()
  }
}

/** The writer ends by itself, having emptied the write-ahead log; one that does not answer is ended. */
const stop = async (worker: Worker, patience: number): Promise<void> => {
  // The id of a thread that has ended.
  if (worker.threadId === -1) return
  const ended = once(worker, 'exit')
  const message: ToWriter = { do: 'close' }
  worker.postMessage(message)
  const timer = setTimeout(() => worker.terminate(), patience)
  await ended
  clearTimeout(timer)
}
