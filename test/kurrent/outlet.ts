/** The way out of a read or a subscription: events as messages, no faster than the client takes them. */
import type { ServerWritableStream } from '@grpc/grpc-js'
import { readEvent } from './bytes.ts'
import type { Failure } from './errors.ts'
import type { LogRecord } from './log.ts'
import type { Streams } from './messages.ts'

export type ReadCall = ServerWritableStream<Streams.ReadReq, Streams.ReadResp | Buffer>

export class Outlet {
  readonly #call: ReadCall
  readonly #structuredIds: boolean
  /** Wakes who waits, when the client has gone. */
  #wake: (() => void) | undefined

  constructor(call: ReadCall) {
    this.#call = call
    this.#structuredIds = call.request.getOptions()?.getUuidOption()?.hasStructured() === true
    call.once('cancelled', () => this.#wake?.())
  }

  get gone(): boolean {
    return this.#call.cancelled || this.#call.destroyed || this.#call.writableEnded
  }

  async event(record: LogRecord): Promise<void> {
    await this.send(readEvent(record, { structuredIds: this.#structuredIds }))
  }

  async send(message: Streams.ReadResp | Buffer): Promise<void> {
    if (this.gone || this.#call.write(message)) return
    await this.#unlessGone((resolve) => this.#call.once('drain', resolve))
  }

  /** Waits for `something`, or for the client's going. */
  async until(something: Promise<unknown>): Promise<void> {
    await this.#unlessGone((resolve) => something.then(resolve))
  }

  async #unlessGone(wait: (resolve: () => void) => unknown): Promise<void> {
    if (this.gone) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      wait(resolve)
    })
    this.#wake = undefined
  }

  end(): void {
    if (!this.gone) this.#call.end()
  }
  fail(failure: Failure): void {
    if (!this.gone) this.#call.emit('error', failure)
  }
}
