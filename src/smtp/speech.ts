/** What we say on a connection: gathered while input is dealt with, written together. */
import type { FsmtpConnection } from './connection.ts'
import { speakSoon, type Voice } from './voices.ts'

/** Characters of replies that may wait for the end of a turn. */
const longestSaid = 16 * 1024

export class Speech implements Voice {
  readonly #connection: Pick<FsmtpConnection, '_socket' | '_upgrading' | 'input'>
  #said = ''
  #speaking = false

  constructor(connection: FsmtpConnection) {
    this.#connection = connection
  }

  /** One reply, several lines parted by CRLF, without the last line's end. */
  say(text: string): void {
    this.#said += `${text}\r\n`
    // A flood of commands is answered piece by piece, and held when the client does not read.
    if (this.#said.length > longestSaid) this.flush()
    else if (!this.#connection.input.running) this.flushSoon()
  }

  /** Called at the end of a turn of the loop in which something was said. */
  speak(): void {
    this.#speaking = false
    this.flush()
  }

  flushSoon(): void {
    if (this.#said === '' || this.#speaking) return
    this.#speaking = true
    speakSoon(this)
  }

  /** Replies leave together, once all input that was there has been dealt with (RFC 2920 §3.2). */
  flush(): void {
    if (this.#said === '' || this.#connection._upgrading) return
    const said = this.#said
    this.#said = ''
    const { _socket: socket, input } = this.#connection
    if (socket.destroyed || !socket.writable) return
    socket.write(said)
    // A client that sends without reading must not make us gather replies without end.
    if (!socket.writableNeedDrain) return
    input.hold()
    socket.once('drain', () => this.#connection.input.release())
  }
}
