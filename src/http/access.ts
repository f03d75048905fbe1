/** Who may ask for what. Each route says so itself; one that does not is not served. */
import { CommandFault } from '../cli/fault.ts'
import type { Config } from '../config/schema.ts'
import { membersOf } from '../networks.ts'
import { type Refusal, refusalOf } from './login/admission.ts'
import type { Caller, Role } from './login/caller.ts'
import { type Asking, type Client, clientsOf } from './login/client.ts'
import { fromOf } from './login/origin.ts'
import { ratesOf } from './login/rates.ts'

export type { Asking } from './login/client.ts'

/**
 * - `anybody`: whoever reaches the listener.
 * - `monitor`: this machine, the networks of `http.metrics`, and keys that see everything.
 * - `account`: whoever has logged in or has a key; in a playground, which is on loopback only, anybody without one.
 */
export type Access = 'anybody' | 'monitor' | 'account'

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
    /** With `account`: what the caller must be allowed to do. */
    role?: Role
    /**
     * With `account`: the route gives a caller who has `caller.account` only what concerns that account. Without it such callers are refused,
     * so that a route which forgets about them shows them nothing.
     */
    own?: boolean
  }
  interface FastifyRequest {
    /** Null for nobody we know; never in a route of access `account`. */
    caller: Caller | null
    client: Client
    /** For answers that go on: whether whoever asks would be let in as it is now. */
    mayStill: () => Promise<boolean>
  }
}

/** Something would be served to people it is not meant for: the server does not start. */
export class Unguarded extends CommandFault {}

export type Declared = {
  readonly url: string
  readonly access: Access | undefined
  readonly role: Role | undefined
  readonly own: boolean | undefined
}

export type Doorkeeper = {
  /** @throws Unguarded where it does not say who may ask */
  declare(route: Declared): void
  clientOf(request: Asking): Client
  /** Whether an address is a proxy’s or this machine’s. */
  isForMany(address: string): boolean
  /** Whether somebody may see what monitors see. */
  isMonitor(request: Asking): boolean
  /** Seconds to wait, for who has asked too much; else null. */
  tooMuch(client: Client): number | null
  /** Why the route is not for this caller, or null. */
  refusal(
    route: { readonly method: string } & Omit<Declared, 'url'>,
    asks: { readonly request: Asking; readonly client: Client; readonly caller: Caller | null },
  ): Refusal | null
}

export const doorkeeperOf = ({ http }: Pick<Config, 'http'>): Doorkeeper => {
  const inNetworks = membersOf(http.metrics.networks)
  const clientOf = clientsOf({ http })
  const rates = ratesOf({ http })
  const mayMonitor = ({ isHere, address }: Client, { headers }: Asking): boolean =>
    isHere || (isOwnWord(headers) && inNetworks(address))
  return {
    declare: ({ url, access, role, own }) => {
      if (access === undefined) throw new Unguarded(`the route ${url} does not say who may ask for it`)
      if (access === 'account' && role === undefined)
        throw new Unguarded(`the route ${url} wants a login, and does not say which role`)
      if (access !== 'account' && (role !== undefined || own !== undefined))
        throw new Unguarded(`the route ${url} names a role, and wants no login`)
    },
    clientOf,
    isForMany: membersOf([...http.proxies, '127.0.0.0/8', '::1/128']),
    isMonitor: (request) => mayMonitor(clientOf(request), request),
    tooMuch: (client) => rates(client, Date.now()),
    refusal: ({ method, access = 'anybody', role, own }, { request, client, caller }) =>
      refusalOf(
        { method, access, role, own },
        { caller, client, from: fromOf(request.headers), isMonitor: mayMonitor(client, request) },
      ),
  }
}

/** A proxy that is not named may ask for anybody. */
const isOwnWord = (headers: Asking['headers']): boolean =>
  ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].every((name) => headers[name] === undefined)
