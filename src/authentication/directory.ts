/**
 * Who has mail here: the accounts and domains of the log, and the domains of the configuration, held in memory. Asked for
 * every recipient, so every answer is a few look-ups.
 */
import { splitAddress, withoutTag } from '../../machines/vocabulary/address.ts'
import type { AliasTarget, Place } from '../../machines/vocabulary/events.ts'
import { isPretended } from '../../machines/vocabulary/pretended.ts'
import { destinationOf } from '../../machines/vocabulary/recipients.ts'
import { deepestAlias, mostTargets } from '../config/aliases.ts'
import type { Config } from '../config/schema.ts'
import { isReturnPath, type ReturnPaths } from '../forwarding/return-paths.ts'
import type { LogReader, StoredEvent } from '../log/port.ts'
import { type Aliases, aliasesOf, aliasFor } from './aliases.ts'
import { literalAddress, ownAddresses } from './own-literals.ts'
import { type Account, type LocalDomain, Roll, rollFilter } from './roll.ts'
import { asciiDomain, keyOf, mailboxName, readableDomain } from './spelling.ts'

/** What the directory needs to know of the configuration. */
export type DirectoryConfig = Pick<Config, 'hostname' | 'playground' | 'domains' | 'listeners'>

type Waiter = { readonly position: number; readonly resolve: () => void }

/** Where mail goes that no alias sends elsewhere. */
type PlainPlace = Exclude<Place, { readonly kind: 'alias' }>

const mailbox = (name: string): PlainPlace => ({ kind: 'mailbox', mailbox: name })

/** Reads back the senders of mail that was forwarded here, now. */
export type ReadReturnPath = (local: string) => ReturnType<ReturnPaths['unwrap']>

export class Directory {
  readonly #roll = new Roll()
  #config: DirectoryConfig
  #configured: ReadonlyMap<string, LocalDomain> = new Map()
  #aliases: Aliases = new Map()
  #own: ReadonlySet<string> = new Set()
  #waiters: readonly Waiter[] = []

  /** Without it no address is taken for a return path. */
  readonly #readReturnPath: ReadReturnPath | null

  constructor(config: DirectoryConfig, readReturnPath: ReadReturnPath | null = null) {
    this.#config = config
    this.#readReturnPath = readReturnPath
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
    readonly readReturnPath?: ReadReturnPath | null
  }): Promise<Directory> {
    const { log, config, signal, onFault = () => {}, readReturnPath = null } = options
    const directory = await Directory.read(log, config, readReturnPath)
    directory.#follow(log, signal).catch((error: unknown) => {
      if (!signal.aborted) onFault(error)
    })
    return directory
  }

  /** A directory that knows what is in the log now. */
  static async read(
    log: LogReader,
    config: DirectoryConfig,
    readReturnPath: ReadReturnPath | null = null,
  ): Promise<Directory> {
    const directory = new Directory(config, readReturnPath)
    for await (const page of log.readAll(0, { filter: rollFilter }))
      for (const event of page) directory.apply(event)
    return directory
  }

  /** Takes over the domains and listeners of a configuration that was read again. */
  reconfigure(config: DirectoryConfig): void {
    this.#config = config
    this.#own = ownAddresses(config.listeners)
    this.#aliases = aliasesOf(config.domains)
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

  /**
   * Where the mail of `address` goes. Comparison is without case, RFC 5321 §2.4 leaves that to the receiving host. An alias comes
   * before the account of the same address: somebody wrote it.
   */
  place(address: string): Place {
    const alias = this.#aliasOf(address)
    if (alias !== null) return { kind: 'alias', alias, targets: this.#targetsOf(alias) }
    return this.#returnPlace(address) ?? this.#plainPlace(address)
  }

  #plainPlace(address: string): PlainPlace {
    const { local, domain } = splitAddress(address)
    const home = this.#homeOf(address)
    if (home !== null) return domain === '' ? this.#postmaster(home) : this.#localPlace(local, home)
    if (this.#config.playground) return this.#playgroundPlace(local, domain)
    return { kind: 'foreign', nextHop: asciiDomain(domain) }
  }

  /** The domain of ours that an address is of; null for one of another host. */
  #homeOf(address: string): string | null {
    const { local, domain } = splitAddress(address)
    if (domain === '') return this.#home()
    const home = this.#localDomain(domain)
    if (home !== null || this.#config.playground) return home
    // RFC 5321 §4.5.1: a server has a postmaster under its own name too.
    return isPostmaster(local) && asciiDomain(domain) === asciiDomain(this.#config.hostname)
      ? this.#home()
      : null
  }

  /** The alias that an address means, as it is written: its own, that of the address without its tag, or the catch-all. */
  #aliasOf(address: string): string | null {
    if (this.#aliases.size === 0) return null
    const domain = this.#homeOf(address)
    if (domain === null) return null
    const { local } = splitAddress(keyOf(`${splitAddress(address).local}@${domain}`))
    const { owners } = this.#roll
    const exact = aliasFor(this.#aliases, { local, domain }, { tagged: false })
    if (exact !== null || owners.has(`${local}@${domain}`)) return exact
    if (this.#mayReturn(local)) return null
    const tagged = aliasFor(this.#aliases, { local, domain }, { tagged: true })
    if (tagged !== null || owners.has(`${withoutTag(local)}@${domain}`)) return tagged
    return this.#catchingAlias(domain)
  }

  #catchingAlias(ascii: string): string | null {
    const catchAll = this.#domain(ascii)?.catchAll
    if (catchAll == null) return null
    const { local, domain } = splitAddress(keyOf(catchAll))
    return aliasFor(this.#aliases, { local, domain }, { tagged: false })
  }

  /**
   * What an alias stands for, aliases among its targets followed (RFC 5321 §3.9.1): each once, a bounded number. One that names
   * itself means the mailbox beside it. Addresses nobody has get a mailbox, as those that catch all mail do: nothing is lost.
   */
  #targetsOf(alias: string): readonly AliasTarget[] {
    const found = new Map<string, AliasTarget>()
    const seen = new Set([alias])
    const add = (address: string): void => {
      const place = this.#plainPlace(address)
      const plain = place.kind === 'unknown' ? mailbox(mailboxName(address)) : place
      const key = plain.kind === 'mailbox' ? plain.mailbox : address
      if (!found.has(key)) found.set(key, { address, destination: destinationOf(plain) })
    }
    const follow = (from: string, depth: number): void => {
      for (const target of this.#aliases.get(from) ?? []) {
        if (found.size === mostTargets) return
        const next = this.#aliasOf(target)
        if (next === null || next === from) add(target)
        else if (!seen.has(next) && depth < deepestAlias) {
          seen.add(next)
          follow(next, depth + 1)
        }
      }
    }
    follow(alias, 0)
    if (found.size === 0) add(alias)
    return [...found.values()]
  }

  #mayReturn(local: string): boolean {
    return this.#readReturnPath !== null && isReturnPath(local)
  }

  /** Of an address that a sender was given when mail was forwarded: the sender. */
  #returnPlace(address: string): Place | null {
    const { local, domain } = splitAddress(address)
    if (!this.#mayReturn(local)) return null
    const home = this.#localDomain(domain)
    if (home === null || this.#roll.owners.has(keyOf(`${local}@${home}`))) return null
    const read = this.#readReturnPath!(local)
    if (read.kind === 'none') return null
    if (read.kind !== 'address') return { kind: 'unknown', domain: home, because: `return-path-${read.kind}` }
    const place = this.place(read.address)
    if (place.kind === 'unknown') return place
    const alias = `${local}@${home}`
    if (place.kind === 'alias') return { ...place, alias }
    return {
      kind: 'alias',
      alias,
      targets: [{ address: read.address, destination: destinationOf(place) }],
    }
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
  domains(): readonly (LocalDomain & { readonly origin: 'file' | 'log'; readonly aliases: number })[] {
    const counts = new Map(
      this.#config.domains.map(({ name, aliases = {} }) => [name, Object.keys(aliases).length]),
    )
    const file = [...this.#configured.values()].map((each) => ({
      ...each,
      ...{ origin: 'file' as const, aliases: counts.get(each.name) ?? 0 },
    }))
    const log = [...this.#roll.domains].filter(([key]) => !this.#configured.has(key))
    return [...file, ...log.map(([, each]) => ({ ...each, origin: 'log' as const, aliases: 0 }))]
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

  #caught(ascii: string): PlainPlace | null {
    const catchAll = this.#domain(ascii)?.catchAll
    return catchAll == null ? null : mailbox(this.#catcher(catchAll)?.name ?? mailboxName(catchAll))
  }

  #localPlace(given: string, ascii: string): PlainPlace {
    const { local } = splitAddress(keyOf(`${given}@${ascii}`))
    const owner = this.#owner({ local, domain: ascii })
    if (owner) return mailbox(owner.name)
    if (isPostmaster(local)) return this.#postmaster(ascii)
    const caught = this.#caught(ascii)
    if (caught) return caught
    return this.#config.playground ? this.#playgroundPlace(local, ascii) : { kind: 'unknown', domain: ascii }
  }

  /** Every address has a mailbox of its own, shared with its sub-addresses. */
  #playgroundPlace(given: string, domain: string): PlainPlace {
    const { local, domain: ascii } = splitAddress(keyOf(`${given}@${domain}`))
    if (isPretended(ascii)) return { kind: 'foreign', nextHop: ascii }
    const owner = this.#owner({ local, domain: ascii })
    return mailbox(owner?.name ?? `${withoutTag(local)}@${readableDomain(ascii)}`)
  }

  /** Always somewhere (RFC 5321 §4.5.1): its account, who catches the domain's mail, the first account, or a mailbox of its own. */
  #postmaster(ascii: string): PlainPlace {
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
