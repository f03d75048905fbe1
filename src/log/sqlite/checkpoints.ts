/**
 * Moves what was committed from the write-ahead log into the database file. A thread of its own copies, beside the
 * writer; the writer only copies the last few pages, now and then, so that the write-ahead log starts again from its
 * beginning instead of growing. See README.md for what was measured.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import type { WriterOptions } from './messages.ts'
import { scriptBeside } from './script.ts'

/** Pages (16 KiB each) in the write-ahead log before the copying begins: 128 MiB. */
const copyFrom = 8192
/** Pages left to copy that the writer may copy itself, in a few milliseconds: 4 MiB. */
const fewEnough = 256
/** Pages in the write-ahead log at which the writer copies what is left, however long it takes: 512 MiB. */
const tooMany = 32_768
/** Looking costs a statement, so not after every commit. */
const lookEvery = 16

/** What `PRAGMA wal_checkpoint` answers: pages in the write-ahead log, and how many of them are copied. */
export type Progress = { readonly log: number; readonly checkpointed: number }

export class Checkpoints {
  readonly #look: StatementSync
  readonly #copy: StatementSync
  readonly #database: DatabaseSync
  readonly #options: WriterOptions
  #copier: Worker | null = null
  #copying = false
  #copied = false
  #commits = 0

  constructor(database: DatabaseSync, options: WriterOptions) {
    this.#database = database
    this.#options = options
    this.#look = database.prepare('PRAGMA wal_checkpoint(NOOP)')
    this.#copy = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  }

  afterCommit(): void {
    this.#commits++
    if (this.#copying || (!this.#copied && this.#commits % lookEvery !== 0)) return
    this.#copied = false
    const { log, checkpointed } = progressOf(this.#look)
    if (log < copyFrom) return
    // Nothing left over is what lets the next commit begin at the start again.
    if (log - checkpointed <= fewEnough || log >= tooMany) tryCopy(() => this.#copy.get())
    else this.#start()
  }

  async close(): Promise<void> {
    await this.#copier?.terminate()
    this.#copier = null
    tryCopy(() => this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)'))
  }

  #start(): void {
    this.#copying = true
    this.#copier ??= this.#startCopier()
    this.#copier.postMessage('copy')
  }

  #startCopier(): Worker {
    const copier = new Worker(scriptBeside(import.meta.url, 'copier'), { workerData: this.#options })
    copier.on('message', () => {
      this.#copying = false
      this.#copied = true
    })
    // Without the copier the write-ahead log grows; the next look starts another.
    copier.on('error', () => {
      this.#copying = false
      this.#copier = null
    })
    return copier
  }
}

const progressOf = (statement: StatementSync): Progress => {
  const row = statement.get()
  return { log: Number(row?.log ?? 0), checkpointed: Number(row?.checkpointed ?? 0) }
}

/** A copy that does not succeed (no room, a reader in the way) is tried again later; nothing is lost by it. */
const tryCopy = (copy: () => unknown): void => {
  try {
    copy()
  } catch {
    // The write-ahead log still holds everything.
  }
}
