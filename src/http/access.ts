/** Who may ask for what. Each route says so itself; one that does not is not served. */
import type { IncomingHttpHeaders } from 'node:http'
import { CommandFault } from '../cli/fault.ts'
import type { Config } from '../config/schema.ts'
import { membersOf } from '../networks.ts'
import { plainAddress } from '../smtp/peer-address.ts'

/**
 * - `anybody`: whoever reaches the listener.
 * - `monitor`: this machine, and the networks of `http.metrics`.
 * - `account`: whoever has logged in; in a playground, which is on loopback only, anybody.
 */
export type Access = 'anybody' | 'monitor' | 'account'

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
  }
}

/** Something would be served to people it is not meant for: the server does not start. */
export class Unguarded extends CommandFault {}

const onLoopback = membersOf(['127.0.0.0/8', '::1/128'])

/** A proxy says for whom it asks; we cannot know whether to believe it. */
const forwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'] as const

/** Of a request: what tells who asks. */
export type Asking = {
  readonly headers: IncomingHttpHeaders
  readonly socket: { readonly remoteAddress?: string | undefined }
}

export type Doorkeeper = {
  /** @throws Unguarded where nobody could tell who asks */
  declare(route: { readonly url: string; readonly access: Access | undefined }): void
  mayAsk(access: Access, request: Asking): boolean
}

export const doorkeeperOf = ({ playground, http }: Pick<Config, 'playground' | 'http'>): Doorkeeper => {
  const inNetworks = membersOf(http.metrics.networks)
  const mayMonitor = ({ socket, headers }: Asking): boolean => {
    if (forwarded.some((name) => headers[name] !== undefined)) return false
    const address = plainAddress(socket.remoteAddress)
    return onLoopback(address) || inNetworks(address)
  }
  return {
    declare: ({ url, access }) => {
      if (access === undefined) throw new Unguarded(`the route ${url} does not say who may ask for it`)
      if (access === 'account' && !playground)
        throw new Unguarded(`${url} wants a login, and there is none: it cannot be served here`)
    },
    mayAsk: (access, request) => (access === 'monitor' ? mayMonitor(request) : true),
  }
}
