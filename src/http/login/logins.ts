/** Logins are opened and closed: each is two facts at most, known to every server on the log. */
import type { LoginClosed, LoginOpened } from '../../../machines/vocabulary/events.ts'
import { newEventId, newId, now } from '../../actors/identity.ts'
import { type Append, type EventLog, kindOf, WrongRevision } from '../../log/port.ts'
import { loginStream, type OpenLogin, type Register } from './register.ts'
import { hashOf, type Named, newSecret } from './secrets.ts'

/** Live logins of one account; with one more the oldest ends. */
const mostLogins = 20
/** Characters of what a browser calls itself. */
const longestAgent = 200
/** Milliseconds that somebody waits for his own login to be known here. */
const patience = 5_000

export type Opening = {
  readonly account: string
  readonly address: string
  readonly agent: string
  /** Milliseconds. */
  readonly lifetime: number
}

type Closing = Pick<LoginClosed, 'reason' | 'by'>

export class Logins {
  readonly #log: Pick<EventLog, 'append'>
  readonly #register: Register
  readonly #node: string

  constructor(options: {
    readonly log: Pick<EventLog, 'append'>
    readonly register: Register
    readonly node: string
  }) {
    this.#log = options.log
    this.#register = options.register
    this.#node = options.node
  }

  /** What goes into the cookie: it is nowhere else. @throws what the log throws */
  async open({ account, address, agent, lifetime }: Opening): Promise<Named> {
    const [name, secret, at] = [newId(), newSecret(), now()]
    for (const oldest of this.#register.loginsOf(account, at).slice(0, -(mostLogins - 1)))
      await this.close(oldest, { reason: 'too-many', by: account })
    const data: LoginOpened = {
      ...{ login: name, account, hash: hashOf(secret), expiresAt: at + lifetime },
      ...{ peer: { address }, agent: agent.slice(0, longestAgent) },
    }
    await this.#append('LoginOpened', data, { login: name, expected: -1 })
    return { name, secret }
  }

  /** Closing what is closed changes nothing. @throws what the log throws */
  async close({ id, account }: OpenLogin, closing: Closing): Promise<void> {
    const data: LoginClosed = { login: id, account, ...closing }
    await this.#append('LoginClosed', data, { login: id, expected: 0 }).catch((error) => {
      if (!(error instanceof WrongRevision)) throw error
    })
  }

  async #append(
    type: 'LoginOpened' | 'LoginClosed',
    data: object,
    { login, expected }: { readonly login: string } & Pick<Append, 'expected'>,
  ): Promise<void> {
    const at = now()
    const event = { id: newEventId(at), kind: kindOf(type, 1, { node: this.#node }), at, data }
    const { position } = await this.#log.append([{ stream: loginStream(login), expected, events: [event] }])
    await this.#register.until(position, patience)
  }
}
