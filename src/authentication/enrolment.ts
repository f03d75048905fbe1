/** Changes to accounts and domains: each becomes one event, or is refused with a reason. */
import { parseAddress, splitAddress } from '../../machines/vocabulary/address.ts'
import type { FactName, Facts } from '../../machines/vocabulary/events.ts'
import { newEventId } from '../actors/identity.ts'
import { parseDomain } from '../config/values.ts'
import { type EventLog, kindOf, WrongRevision } from '../log/port.ts'
import type { Directory } from './directory.ts'
import { hashPassword, judgePassword } from './passwords.ts'
import type { Account } from './roll.ts'
import { asciiDomain, mailboxName, readableDomain } from './spelling.ts'

export type Enrolled =
  | { readonly ok: true; readonly position: number }
  | { readonly ok: false; readonly reason: string }

const refused = (reason: string): { ok: false; reason: string } => ({ ok: false, reason })

const asAddress = (given: string): string => parseAddress(given) ?? given

/** Why there can be no new account with these addresses, or null. The first one becomes its name. */
export const objectionTo = (addresses: readonly string[], directory: Directory): string | null => {
  for (const [at, given] of addresses.entries()) {
    const address = parseAddress(given)
    if (address === null) return `'${given}' is no mail address`
    const { domain } = splitAddress(address)
    if (!directory.isLocal(domain))
      return `${domain} is not a domain of this server; add it first: fsmtp domain add ${domain}`
    const owner = directory.account(address)?.name
    if (owner === undefined) continue
    return at === 0 && owner === mailboxName(address)
      ? `there is already an account ${owner}`
      : `${given} already belongs to the account ${owner}`
  }
  return null
}

export class Enrolment {
  readonly #directory: Directory
  readonly #log: Pick<EventLog, 'append'>
  readonly #now: () => number

  /** `directory` decides, so it has to be up to date; what came in between is refused by its revision. */
  constructor(options: {
    readonly directory: Directory
    readonly log: Pick<EventLog, 'append'>
    readonly now?: () => number
  }) {
    this.#directory = options.directory
    this.#log = options.log
    this.#now = options.now ?? Date.now
  }

  async addAccount(options: {
    readonly addresses: readonly [string, ...string[]]
    readonly password: string
  }): Promise<Enrolled> {
    const objection = objectionTo(options.addresses, this.#directory)
    if (objection !== null) return refused(objection)
    const addresses = [...new Set(options.addresses.map(asAddress))]
    const account = mailboxName(asAddress(options.addresses[0]))
    const password = await this.#hash(account, options.password)
    if (!password.ok) return password
    return this.#append('AccountAdded', `account-${account}`, { account, password: password.hash, addresses })
  }

  async changePassword(options: { readonly address: string; readonly password: string }): Promise<Enrolled> {
    const found = this.#find(options.address)
    if (!found.ok) return found
    const { name } = found.account
    const password = await this.#hash(name, options.password)
    if (!password.ok) return password
    const data = { account: name, password: password.hash }
    return this.#append('AccountPasswordChanged', `account-${name}`, data)
  }

  async removeAccount(address: string): Promise<Enrolled> {
    const found = this.#find(address)
    if (!found.ok) return found
    const { name } = found.account
    if (name !== mailboxName(asAddress(address)))
      return refused(`${address} is an address of the account ${name}; remove that one, by its name`)
    return this.#append('AccountRemoved', `account-${name}`, { account: name })
  }

  async addDomain(options: { readonly name: string; readonly catchAll: string | null }): Promise<Enrolled> {
    const name = parseDomain(options.name)
    if (name === null) return refused(`'${options.name}' is no domain name; write it like example.org`)
    if (this.#directory.domains().some((known) => sameDomain(known.name, name)))
      return refused(`${name} is already a domain of this server`)
    const catchAll = options.catchAll === null ? null : parseAddress(options.catchAll)
    if (catchAll === null && options.catchAll !== null)
      return refused(`'${options.catchAll}' is no mail address`)
    if (catchAll !== null && !this.#mayCatch(catchAll, name))
      return refused(
        `${catchAll} is not in a domain of this server; mail cannot be caught by a foreign address`,
      )
    return this.#append('DomainAdded', domainStream(name), { domain: name, catchAll })
  }

  async removeDomain(given: string): Promise<Enrolled> {
    const known = this.#directory.domains().find(({ name }) => sameDomain(name, given))
    if (!known) return refused(`${given} is not a domain of this server`)
    if (known.origin === 'file')
      return refused(`${known.name} stands in the configuration file; remove it there`)
    const inhabitants = this.#directory.accounts().filter((account) => livesIn(account, known.name))
    if (inhabitants.length > 0)
      return refused(`${known.name} still has accounts: ${inhabitants.map(({ name }) => name).join(', ')}`)
    return this.#append('DomainRemoved', domainStream(known.name), { domain: known.name })
  }

  #mayCatch(catchAll: string, name: string): boolean {
    const { domain } = splitAddress(catchAll)
    return sameDomain(domain, name) || this.#directory.isLocal(domain)
  }

  #find(address: string): { ok: true; account: Account } | { ok: false; reason: string } {
    const account = this.#directory.account(asAddress(address))
    return account ? { ok: true, account } : refused(`there is no account ${address}`)
  }

  async #hash(
    account: string,
    password: string,
  ): Promise<{ ok: true; hash: string } | { ok: false; reason: string }> {
    const judged = judgePassword(password, { account })
    return judged.ok ? { ok: true, hash: await hashPassword(password) } : refused(judged.reason)
  }

  async #append<Name extends FactName>(type: Name, stream: string, data: Facts[Name]): Promise<Enrolled> {
    const at = this.#now()
    const event = { id: newEventId(at), kind: kindOf(type, 1, {}), at, data }
    try {
      const append = { stream, expected: this.#directory.revision(stream), events: [event] }
      const { position } = await this.#log.append([append])
      return { ok: true, position }
    } catch (error) {
      if (error instanceof WrongRevision)
        return refused('somebody else changed it at the same moment; try again')
      throw error
    }
  }
}

/** One stream for a domain, however it was typed. */
const domainStream = (name: string): string => `domain-${readableDomain(asciiDomain(name))}`
const sameDomain = (one: string, other: string): boolean => asciiDomain(one) === asciiDomain(other)
const livesIn = ({ name, addresses }: Account, domain: string): boolean =>
  [name, ...addresses].some((address) => sameDomain(splitAddress(address).domain, domain))
