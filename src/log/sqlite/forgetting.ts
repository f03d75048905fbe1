/** The near end of the writer, for what is to be forgotten: each request settles with its answer. */
import type { Worker } from 'node:worker_threads'
import { type Forgetting, LogFull, LogUnavailable } from '../port.ts'
import type { FromWriter, ToWriter } from './messages.ts'

type Asked = { readonly resolve: () => void; readonly reject: (error: Error) => void }

export class Requests {
  readonly #worker: Worker
  readonly #asked = new Map<number, Asked>()
  #last = 0
  #ended = false

  constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (message: FromWriter) => {
      if (message.kind === 'forgot') this.#answer(message)
    })
    worker.on('exit', () => this.#lose())
  }

  /** @throws LogUnavailable, LogFull */
  forget(what: Forgetting): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#ended) throw new LogUnavailable('the log is closed')
      const message: ToWriter = { do: 'forget', number: ++this.#last, what }
      this.#asked.set(message.number, { resolve, reject })
      this.#worker.postMessage(message)
    })
  }

  /** Takes no more; what was asked is answered before the writer ends. */
  end(): void {
    this.#ended = true
  }

  #answer({ number, failure }: Extract<FromWriter, { kind: 'forgot' }>): void {
    const asked = this.#asked.get(number)
    this.#asked.delete(number)
    if (failure === null) asked?.resolve()
    else
      asked?.reject(
        failure.kind === 'full' ? new LogFull(failure.message) : new LogUnavailable(failure.message),
      )
  }

  #lose(): void {
    this.#ended = true
    for (const { reject } of this.#asked.values())
      reject(new LogUnavailable('the writer of the log has ended'))
    this.#asked.clear()
  }
}
