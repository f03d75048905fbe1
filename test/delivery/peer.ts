/**
 * A far side that plays a script over a real socket. A script is lines:
 *
 *     S: 220 mx.example hello        said, with CRLF; lines one after the other leave in one packet
 *     C: EHLO us.example             heard, exactly
 *     C: MAIL FROM:*                 heard, beginning so
 *     C> content                     everything up to the final dot is read; `peer.contents` keeps it as it came
 *     raw "250 o\r\n"                said as it stands, a JSON string
 *     read 100                       at least so many bytes are read and dropped
 *     starttls                       a TLS handshake (`certificate` must be given)
 *     flood "x" 1048576              this text, over and over, so many bytes, or until the client is gone
 *     silence                        nothing more is said; waits until the client is gone
 *     close                          ends the connection; `reset` ends it rudely
 *     gone                           the client closes the connection, having said nothing more
 *
 * A script that ends leaves the connection open. A client that says something else fails `played`.
 */
import { EventEmitter, once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Pem } from '../../src/config/own-certificate.ts'
import { Ear, patience } from './ear.ts'

export type PeerOptions = {
  readonly certificate?: Pem
  /** TLS from the first byte. */
  readonly implicit?: boolean
}

/** One connection and the script it plays. */
class Part {
  readonly #peer: Peer
  #socket: Socket
  #ear: Ear

  constructor(peer: Peer, socket: Socket) {
    this.#peer = peer
    this.#socket = socket
    this.#ear = new Ear(socket)
  }

  async play(script: readonly string[]): Promise<void> {
    let said = ''
    for (const line of script) {
      const [, words] = /^S: ?(.*)$/s.exec(line) ?? []
      if (words !== undefined) {
        said += `${words}\r\n`
        continue
      }
      if (said !== '') this.#socket.write(said)
      said = ''
      await this.#act(line)
    }
    if (said !== '') this.#socket.write(said)
  }

  async #act(line: string): Promise<void> {
    const [, verb, , rest = ''] = /^(\S+)( (.*))?$/s.exec(line) ?? []
    if (verb === 'C:') await this.#hear(rest)
    else if (verb === 'C>') await this.#receive()
    else if (verb === 'raw') this.#socket.write(JSON.parse(rest) as string)
    else if (verb === 'read') await this.#ear.drop(Number(rest))
    else if (verb === 'starttls') await this.#secure()
    else if (verb === 'flood') await this.#flood(rest)
    else if (verb === 'silence') await this.#ear.over()
    else if (verb === 'close') this.#socket.destroySoon()
    else if (verb === 'reset') this.#peer.wireOf(this.#socket).resetAndDestroy()
    else if (verb === 'gone') await this.#gone()
    else throw new Error(`no such line in a script: ${line}`)
  }

  async #hear(expected: string): Promise<void> {
    const line = await this.#ear.line()
    this.#peer.heard.push(line)
    this.#peer.news()
    const isSo = expected.endsWith('*') ? line.startsWith(expected.slice(0, -1)) : line === expected
    if (!isSo) throw new Error(`expected ${JSON.stringify(expected)}, heard ${JSON.stringify(line)}`)
  }

  async #receive(): Promise<void> {
    this.#peer.contents.push(await this.#ear.content())
    this.#peer.news()
  }

  async #gone(): Promise<void> {
    const rest = await this.#ear.over()
    if (rest.length > 0) throw new Error(`the client went on: ${JSON.stringify(rest.toString('latin1'))}`)
  }

  async #secure(): Promise<void> {
    const { certificate } = this.#peer.options
    if (certificate === undefined) throw new Error('a script with TLS needs a certificate')
    this.#ear.retire()
    const secure = new TLSSocket(this.#socket, {
      isServer: true,
      key: certificate.key,
      cert: certificate.cert,
    })
    secure.on('error', () => {})
    this.#peer.layered(secure, this.#socket)
    this.#socket = secure
    this.#ear = new Ear(secure)
    const gone = new AbortController()
    secure.once('close', () => gone.abort(new Error('the client is gone; no handshake')))
    await once(secure, 'secure', { signal: gone.signal })
  }

  async #flood(rest: string): Promise<void> {
    const [, text = '""', octets = '0'] = /^(.*) (\d+)$/.exec(rest) ?? []
    const piece = Buffer.from((JSON.parse(text) as string).repeat(1000))
    for (let left = Number(octets); left > 0 && !this.#ear.isOver; left -= piece.length) {
      if (this.#socket.write(piece.subarray(0, left))) continue
      await Promise.race([once(this.#socket, 'drain'), this.#ear.over()]).catch(() => {})
    }
  }

  open(): Promise<void> {
    return this.#peer.options.implicit === true ? this.#secure() : Promise.resolve()
  }
}

/** `S:` and `C:` lines, indentation and empty lines taken off. */
export const script = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

export class Peer {
  readonly options: PeerOptions
  /** Command lines, of all connections. */
  readonly heard: string[] = []
  /** As they came, dots doubled. */
  readonly contents: Buffer[] = []
  /** Connections so far. */
  connections = 0
  readonly #server: Server
  readonly #news = new EventEmitter()
  readonly #scripts: readonly (readonly string[])[]
  readonly #sockets = new Set<Socket>()
  readonly #wires = new Map<Socket, Socket>()
  readonly #parts: Promise<void>[] = []

  private constructor(scripts: readonly (readonly string[])[], options: PeerOptions) {
    this.#scripts = scripts
    this.options = options
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#onConnection(socket),
    )
  }

  /** One script for each connection, in order; the last one is for all that follow. Listens on 127.0.0.1. */
  static async listen(scripts: string | readonly string[], options: PeerOptions = {}): Promise<Peer> {
    const peer = new Peer([scripts].flat().map(script), options)
    peer.#server.listen(0, '127.0.0.1')
    await once(peer.#server, 'listening')
    return peer
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** When every script that was begun has been played to its end. @throws what went another way */
  async played(): Promise<void> {
    await Promise.all(this.#parts)
  }

  /** When so many connections have come. */
  connected(connections: number): Promise<void> {
    return this.#until(() => this.connections >= connections, `connection ${connections}`)
  }

  /** When a command line that begins so was heard. */
  hears(beginning: string): Promise<void> {
    return this.#until(() => this.heard.some((line) => line.startsWith(beginning)), beginning)
  }

  /** When so many contents have come whole. */
  takes(contents: number): Promise<void> {
    return this.#until(() => this.contents.length >= contents, `content ${contents}`)
  }

  /** Says something out of the script, on every connection. */
  say(text: string): void {
    for (const socket of this.#sockets) socket.write(text)
  }

  /** After the commands of one packet nothing more is read. */
  deafen(): void {
    for (const socket of this.#sockets) socket.once('data', () => socket.pause())
  }

  async #until(isSo: () => boolean, what: string): Promise<void> {
    const deadline = AbortSignal.timeout(patience)
    const late = (): never => {
      throw new Error(`${what} did not come within ${patience} ms; heard: ${JSON.stringify(this.heard)}`)
    }
    while (!isSo()) await once(this.#news, 'news', { signal: deadline }).catch(late)
  }

  /** Something was heard. */
  news(): void {
    this.#news.emit('news')
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const socket of [...this.#wires.keys(), ...this.#sockets]) socket.destroy()
    await Promise.allSettled(this.#parts)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** What TLS runs over, or the socket itself. */
  wireOf(socket: Socket): Socket {
    return this.#wires.get(socket) ?? socket
  }

  layered(secure: Socket, wire: Socket): void {
    this.#wires.set(secure, wire)
  }

  #onConnection(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
    const lines = this.#scripts[Math.min(this.connections, this.#scripts.length - 1)] ?? []
    this.connections += 1
    this.news()
    const part = new Part(this, socket)
    const played = part.open().then(() => part.play(lines))
    // It is looked at in `played`; until then it is nobody's unhandled rejection. The client need not wait for it.
    played.catch(() => socket.destroy())
    this.#parts.push(played)
  }
}
