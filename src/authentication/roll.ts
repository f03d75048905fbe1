/** Accounts and domains as the log tells of them: the fold of `account-*` and `domain-*`. */
import type { StoredEvent } from '../log/port.ts'
import { asciiDomain, keyOf } from './spelling.ts'

export type Account = {
  /** Its first address, which is also its mailbox. */
  readonly name: string
  /** argon2id, as `hashPassword` writes it. */
  readonly password: string
  readonly addresses: readonly string[]
}

export type LocalDomain = { readonly name: string; readonly catchAll: string | null }

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []

/** Filters that `Roll` wants a log read with. */
export const rollFilter = { categories: ['account', 'domain'] } as const

export class Roll {
  /** By the key of the name, in the order in which they were added. */
  readonly accounts = new Map<string, Account>()
  /** Account by the key of each of its addresses; the account that had an address first keeps it. */
  readonly owners = new Map<string, Account>()
  /** By the name in A-labels. */
  readonly domains = new Map<string, LocalDomain>()
  /** Last revision of each stream, for whoever appends to it next. */
  readonly revisions = new Map<string, number>()
  /** Of the last event applied. */
  position = 0

  apply({ type, data, position, stream, revision }: StoredEvent): void {
    this.position = position
    this.revisions.set(stream, revision)
    const account = text(data.account)
    const domain = text(data.domain)
    switch (type) {
      case 'AccountAdded':
        this.#add({ name: account, password: text(data.password), addresses: texts(data.addresses) })
        break
      case 'AccountPasswordChanged':
        this.#changePassword(account, text(data.password))
        break
      case 'AccountRemoved':
        this.accounts.delete(keyOf(account))
        this.#assignAddresses()
        break
      case 'DomainAdded':
        this.domains.set(asciiDomain(domain), { name: domain, catchAll: text(data.catchAll) || null })
        break
      case 'DomainRemoved':
        this.domains.delete(asciiDomain(domain))
        break
      default: // Written by a later release: not for us to understand.
    }
  }

  #add(account: Account): void {
    this.accounts.set(keyOf(account.name), account)
    this.#assign(account)
  }

  #changePassword(name: string, password: string): void {
    const account = this.accounts.get(keyOf(name))
    if (!account) return
    this.accounts.set(keyOf(name), { ...account, password })
    this.#assignAddresses()
  }

  #assign(account: Account): void {
    for (const address of [account.name, ...account.addresses]) {
      const key = keyOf(address)
      const owner = this.owners.get(key)
      if (!owner || owner.name === account.name) this.owners.set(key, account)
    }
  }

  #assignAddresses(): void {
    this.owners.clear()
    for (const account of this.accounts.values()) this.#assign(account)
  }
}
