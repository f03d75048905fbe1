/** The client's end of a conversation: a socket that is read line by line. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type SecureVersion, type TLSSocket } from 'node:tls'

/** Nothing a dialogue waits for takes this long, on the slowest machine. */
const patience = 60_000

export type Handshake = { readonly servername?: string | null; readonly max?: string | null }

export class Line {
  #socket: Socket
  /** What TLS runs over, or the socket itself. */
  readonly #wire: Socket
  #unread = ''
  #ended = false
  #error: Error | null = null
  #woken: (() => void) | null = null

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#wire = socket
    this.#listen(socket)
  }

  /** `from`: the address we come from, another of loopback's. */
  static async to(port: number, { from = '127.0.0.1' }: { readonly from?: string } = {}): Promise<Line> {
    const socket = connect({
      port,
      host: '127.0.0.1',
      localAddress: from,
      allowHalfOpen: true,
      noDelay: true,
    })
    await once(socket, 'connect')
    return new Line(socket)
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0
  }
  /** What came and was not read yet. */
  get unread(): string {
    return this.#unread
  }

  send(bytes: string | Buffer): void {
    this.#socket.write(bytes)
  }

  /** The next line, without its CRLF. */
  async read(): Promise<string> {
    for (;;) {
      const end = this.#unread.indexOf('\r\n')
      if (end >= 0) {
        const line = this.#unread.slice(0, end)
        this.#unread = this.#unread.slice(end + 2)
        return line
      }
      if (this.#ended) throw new Error(`the server closed the connection${this.#left()}`)
      await this.#news('a line')
    }
  }

  /** All lines of one reply. */
  async reply(): Promise<readonly string[]> {
    const lines = [await this.read()]
    while (lines.at(-1)![3] === '-') lines.push(await this.read())
    return lines
  }

  /** Sends a command and gives the first line of its reply. */
  async say(command: string): Promise<string> {
    this.send(`${command}\r\n`)
    return (await this.reply())[0]!
  }

  /** Resolves when the server has closed its side. */
  async closed(): Promise<void> {
    while (!this.#ended) await this.#news('the end of the connection')
    assert.equal(this.#unread, '', 'the server said more than was expected')
  }

  /** @throws what the handshake failed with */
  async secure({ servername, max }: Handshake = {}): Promise<TLSSocket> {
    this.#socket.removeAllListeners('data').removeAllListeners('end').removeAllListeners('close')
    assert.equal(this.#unread, '', 'the server said something before the handshake')
    const secure = connectTls({
      socket: this.#socket,
      rejectUnauthorized: false,
      ...(servername && { servername }),
      ...(max && {
        minVersion: 'TLSv1' as const,
        maxVersion: max as SecureVersion,
        // Old versions are possible only where nothing is asked of their strength.
        ciphers: 'DEFAULT:@SECLEVEL=0',
      }),
    })
    try {
      await once(secure, 'secureConnect')
    } catch (error) {
      this.#ended = true
      throw error
    }
    this.#socket = secure
    this.#listen(secure)
    return secure
  }

  /** Closes our side; the server may still speak. */
  halfClose(): void {
    this.#socket.end()
  }

  drop(): void {
    if (!this.#wire.destroyed) this.#wire.resetAndDestroy()
  }

  hangUp(): void {
    this.#socket.destroy()
  }

  #left(): string {
    const why = this.#error ? `: ${this.#error.message}` : ''
    return `${why}${this.#unread === '' ? '' : ` after ${JSON.stringify(this.#unread)}`}`
  }

  #listen(socket: Socket): void {
    const over = (): void => {
      this.#ended = true
      this.#wake()
    }
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      this.#unread += text
      this.#wake()
    })
    socket.on('end', over).on('close', over)
    socket.on('error', (error) => {
      this.#error = error
      over()
    })
  }

  #wake(): void {
    this.#woken?.()
    this.#woken = null
  }

  async #news(what: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${what} did not come${this.#left()}`)), patience)
    })
    await Promise.race([
      late,
      new Promise<void>((resolve) => {
        this.#woken = resolve
      }),
    ]).finally(() => clearTimeout(timer))
  }
}
