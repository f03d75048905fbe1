/** The port and its connections, in our own hands: so that they can be cut, and the port closed and opened again. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

export class Port {
  readonly #take: (socket: Socket) => void
  readonly #sockets = new Map<string, Socket>()
  #server: Server | undefined
  /** 0 before the first opening; afterwards always the same. */
  number = 0

  constructor(take: (socket: Socket) => void) {
    this.#take = take
  }

  get isOpen(): boolean {
    return this.#server !== undefined
  }

  async open(): Promise<void> {
    const server = createServer((socket) => this.#accept(socket))
    server.listen(this.number, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (typeof address === 'object' && address !== null) this.number = address.port
    this.#server = server
  }

  /** Closes the port and breaks what is connected: a server that is killed. */
  async close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = once(server, 'close')
    server.close()
    this.dropAll()
    await closed
  }

  /** @param peer as a call names it: `127.0.0.1:49152` */
  drop(peer: string): void {
    this.#sockets.get(peer)?.destroy()
  }

  dropAll(): number {
    const open = [...this.#sockets.values()]
    for (const socket of open) socket.destroy()
    return open.length
  }

  #accept(socket: Socket): void {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`
    this.#sockets.set(peer, socket)
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(peer))
    this.#take(socket)
  }
}
