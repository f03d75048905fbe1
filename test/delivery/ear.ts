/** The receiving end of a scripted peer. */
import type { Socket } from 'node:net'

/** Nothing a script waits for takes this long, on the slowest machine. */
export const patience = 60_000

/** Bytes as they come, read as the script asks for them. */
export class Ear {
  readonly #socket: Socket
  #bytes = Buffer.alloc(0)
  #isOver = false
  #wake: () => void = () => {}

  constructor(socket: Socket) {
    this.#socket = socket
    socket
      .on('data', this.#onData)
      .on('end', this.#onOver)
      .on('close', this.#onOver)
      .on('error', this.#onOver)
  }

  async line(): Promise<string> {
    return (await this.#upTo(Buffer.from('\r\n'))).toString('utf8').slice(0, -2)
  }

  /** What came before the final dot, as it came: dots doubled. */
  async content(): Promise<Buffer> {
    const isEmpty = (await this.#atLeast(3)).toString('latin1') === '.\r\n'
    if (isEmpty) return this.#take(3).subarray(0, 0)
    return (await this.#upTo(Buffer.from('\r\n.\r\n'))).subarray(0, -3)
  }

  async drop(octets: number): Promise<void> {
    await this.#atLeast(octets)
    this.#take(this.#bytes.length)
  }

  async over(): Promise<Buffer> {
    while (!this.#isOver) await this.#news('the end of the connection')
    return this.#bytes
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Listens no more; what runs over the socket does. */
  retire(): void {
    if (this.#bytes.length > 0)
      throw new Error(`said before the handshake: ${this.#bytes.toString('latin1')}`)
    this.#socket.off('data', this.#onData).off('end', this.#onOver).off('close', this.#onOver)
  }

  async #atLeast(octets: number): Promise<Buffer> {
    while (this.#bytes.length < octets) await this.#news(`${octets} bytes`)
    return this.#bytes.subarray(0, octets)
  }

  async #upTo(mark: Buffer): Promise<Buffer> {
    for (;;) {
      const found = this.#bytes.indexOf(mark)
      if (found !== -1) return this.#take(found + mark.length)
      await this.#news(JSON.stringify(mark.toString()))
    }
  }

  #take(octets: number): Buffer {
    const taken = this.#bytes.subarray(0, octets)
    this.#bytes = this.#bytes.subarray(octets)
    return taken
  }

  async #news(what: string): Promise<void> {
    if (this.#isOver) throw new Error(`the client is gone; ${what} did not come`)
    let clock: NodeJS.Timeout | undefined
    await new Promise<void>((resolve, reject) => {
      this.#wake = resolve
      const late = `${what} did not come; unread: ${JSON.stringify(this.#bytes.toString('latin1').slice(0, 200))}`
      clock = setTimeout(() => reject(new Error(late)), patience)
    }).finally(() => clearTimeout(clock))
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    this.#wake()
  }
  readonly #onOver = (): void => {
    this.#isOver = true
    this.#wake()
  }
}
