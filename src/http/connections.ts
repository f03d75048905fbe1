/** How many connections one client holds: whoever opens them all would keep everybody else out, without asking for anything. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { networkOf } from '../authentication/network.ts'
import { plainAddress } from '../smtp/peer-address.ts'

export type Bounds = {
  /** Of everybody. */
  readonly all: number
  /** Of one client that asks for itself; IPv6: of one /64. */
  readonly each: number
  /** Proxies ask for many, and who is on this machine has other ways. */
  readonly isForMany: (address: string) => boolean
}

/** Who opens one more than it may finds it closed. */
export const bound = (server: Pick<Server, 'maxConnections' | 'on'>, bounds: Bounds): void => {
  const held = new Map<string, number>()
  server.maxConnections = bounds.all
  server.on('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress)
    if (bounds.isForMany(address)) return
    const client = networkOf(address)
    const count = held.get(client) ?? 0
    if (count >= bounds.each) {
      socket.destroy()
      return
    }
    held.set(client, count + 1)
    socket.once('close', () => {
      const left = held.get(client)! - 1
      if (left > 0) held.set(client, left)
      else held.delete(client)
    })
  })
}
