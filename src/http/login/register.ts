/** Logins and keys as the log tells of them: the fold of `web_login-*`, `api_key-*` and `account-*`. */
import type { KeyAdded, LoginClosed, LoginOpened } from '../../../machines/vocabulary/events.ts'
import { keyOf } from '../../authentication/spelling.ts'
import type { StoredEvent } from '../../log/port.ts'

export type OpenLogin = Omit<LoginOpened, 'login' | 'peer'> & {
  readonly id: string
  readonly openedAt: number
  readonly address: string
}
export type Key = Omit<KeyAdded, 'key'> & { readonly name: string; readonly addedAt: number }

/** Filters that `Register` wants a log read with. */
export const registerFilter = { categories: ['web_login', 'api_key', 'account'] } as const
export const loginStream = (id: string): string => `web_login-${id}`
export const keyStream = (name: string): string => `api_key-${name}`

/** Logins between two looks for those that have expired. */
const sweepEvery = 100

type Waiter = { readonly position: number; readonly resolve: () => void }

export class Register {
  readonly #logins = new Map<string, OpenLogin>()
  readonly #keys = new Map<string, Key>()
  readonly #revisions = new Map<string, number>()
  #waiters: readonly Waiter[] = []
  #opened = 0
  /** Of the last event applied. */
  position = 0

  apply(event: StoredEvent): void {
    const { position, stream, revision } = event
    this.#fold(event)
    if (stream.startsWith('api_key-')) this.#revisions.set(stream, revision)
    this.position = position
    const reached = this.#waiters.filter((waiter) => waiter.position <= position)
    if (reached.length === 0) return
    this.#waiters = this.#waiters.filter((waiter) => !reached.includes(waiter))
    for (const { resolve } of reached) resolve()
  }

  /** What servers and commands append here is what the vocabulary says. */
  #fold({ type, data, at, stream }: StoredEvent): void {
    if (type === 'LoginOpened' && stream.startsWith('web_login-')) this.#open(data as LoginOpened, at)
    else if (type === 'LoginClosed') this.#logins.delete((data as LoginClosed).login)
    else if (type === 'KeyAdded' && stream.startsWith('api_key-')) this.#add(data as KeyAdded, at)
    else if (type === 'KeyRemoved') this.#keys.delete(String(data.key))
    else if (type === 'AccountPasswordChanged') this.#endLogins(String(data.account))
    else if (type === 'AccountRemoved') {
      this.#endLogins(String(data.account))
      this.#endKeys(String(data.account))
    }
  }

  /** The login of that id, unless it is over. `now` in milliseconds since 1970. */
  login(id: string, now: number): OpenLogin | null {
    const found = this.#logins.get(id)
    return found !== undefined && now < found.expiresAt ? found : null
  }

  /** The oldest first. */
  logins(now: number): readonly OpenLogin[] {
    return [...this.#logins.values()].filter(({ expiresAt }) => now < expiresAt)
  }

  loginsOf(account: string, now: number): readonly OpenLogin[] {
    return this.logins(now).filter((login) => keyOf(login.account) === keyOf(account))
  }

  key(name: string): Key | null {
    return this.#keys.get(name) ?? null
  }

  keys(): readonly Key[] {
    return [...this.#keys.values()]
  }

  /** The last revision of a key's stream, -1 for a name that was never used. */
  revision(stream: string): number {
    return this.#revisions.get(stream) ?? -1
  }

  /** Resolves when the event at `position` is known here, or after `within` milliseconds. */
  async until(position: number, within: number): Promise<void> {
    if (this.position >= position) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiter = { position, resolve }
    const clock = setTimeout(resolve, within)
    this.#waiters = [...this.#waiters, waiter]
    await promise
    clearTimeout(clock)
    this.#waiters = this.#waiters.filter((other) => other !== waiter)
  }

  #open({ login, account, hash, expiresAt, peer, agent }: LoginOpened, openedAt: number): void {
    if (++this.#opened % sweepEvery === 0) this.#sweep(openedAt)
    this.#logins.set(login, { id: login, account, hash, expiresAt, address: peer.address, agent, openedAt })
  }

  #sweep(now: number): void {
    for (const [id, { expiresAt }] of this.#logins) if (expiresAt <= now) this.#logins.delete(id)
  }

  #add({ key, role, account, hash }: KeyAdded, addedAt: number): void {
    this.#keys.set(key, { name: key, role, account, hash, addedAt })
  }

  #endLogins(account: string): void {
    for (const [id, login] of this.#logins)
      if (keyOf(login.account) === keyOf(account)) this.#logins.delete(id)
  }

  #endKeys(account: string): void {
    for (const [name, key] of this.#keys)
      if (key.account !== null && keyOf(key.account) === keyOf(account)) this.#keys.delete(name)
  }
}
