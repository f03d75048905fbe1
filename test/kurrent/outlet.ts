/** The way out of a read or a subscription: events as messages, no faster than the client takes them. */
import type { ServerWritableStream } from '@grpc/grpc-js'
import type { Failure } from './errors.ts'
import type { LogRecord } from './log.ts'
import { revisionText, type Shared, type Streams, shared, streamIdentifier, streams } from './messages.ts'

export type ReadCall = ServerWritableStream<Streams.ReadReq, Streams.ReadResp>

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
    await this.send(new streams.ReadResp().setEvent(this.#readEvent(record)))
  }

  async send(message: Streams.ReadResp): Promise<void> {
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

  #readEvent(record: LogRecord): Streams.ReadResp.ReadEvent {
    const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
      .setId(this.#id(record.id))
      .setStreamIdentifier(streamIdentifier(record.stream))
      .setStreamRevision(revisionText(record.revision))
      .setCommitPosition(String(record.position))
      .setPreparePosition(String(record.position))
      .setData(record.data)
      .setCustomMetadata(record.metadata)
    recorded
      .getMetadataMap()
      .set('type', record.type)
      .set('created', String(record.created))
      .set('content-type', record.json ? 'application/json' : 'application/octet-stream')
    return new streams.ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(String(record.position))
  }

  #id(id: string): Shared.UUID {
    if (!this.#structuredIds) return new shared.UUID().setString(id)
    const digits = id.replaceAll('-', '')
    const half = (text: string): string => String(BigInt.asIntN(64, BigInt(`0x${text}`)))
    return new shared.UUID().setStructured(
      new shared.UUID.Structured()
        .setMostSignificantBits(half(digits.slice(0, 16)))
        .setLeastSignificantBits(half(digits.slice(16))),
    )
  }
}
