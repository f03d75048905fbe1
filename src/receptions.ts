/** What each listener gives its connections, as the configuration has it; and the record of which policy that is. */
import type { SessionPolicy } from '../machines/session/policy.ts'
import type { Service } from '../machines/vocabulary/events.ts'
import type { Outbox } from './actors/outbox.ts'
import type { Directory } from './authentication/directory.ts'
import type { Login } from './authentication/login.ts'
import type { Examiner } from './authentication/port.ts'
import type { Config } from './config/schema.ts'
import { sessionPolicy } from './config/session-policy.ts'
import type { ContentStore } from './content/port.ts'
import type { EventLog } from './log/port.ts'
import { membersOf } from './networks.ts'
import { adoptPolicy, recordPolicyChange } from './policies.ts'
import type { Reception } from './smtp/reception.ts'

export type ReceptionsOptions = {
  readonly log: EventLog
  readonly node: string
  readonly outbox: Outbox
  readonly directory: Directory
  readonly login: Login
  readonly content: Pick<ContentStore, 'begin' | 'remove'>
  readonly supervisor: Reception['supervisor']
  readonly complain: Reception['complain']
}

export const addressesOf = (directory: Directory, user: string): readonly string[] => {
  const account = directory.account(user)
  return account === null ? [] : directory.addressesOf(account)
}

export const trusted = ({ proxy }: Config, protocol: 'xclient' | 'proxy'): ((address: string) => boolean) =>
  membersOf(proxy.protocols.includes(protocol) ? proxy.trusted : [])

export class Receptions {
  readonly #options: ReceptionsOptions
  readonly #inForce = new Map<Service, string>()

  constructor(options: ReceptionsOptions) {
    this.#options = options
  }

  /** For the sessions to come. A policy that was not in force before is recorded. */
  async of(service: Service, settings: Config, examiner: Examiner | null): Promise<Reception> {
    const { outbox, node, directory, login, content, supervisor, complain } = this.#options
    const policy = sessionPolicy(settings, service)
    const { limits } = settings
    return {
      ...{ node, policy, outbox, supervisor, complain },
      policyHash: await this.#inForceFor(service, policy),
      place: (address) => directory.place(address),
      verify: (attempt) => login.verify(attempt),
      addressesOf: (user) => addressesOf(directory, user),
      beginContent: (id) => content.begin(id),
      removeContent: (id) => content.remove(id),
      timeouts: {
        command: limits.commandTimeout,
        data: limits.dataTimeout,
        greetingPause: service === 'mx' ? limits.greetingPause : 0,
      },
      mayRename: trusted(settings, 'xclient'),
      ...(examiner && { examiner }),
    }
  }

  async #inForceFor(service: Service, policy: SessionPolicy): Promise<string> {
    const { log, node } = this.#options
    const hash = await adoptPolicy(log, policy, node)
    const previous = this.#inForce.get(service) ?? null
    if (previous === hash) return hash
    await recordPolicyChange(log, { service, policy: hash, previous, node })
    this.#inForce.set(service, hash)
    return hash
  }
}
