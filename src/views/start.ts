/** Keeps the views beside the server, in a thread of their own. */
import { Worker } from 'node:worker_threads'
import type { LogPlace } from '../log/open.ts'
import { scriptBeside } from '../log/sqlite/script.ts'
import type { FromViews, ToViews } from './messages.ts'

export type ViewsOptions = {
  readonly directory: string
  /** `sqlite`, or the address of the database that keeps the log. */
  readonly log?: string
  /** Lines for the operator. */
  readonly notice?: (line: string) => void
  /** The thread's program, where it is another. */
  readonly script?: URL
}

export type Views = {
  /** The last event that is in every view that has not stopped; 0 before the first. */
  position(): number
  /** False once the thread has ended, by a fault or in order. */
  isKept(): boolean
  /** Builds a view again, beside the one that is read meanwhile. */
  rebuild(name: string): void
  /** Finishes the batch at hand and ends the thread. */
  stop(): Promise<void>
}

/**
 * Starts the thread; resolves when it has opened its files and begins to catch up. Should the thread ever end by a fault,
 * `notice` says so and the server goes on without fresh views.
 * @throws whatever kept it from opening the log or `views.sqlite`
 */
export const startViews = async ({
  directory,
  log = 'sqlite',
  notice = () => {},
  script = scriptBeside(import.meta.url, 'worker'),
}: ViewsOptions): Promise<Views> => {
  const worker = new Worker(script, {
    workerData: { data: directory, log } satisfies LogPlace,
    name: 'views',
  })
  const tell = (message: ToViews): void => worker.postMessage(message)
  let position = 0
  let isStopping = false
  let isKept = true
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  void ended.then(() => {
    isKept = false
  })
  await new Promise<void>((resolve, reject) => {
    worker.on('message', (message: FromViews) => {
      if (message.kind === 'position') position = message.position
      else if (message.kind === 'notice') notice(message.line)
      else resolve()
    })
    worker.on('error', (error: Error) => {
      notice(`the views are no longer kept: ${error.message}`)
      reject(error)
    })
    // A thread can end without an error, when what it waits for can never come.
    worker.on('exit', (code) => {
      const error = new Error(`the thread that keeps the views ended (exit code ${code})`)
      if (!isStopping && code !== 1) notice(`the views are no longer kept: ${error.message}`)
      reject(error)
    })
  })
  return {
    position: () => position,
    isKept: () => isKept,
    rebuild: (name) => tell({ kind: 'rebuild', name }),
    stop: async () => {
      isStopping = true
      tell({ kind: 'stop' })
      await ended
    },
  }
}
