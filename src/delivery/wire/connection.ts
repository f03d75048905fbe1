/** A greeted connection, given one message after the other. */
import type { RemoteHost, TlsFacts } from '../../../machines/vocabulary/events.ts'
import type { Envelope, Sent, Wire } from '../port.ts'
import type { Dialogue } from './dialogue.ts'
import type { Extensions } from './hello.ts'
import type { Patience } from './patience.ts'
import { Transaction } from './transaction.ts'
import { silent, Transcript } from './transcript.ts'

export type Established = {
  readonly dialogue: Dialogue
  readonly host: RemoteHost
  readonly protocol: 'smtp' | 'lmtp'
  readonly tls: TlsFacts | null
  readonly greeting: string
  readonly extensions: Extensions
  /** Their keywords, as they may be recorded. */
  readonly named: readonly string[]
  readonly patience: Patience
}

export class Connection implements Wire {
  readonly host: RemoteHost
  readonly tls: TlsFacts | null
  readonly greeting: string
  readonly extensions: readonly string[]
  readonly #established: Established
  readonly #dialogue: Dialogue
  #busy = false
  /** The last transaction was refused: the next begins with RSET. */
  #resetting = false

  constructor(established: Established) {
    this.#established = established
    this.#dialogue = established.dialogue
    this.host = established.host
    this.tls = established.tls
    this.greeting = established.greeting
    this.extensions = established.named
    this.#rest()
  }

  get usable(): boolean {
    return !this.#busy && this.#dialogue.fault === null
  }

  async send(
    envelope: Envelope,
    content: AsyncIterable<Uint8Array>,
    { signal, said }: { readonly signal: AbortSignal; readonly said: (line: string) => void },
  ): Promise<Sent> {
    if (this.#busy) throw new Error('one message at a time goes over a connection')
    const dialogue = this.#dialogue
    this.#busy = true
    dialogue.transcript = new Transcript(said)
    const release = dialogue.stop(signal)
    try {
      return await this.#transact(envelope, content)
    } finally {
      release()
      this.#rest()
      this.#busy = false
    }
  }

  /** Between messages nobody writes a history; what ends the connection then is told to the next message. */
  #rest(): void {
    this.#dialogue.transcript = silent()
    this.#dialogue.begin('MAIL')
  }

  async #transact(envelope: Envelope, content: AsyncIterable<Uint8Array>): Promise<Sent> {
    const setting = { ...this.#established, resetting: this.#resetting }
    const transaction = new Transaction(setting, envelope)
    const sent = await transaction.run(content)
    if (transaction.spoke) this.#resetting = !transaction.isClean
    return sent
  }

  /** RFC 5321 §4.1.1.10: we may go after QUIT; the answer is waited for a moment only. */
  async quit(): Promise<void> {
    if (this.usable) {
      const { quit: within } = this.#established.patience
      // Whether the answer comes, and what it is, changes nothing: all mail has been answered for.
      await this.#dialogue.ask('QUIT', { command: 'QUIT', within }).catch(() => {})
    }
    this.destroy()
  }

  destroy(): void {
    this.#dialogue.close()
  }
}
