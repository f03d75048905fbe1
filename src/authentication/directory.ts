/**
 * Who has mail here: the accounts and domains of the log, and the domains of the configuration, held in memory. Asked for
 * every recipient, so every answer is a few look-ups.
 */
import { splitAddress, withoutTag } from '../../machines/vocabulary/address.ts'
import type { Place } from '../../machines/vocabulary/events.ts'
import { isPretended } from '../../machines/vocabulary/pretended.ts'
import type { Config } from '../config/schema.ts'
import type { LogReader, StoredEvent } from '../log/port.ts'
import { literalAddress, ownAddresses } from './own-literals.ts'
import { type Account, type LocalDomain, Roll, rollFilter } from './roll.ts'
import { asciiDomain, keyOf, mailboxName, readableDomain } from './spelling.ts'

/** What the directory needs to know of the configuration. */
export type DirectoryConfig = Pick<Config, 'hostname' | 'playground' | 'domains' | 'listeners'>

type Waiter = { readonly position: number; readonly resolve: () => void }

const mailbox = (name: string): Place => ({ kind: 'mailbox', mailbox: name })

export class Directory {
  readonly #roll = new Roll()
  #config: DirectoryConfig
  #configured: ReadonlyMap<string, LocalDomain> = new Map()
  #own: ReadonlySet<string> = new Set()
  #waiters: readonly Waiter[] = []

  constructor(config: DirectoryConfig) {
    this.#config = config
    this.reconfigure(config)
  }

  /**
   * A directory that knows everything in the log, and follows it until `signal` aborts. `onFault` is told if it can no
   * longer follow; it then goes on with what it knows.
   */
  static async open(options: {
    readonly log: LogReader
    readonly config: DirectoryConfig
    readonly signal: AbortSignal
    readonly onFault?: (error: unknown) => void
  }): Promise<Directory> {
    const { log, config, signal, onFault = () => {} } = options
    const directory = await Directory.read(log, config)
    directory.#follow(log, signal).catch((error: unknown) => {
      if (!signal.aborted) onFault(error)
    })
    return directory
  }

  /** A directory that knows what is in the log now. */
  static async read(log: LogReader, config: DirectoryConfig): Promise<Directory> {
    const directory = new Directory(config)
    for await (const page of log.readAll(0, { filter: rollFilter }))
      for (const event of page) directory.apply(event)
    return directory
  }

  /** Takes over the domains and listeners of a configuration that was read again. */
  reconfigure(config: DirectoryConfig): void {
    this.#config = config
    this.#own = ownAddresses(config.listeners)
    this.#configured = new Map(
      config.domains.map(({ name, catchAll = null }) => [asciiDomain(name), { name, catchAll }]),
    )
  }

  apply(event: StoredEvent): void {
    this.#roll.apply(event)
    const reached = this.#waiters.filter(({ position }) => position <= event.position)
    if (reached.length === 0) return
    this.#waiters = this.#waiters.filter((waiter) => !reached.includes(waiter))
    for (const { resolve } of reached) resolve()
  }

  /** Resolves when the account or domain event at `position` is known here. */
  async until(position: number): Promise<void> {
    if (this.#roll.position >= position) return
    await new Promise<void>((resolve) => {
      this.#waiters = [...this.#waiters, { position, resolve }]
    })
  }

  /** Where the mail of `address` goes. Comparison is without case, RFC 5321 §2.4 leaves that to the receiving host. */
  place(address: string): Place {
    const { local, domain } = splitAddress(address)
    if (domain === '') return this.#postmaster(this.#home())
    const home = this.#localDomain(domain)
    if (home !== null) return this.#localPlace(local, home)
    if (this.#config.playground) return this.#playgroundPlace(local, domain)
    const ascii = asciiDomain(domain)
    // RFC 5321 §4.5.1: a server has a postmaster under its own name too.
    if (ascii === asciiDomain(this.#config.hostname) && isPostmaster(local))
      return this.#postmaster(this.#home())
    return { kind: 'foreign', nextHop: ascii }
  }

  /** The account that has this name, or this address. */
  account(name: string): Account | null {
    return this.#roll.owners.get(keyOf(name)) ?? null
  }

  /** In the order in which they were added. */
  accounts(): readonly Account[] {
    return [...this.#roll.accounts.values()]
  }

  /** The last revision of an account's or domain's stream, -1 for one that does not exist. */
  revision(stream: string): number {
    return this.#roll.revisions.get(stream) ?? -1
  }

  /** Ours: those of the configuration, then those of the log. */
  domains(): readonly (LocalDomain & { readonly origin: 'file' | 'log' })[] {
    const file = [...this.#configured.values()].map((each) => ({ ...each, origin: 'file' as const }))
    const log = [...this.#roll.domains].filter(([key]) => !this.#configured.has(key))
    return [...file, ...log.map(([, each]) => ({ ...each, origin: 'log' as const }))]
  }

  /** Whether mail for the domain is taken here; in the playground it is for any. */
  isLocal(domain: string): boolean {
    return this.#config.playground || this.#localDomain(domain) !== null
  }

  /**
   * What an account may send from: its addresses (an international domain in both forms), and `@domain` for each domain
   * it catches all mail of. Sub-addresses of these are meant as well.
   */
  addressesOf(account: Account): readonly string[] {
    const own = [account.name, ...account.addresses].flatMap((address) => {
      const { local, domain } = splitAddress(address)
      return [domain, asciiDomain(domain), readableDomain(domain)].map((form) => `${local}@${form}`)
    })
    const caught = this.domains().filter(
      ({ catchAll }) => catchAll !== null && this.#catcher(catchAll)?.name === account.name,
    )
    const wild = caught.flatMap(({ name }) => [`@${asciiDomain(name)}`, `@${readableDomain(name)}`])
    return [...new Set([...own, ...wild])]
  }

  /** Whether a logged-in account may call itself `address` (RFC 6409 §6.1). */
  mayUse(name: string, address: string): boolean {
    const account = this.account(name)
    if (!account) return false
    if (this.#owner(splitAddress(keyOf(address)))?.name === account.name) return true
    const domain = this.#domain(asciiDomain(splitAddress(address).domain))
    return domain?.catchAll != null && this.#catcher(domain.catchAll)?.name === account.name
  }

  async #follow(log: LogReader, signal: AbortSignal): Promise<void> {
    for await (const page of log.subscribe(this.#roll.position, { filter: rollFilter, signal }))
      for (const event of page) this.apply(event)
  }

  #domain(ascii: string): LocalDomain | undefined {
    return this.#configured.get(ascii) ?? this.#roll.domains.get(ascii)
  }

  /** A-labels of the domain of ours that `domain` means: itself, or the first of all for an address of this machine. */
  #localDomain(domain: string): string | null {
    const ascii = asciiDomain(domain)
    if (this.#domain(ascii)) return ascii
    const literal = literalAddress(domain)
    return literal !== null && this.#own.has(literal) ? this.#home() : null
  }

  /** The first domain of ours; the host itself as long as there is none. */
  #home(): string {
    for (const ascii of this.#configured.keys()) return ascii
    for (const ascii of this.#roll.domains.keys()) return ascii
    return asciiDomain(this.#config.hostname)
  }

  /** The account that has the address, or the address without its tag. */
  #owner({ local, domain }: { readonly local: string; readonly domain: string }): Account | undefined {
    const { owners } = this.#roll
    return owners.get(`${local}@${domain}`) ?? owners.get(`${withoutTag(local)}@${domain}`)
  }

  #catcher(catchAll: string): Account | undefined {
    return this.#owner(splitAddress(keyOf(catchAll)))
  }

  #caught(ascii: string): Place | null {
    const catchAll = this.#domain(ascii)?.catchAll
    return catchAll == null ? null : mailbox(this.#catcher(catchAll)?.name ?? mailboxName(catchAll))
  }

  #localPlace(given: string, ascii: string): Place {
    const { local } = splitAddress(keyOf(`${given}@${ascii}`))
    const owner = this.#owner({ local, domain: ascii })
    if (owner) return mailbox(owner.name)
    if (isPostmaster(local)) return this.#postmaster(ascii)
    const caught = this.#caught(ascii)
    if (caught) return caught
    return this.#config.playground ? this.#playgroundPlace(local, ascii) : { kind: 'unknown', domain: ascii }
  }

  /** Every address has a mailbox of its own, shared with its sub-addresses. */
  #playgroundPlace(given: string, domain: string): Place {
    const { local, domain: ascii } = splitAddress(keyOf(`${given}@${domain}`))
    if (isPretended(ascii)) return { kind: 'foreign', nextHop: ascii }
    const owner = this.#owner({ local, domain: ascii })
    return mailbox(owner?.name ?? `${withoutTag(local)}@${readableDomain(ascii)}`)
  }

  /** Always somewhere (RFC 5321 §4.5.1): its account, who catches the domain's mail, the first account, or a mailbox of its own. */
  #postmaster(ascii: string): Place {
    const owner = this.#roll.owners.get(`postmaster@${ascii}`)
    if (owner) return mailbox(owner.name)
    const caught = this.#caught(ascii)
    if (caught) return caught
    const own = `postmaster@${readableDomain(ascii)}`
    if (this.#config.playground) return mailbox(own)
    return mailbox(this.accounts()[0]?.name ?? own)
  }
}

const isPostmaster = (local: string): boolean => withoutTag(local).toLowerCase() === 'postmaster'
