/**
 * Checks credentials, and makes guessing them slow: failures are counted by where they come from and by account. Names we
 * do not have get the same answer, after the same work, as wrong passwords.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Config } from '../config/schema.ts'
import type { Directory } from './directory.ts'
import { networkOf } from './network.ts'
import { decoyHash, verifyPassword } from './passwords.ts'
import { keyOf } from './spelling.ts'
import { Tally } from './tally.ts'

export type Verdict =
  | { readonly verdict: 'ok'; readonly user: string; readonly addresses: readonly string[] }
  | {
      readonly verdict: 'bad-credentials' | 'throttled'
      /** The account, if there is one of that name: what else was typed may be a password. */
      readonly user: string | null
    }

export type Attempt = {
  readonly user: string
  readonly password: string
  /** The client's IP address. */
  readonly peer: string
}

export type LoginOptions = {
  readonly directory: Pick<Directory, 'account' | 'addressesOf'>
  readonly limits: Pick<Config['limits']['loginFailures'], 'perAddress' | 'perAccount' | 'window'>
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** Holds an answer back. */
  readonly wait?: (milliseconds: number) => Promise<unknown>
}

/** Keys remembered at most, whatever an attacker invents. */
const most = { addresses: 50_000, accounts: 50_000, strangers: 10_000, known: 50_000 }

const firstDelay = 100
const longestDelay = 5000

/** Milliseconds an answer is held back after the nth failure: 100, 200, 400 ... 5000. */
export const delayAfter = (failures: number): number =>
  Math.min(firstDelay * 2 ** Math.max(0, failures - 1), longestDelay)

/** How long an address counts as known to an account after a login from there. */
const knownFor = 30 * 86_400_000

type Keys = { readonly address: string; readonly account: string; readonly known: string }

export class Login {
  readonly #options: LoginOptions
  readonly #now: () => number
  readonly #wait: (milliseconds: number) => Promise<unknown>
  readonly #addresses: Tally
  readonly #accounts: Tally
  /** Names that are no accounts: apart, so that inventing names forgets no account's failures. */
  readonly #strangers: Tally
  /** Account and address of earlier logins: these are heard even while somebody else guesses. */
  readonly #known = new Tally({ window: knownFor, most: most.known })
  readonly #decoy = decoyHash()

  constructor(options: LoginOptions) {
    const { window } = options.limits
    this.#options = options
    this.#now = options.now ?? Date.now
    // Not a reason to keep the process alive.
    this.#wait = options.wait ?? ((milliseconds) => pause(milliseconds, undefined, { ref: false }))
    this.#addresses = new Tally({ window, most: most.addresses })
    this.#accounts = new Tally({ window, most: most.accounts })
    this.#strangers = new Tally({ window, most: most.strangers })
  }

  /**
   * The answer comes late after failures, the later the more there were.
   * @throws TooManyWaiting, or another Error, when the password cannot be checked just now; that counts as no failure
   */
  async verify({ user, password, peer }: Attempt): Promise<Verdict> {
    const account = this.#options.directory.account(user)
    const name = account?.name ?? null
    const keys = keysOf(name ?? user, peer)
    const tally = account ? this.#accounts : this.#strangers
    if (this.#throttled(keys, tally)) {
      await this.#wait(longestDelay)
      return { verdict: 'throttled', user: name }
    }
    // Counted before the check, so that many at once are not more guesses than the limit allows.
    const failures = this.#charge(keys, tally)
    const matches = await verifyPassword(password, account?.password ?? this.#decoy).catch(
      (error: unknown) => {
        this.#refund(keys, tally)
        throw error
      },
    )
    if (!matches || !account) {
      await this.#wait(delayAfter(failures))
      return { verdict: 'bad-credentials', user: name }
    }
    this.#refund(keys, tally)
    if (this.#known.count(keys.known, this.#now()) === 0) this.#known.add(keys.known, this.#now())
    return { verdict: 'ok', user: account.name, addresses: this.#options.directory.addressesOf(account) }
  }

  #throttled({ address, account, known }: Keys, tally: Tally): boolean {
    const { limits } = this.#options
    const now = this.#now()
    if (this.#addresses.count(address, now) >= limits.perAddress) return true
    return tally.count(account, now) >= limits.perAccount && this.#known.count(known, now) === 0
  }

  /** The larger of both counts. */
  #charge({ address, account }: Keys, tally: Tally): number {
    const now = this.#now()
    return Math.max(this.#addresses.add(address, now), tally.add(account, now))
  }

  #refund({ address, account }: Keys, tally: Tally): void {
    this.#addresses.subtract(address)
    tally.subtract(account)
  }
}

const keysOf = (name: string, peer: string): Keys => {
  const address = networkOf(peer)
  const account = keyOf(name.slice(0, 320))
  return { address, account, known: `${account} ${address}` }
}
