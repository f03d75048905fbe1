/** The desk at which people log in, and at which everybody says who they are. */
import type { Directory } from '../../authentication/directory.ts'
import type { Login, Verdict } from '../../authentication/login.ts'
import { keyOf } from '../../authentication/spelling.ts'
import type { Config } from '../../config/schema.ts'
import type { EventLog } from '../../log/port.ts'
import type { House } from '../house.ts'
import { type Caller, playgroundCaller } from './caller.ts'
import type { Asking, Client } from './client.ts'
import { loginIn } from './cookies.ts'
import { followedRegister, hearOf } from './following.ts'
import { Logins } from './logins.ts'
import type { Key, OpenLogin, Register } from './register.ts'
import { matches, type Named, parseKey } from './secrets.ts'

export type DeskConfig = Pick<Config, 'playground' | 'http'>

export type DeskParts = {
  readonly log: EventLog
  readonly directory: Pick<Directory, 'account'>
  readonly login: Pick<Login, 'verify'>
  readonly node: string
  readonly warn: (what: string, error?: Error) => void
  readonly smtp: House['smtp']
}

/** What was in the header is no key, or none of ours. */
export class UnknownKey extends Error {
  override readonly name = 'UnknownKey'
}

export type LoggedIn = { readonly caller: Caller; readonly cookie: Named }

export class Desk {
  readonly #parts: DeskParts
  readonly #register: Register
  readonly #following: AbortController
  readonly #logins: Logins
  #config: DeskConfig

  private constructor(parts: DeskParts, config: DeskConfig, register: Register, following: AbortController) {
    this.#parts = parts
    this.#config = config
    this.#register = register
    this.#following = following
    this.#logins = new Logins({ ...parts, register })
  }

  /** @throws what the log throws */
  static async open(parts: DeskParts, config: DeskConfig): Promise<Desk> {
    const following = new AbortController()
    const register = await followedRegister({ ...parts, signal: following.signal })
    return new Desk(parts, config, register, following)
  }

  /** Where mail is taken. */
  get smtp(): House['smtp'] {
    return this.#parts.smtp
  }

  reload(config: DeskConfig): void {
    this.#config = config
  }

  close(): void {
    this.#following.abort()
  }

  get config(): DeskConfig {
    return this.#config
  }

  get hasKeys(): boolean {
    return this.#register.keys().length > 0
  }

  /** Who asks; null for nobody we know. @throws UnknownKey */
  async identify({ headers }: Asking, client: Client): Promise<Caller | null> {
    // In a playground as well: who asks with a wrong key, or with one that may not do it, learns it there.
    if (headers.authorization !== undefined) return this.#keyHolder(headers.authorization)
    if (this.#config.playground) return playgroundCaller
    const named = loginIn(headers.cookie, client.isSecure)
    return named === null ? null : this.#loggedIn(named)
  }

  /** @throws TooManyWaiting; what the log throws */
  async logIn(
    asked: { readonly user: string; readonly password: string; readonly agent: string },
    client: Client,
  ): Promise<LoggedIn | Exclude<Verdict['verdict'], 'ok'>> {
    const { user, password, agent } = asked
    const found = await this.#parts.login.verify({ user, password, peer: client.address })
    if (found.verdict !== 'ok') return found.verdict
    const cookie = await this.#logins.open({
      ...{ account: found.user, address: client.address, agent },
      lifetime: this.#config.http.loginLifetime,
    })
    return { caller: this.#callerOf(found.user, cookie.name), cookie }
  }

  /** What the caller may see of them: of one account its own, of everybody's only who administers; a program that looks has none. */
  logins({ account, role }: Caller): readonly OpenLogin[] {
    if (account !== null) return this.#register.loginsOf(account, Date.now())
    return role === 'administer' ? this.#register.logins(Date.now()) : []
  }

  /** False where there is none that the caller may see. */
  async revoke(caller: Caller, id: string): Promise<boolean> {
    const found = this.logins(caller).find((login) => login.id === id)
    if (found === undefined) return false
    const reason = id === caller.login ? 'logged-out' : 'revoked'
    await this.#logins.close(found, { reason, by: caller.name })
    return true
  }

  /** All logins of an account but `except`; how many there were. */
  async revokeAll(
    caller: Caller,
    { account, except }: { readonly account: string; readonly except: string | null },
  ): Promise<number> {
    const found = this.logins(caller).filter(
      (login) => keyOf(login.account) === keyOf(account) && login.id !== except,
    )
    // The one that asks comes last: who is cut off in between can ask again.
    const own = (login: OpenLogin): number => Number(login.id === caller.login)
    for (const login of found.toSorted((one, other) => own(one) - own(other)))
      await this.revoke(caller, login.id)
    return found.length
  }

  keys(): readonly Key[] {
    return this.#register.keys()
  }

  async #keyHolder(authorization: string): Promise<Caller> {
    const named = parseKey(/^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '')
    if (named === null) throw new UnknownKey('Authorization must be `Bearer` and a key of `fsmtp key add`')
    const key = await this.#heard('key', named.name, () => this.#register.key(named.name))
    if (key === null || !matches(named.secret, key.hash)) throw new UnknownKey('there is no such key')
    const { name, role, account } = key
    return { kind: 'key', name, role, account, login: null }
  }

  async #loggedIn({ name, secret }: Named): Promise<Caller | null> {
    if (!this.#config.http.accounts) return null
    const login = await this.#heard('login', name, () => this.#register.login(name, Date.now()))
    if (login === null || !matches(secret, login.hash)) return null
    // An account may be gone that was removed by a log of before.
    return this.#parts.directory.account(login.account) === null
      ? null
      : this.#callerOf(login.account, login.id)
  }

  /** Another server, or a command, may have made it a moment ago. A log that does not answer has nothing to say of it. */
  async #heard<Found>(kind: 'login' | 'key', name: string, find: () => Found | null): Promise<Found | null> {
    const found = find()
    if (found !== null) return found
    await hearOf(this.#register, this.#parts.log, { kind, name }).catch(() => {})
    return find()
  }

  #callerOf(account: string, login: string): Caller {
    const owner = (address: string): string => this.#parts.directory.account(address)?.name ?? address
    const isAdministrator = this.#config.http.administrators.some(
      (address) => keyOf(owner(address)) === keyOf(account),
    )
    return isAdministrator
      ? { kind: 'account', name: account, role: 'administer', account: null, login }
      : { kind: 'account', name: account, role: 'act', account, login }
  }
}
