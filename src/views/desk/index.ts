/**
 * Answers from the views for those who must not be kept waiting by the answer: questions go to threads, and come back. A question
 * that takes too long is given up with its thread, and another one takes its place.
 */
import { Worker } from 'node:worker_threads'
import type { LogPlace } from '../../log/open.ts'
import { scriptBeside } from '../../log/sqlite/script.ts'
import type { Answered, AnswerTo, Asked, QuestionName, Words } from './questions.ts'

export type { Page, TextPage } from './questions.ts'

export type Desk = {
  /** @throws DeskClosed, TooLong, TooMany, Unanswerable */
  ask<Name extends QuestionName>(name: Name, ...words: Words<Name>): Promise<AnswerTo<Name>>
  close(): Promise<void>
}

export type DeskOptions = {
  readonly directory: string
  /** `sqlite`, or the address of the database that keeps the log: how things stood is asked there. */
  readonly log?: string
  /** Threads, at most; one is there as soon as somebody asks. */
  readonly threads?: number
  /** Milliseconds. */
  readonly patience?: number
  /** Added to the nice value of its threads: others come first where there is much to do. */
  readonly niceness?: number
  /** Questions without an answer. */
  readonly most?: number
  /** The thread's program, where it is another. */
  readonly script?: URL
}

export class TooLong extends Error {
  override readonly name = 'TooLong'
}
export class TooMany extends Error {
  override readonly name = 'TooMany'
}
/** The views are not what this release asks for, or not there. */
export class Unanswerable extends Error {
  override readonly name = 'Unanswerable'
  readonly isDamage: boolean
  constructor(message: string, isDamage: boolean) {
    super(message)
    this.isDamage = isDamage
  }
}

type Waiting = {
  readonly done: (answer: unknown) => void
  readonly failed: (error: Error) => void
  readonly clock: NodeJS.Timeout
}

class Thread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #ended: Promise<unknown>
  #number = 0
  isOver = false
  /** The database does not hear that its thread is to end before it has its answer. */
  isGone = false

  constructor(script: URL, place: LogPlace & { readonly niceness: number }) {
    this.#worker = new Worker(script, { workerData: place, name: 'views desk' })
    // Nobody is kept alive by it.
    this.#worker.unref()
    this.#worker.on('message', (answered: Answered) => this.#heard(answered))
    this.#worker.on('error', (error: Error) => this.#end(error))
    this.#ended = new Promise((resolve) => this.#worker.once('exit', resolve))
    void this.#ended.then(() => {
      this.isGone = true
      this.#end(new Unanswerable('the thread that answers ended', false))
    })
  }

  get waiting(): number {
    return this.#waiting.size
  }

  ask(asked: Omit<Asked, 'number'>, patience: number): Promise<unknown> {
    const number = ++this.#number
    return new Promise((done, failed) => {
      const clock = setTimeout(() => {
        this.#end(new TooLong(`no answer within ${patience / 1000} s`))
        void this.close()
      }, patience)
      this.#waiting.set(number, { done, failed, clock })
      this.#worker.postMessage({ ...asked, number } satisfies Asked)
    })
  }

  async close(): Promise<void> {
    this.isOver = true
    await this.#worker.terminate()
    await this.#ended
  }

  #heard(answered: Answered): void {
    const waiting = this.#waiting.get(answered.number)
    if (waiting === undefined) return
    this.#waiting.delete(answered.number)
    clearTimeout(waiting.clock)
    if ('fault' in answered) waiting.failed(new Unanswerable(answered.fault, answered.isDamage))
    else waiting.done(answered.answer)
  }

  #end(error: Error): void {
    this.isOver = true
    for (const { failed, clock } of this.#waiting.values()) {
      clearTimeout(clock)
      failed(error)
    }
    this.#waiting.clear()
  }
}

export const openDesk = ({
  directory,
  log = 'sqlite',
  threads: most = 2,
  patience = 10_000,
  niceness = 0,
  most: mostWaiting = 500,
  script = scriptBeside(import.meta.url, 'worker'),
}: DeskOptions): Desk => {
  let threads: Thread[] = []
  let isClosed = false
  /** The one that has least to do; another one where all are busy. */
  const idlest = (): Thread => {
    threads = threads.filter(({ isGone }) => !isGone)
    const living = threads.filter(({ isOver }) => !isOver)
    const [first] = living.toSorted((one, other) => one.waiting - other.waiting)
    if (first !== undefined && (first.waiting === 0 || living.length >= most)) return first
    // Whoever asks what takes long again and again has no more threads at work than this.
    if (threads.length >= 2 * most) {
      if (first !== undefined) return first
      throw new TooMany('questions that took too long are still at work')
    }
    const another = new Thread(script, { data: directory, log, niceness })
    threads.push(another)
    return another
  }
  return {
    ask: async (name, ...words) => {
      if (isClosed) throw new Unanswerable('the server is stopping', false)
      const waiting = threads.reduce((sum, thread) => sum + thread.waiting, 0)
      if (waiting >= mostWaiting) throw new TooMany(`${waiting} questions wait for an answer`)
      // The thread runs the function of this name in the same table.
      return (await idlest().ask({ name, words }, patience)) as AnswerTo<typeof name>
    },
    close: async () => {
      isClosed = true
      await Promise.all(threads.map((thread) => thread.close()))
    },
  }
}
