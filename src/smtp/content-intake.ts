/** The content of one message after another: taken in as it comes, answered for once, given up where it cannot be kept. */
import { newId } from '../actors/identity.ts'
import { LogFull } from '../log/port.ts'
import type { Conversation } from './conversation.ts'
import type { ContentReader } from './dot.ts'
import { IncomingMessage, type Received } from './incoming-message.ts'

type Talk = Pick<
  Conversation,
  'connection' | 'reception' | 'input' | 'host' | 'isOver' | 'tell' | 'passed' | 'examining'
>

/** There is no room for it: in the log, or where bodies are kept. */
export const isFull = (error: Error | null): boolean =>
  error instanceof LogFull || error?.name === 'ContentFull'

export class ContentIntake {
  readonly #talk: Talk
  #message: IncomingMessage | null = null
  #since = 0
  #failure: Error | null = null

  constructor(talk: Conversation) {
    this.#talk = talk
  }

  get underWay(): boolean {
    return this.#message !== null
  }

  /** When the message must be here: a kilobyte a second keeps a large one alive; slower ones have `time` (RFC 5321 §4.5.3.2.5). */
  dueBy(time: number): number {
    return this.#since + time + (this.#message?.size ?? 0)
  }

  /** What follows on the connection is a message. `askAuthors`: a `From:` may have to be the account's. */
  begin({ askAuthors }: { readonly askAuthors: boolean }): void {
    const { policy, beginContent } = this.#talk.reception
    this.#failure = null
    this.#since = performance.now()
    const id = newId()
    this.#message = new IncomingMessage({
      id,
      policy,
      begin: beginContent,
      complete: policy.service !== 'mx',
      askAuthors,
      look: this.#talk.examining.lookAt(id),
    })
    this.#talk.input.receiveContent()
  }

  /** A slice of it, dots unstuffed. */
  push(slice: Buffer): void {
    if (this.#failure !== null) return
    const room = this.#guarded(() => this.#message?.push(slice))
    if (room === undefined) return
    const { input } = this.#talk
    input.hold()
    room.catch((error: Error) => this.#lose(error)).finally(() => this.#talk.input.release())
  }

  /** The final dot. The input is held until the message is answered for. */
  end(reader: ContentReader): void {
    const message = this.#message
    this.#message = null
    this.#talk.input.hold()
    if (message === null) return
    const received = this.#failure === null ? this.#guarded(() => message.finish(reader)) : undefined
    if (received instanceof Promise)
      received.then(
        (facts) => this.#received(facts),
        (error: Error) => {
          this.#lose(error)
          this.#lost(message)
        },
      )
    else if (received) this.#received(received)
    else this.#lost(message)
  }

  /** What has come of it is of no use any more. */
  discard(): void {
    this.#message?.discard()
  }

  /** The client is gone, and its half of a message with it. */
  forget(): void {
    this.discard()
    this.#message = null
  }

  #received({ facts, bytes }: Received): void {
    const line = `[${facts.size} bytes of content]`
    const contents = bytes === null ? undefined : [{ id: facts.message, bytes }]
    this.#talk.tell({ type: 'CONTENT', ...facts }, line, contents)
    if (this.#talk.host.atBarrier) return
    // Refused, or said to a session that was over: whatever is in a file is nobody's.
    if (bytes === null) this.#remove(facts.message)
    this.#talk.passed()
  }

  #remove(message: string): void {
    const { removeContent, complain } = this.#talk.reception
    removeContent(message).catch((error: Error) =>
      complain(`the refused content ${message} stayed on disk`, error, {
        session: this.#talk.connection.id,
        message,
      }),
    )
  }

  #lose(error: Error): void {
    // What was given up has nothing to be stored any more.
    if (this.#talk.isOver) return
    this.#failure = error
    const message = this.#message?.id
    this.discard()
    this.#talk.reception.complain('content could not be stored', error, {
      session: this.#talk.connection.id,
      ...(message !== undefined && { message }),
    })
  }

  #lost(message: IncomingMessage): void {
    const fault = isFull(this.#failure) ? 'storage-full' : 'storage-unavailable'
    message.discard()
    this.#talk.tell({ type: 'CONTENT_LOST', size: message.size, fault }, `[${message.size} bytes of content]`)
    this.#talk.passed()
  }

  #guarded<Result>(work: () => Result): Result | undefined {
    try {
      return work()
    } catch (error) {
      this.#lose(error instanceof Error ? error : new Error(String(error)))
      return undefined
    }
  }
}
