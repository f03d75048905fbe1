/** A small SMTP client for what `smtp-source` does not tell: it waits for whole replies, one command at a time. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export class Client {
  readonly #socket: Socket
  #unread = ''
  #wanted: { code: string; resolve: () => void; reject: (error: Error) => void } | null = null

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#unread += text
      this.#settle()
    })
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the server hung up')))
  }

  /** Connected, greeted, and introduced with EHLO. */
  static async open(port: number): Promise<Client> {
    const socket = connect(port, '127.0.0.1')
    const client = new Client(socket)
    await client.expect('220')
    await client.say('EHLO load.example', '250')
    return client
  }

  say(line: string, code: string): Promise<void> {
    this.#socket.write(`${line}\r\n`)
    return this.expect(code)
  }

  /** The whole reply, of one line or many, must have this code. */
  expect(code: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wanted = { code, resolve, reject }
      this.#settle()
    })
  }

  async envelope(): Promise<void> {
    await this.say('MAIL FROM:<sender@load.example>', '250')
    await this.say('RCPT TO:<box@bench.example>', '250')
    await this.say('DATA', '354')
  }

  /** Waits while the socket is full. */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#socket.write(bytes)) await once(this.#socket, 'drain')
  }

  close(): void {
    this.#socket.removeAllListeners('close')
    this.#socket.destroy()
  }

  #settle(): void {
    const end = /^(?:\d{3}-[^\n]*\n)*(\d{3}) [^\n]*\n/.exec(this.#unread)
    if (end === null || this.#wanted === null) return
    const { code, resolve, reject } = this.#wanted
    this.#wanted = null
    this.#unread = this.#unread.slice(end[0].length)
    if (end[1] === code) resolve()
    else reject(new Error(`expected ${code}, got ${end[0].trim()}`))
  }

  #fail(error: Error): void {
    this.#wanted?.reject(error)
    this.#wanted = null
  }
}
