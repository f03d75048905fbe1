/** Who looks at mail from strangers, composed: the resolver, the lists of the policy, and what is known of the past. */
import type { Rules } from '../machines/session/rules/rules.ts'
import { now } from './actors/identity.ts'
import { asError } from './as-error.ts'
import { type Lists, type Ourselves, openLists, type Standing } from './authentication/client/index.ts'
import { ownAddresses, spelled } from './authentication/own-literals.ts'
import type { Examiner } from './authentication/port.ts'
import { asciiDomain } from './authentication/spelling.ts'
import type { PolicyFile } from './config/policy.ts'
import { usualPolicy } from './config/policy.ts'
import type { Config } from './config/schema.ts'
import { sessionPolicy } from './config/session-policy.ts'
import type { Resolver } from './dns/index.ts'
import type { EventLog } from './log/port.ts'
import { Known } from './reputation/known.ts'
import { Rates } from './reputation/rates.ts'
import { recount, sendingOf } from './reputation/recount.ts'

export type StrangersOptions = {
  readonly log: EventLog
  /** Where the views are. */
  readonly directory: string
  readonly warn: (what: string, error?: Error) => void
}

export class Strangers {
  readonly #options: StrangersOptions
  readonly #rates = new Rates({ windows: [] })
  #known: Known | null = null
  #lists: Lists | null = null

  constructor(options: StrangersOptions) {
    this.#options = options
  }

  /** Whoever looks at strangers from now on; null where the policy has no rules for them. */
  async examiner(config: Config, resolver: Resolver): Promise<Examiner | null> {
    const { rules } = sessionPolicy(config, 'mx')
    this.#lists?.close()
    this.#lists = null
    if (rules === undefined) return null
    this.#known ??= this.#follow()
    this.#count(rules)
    const lists = this.#open(config.policy ?? usualPolicy, resolver)
    // It brings mailauth along: it is loaded where strangers are looked at.
    const { StrangerExaminer } = await import('./authentication/examiner.ts')
    return new StrangerExaminer({
      ...{ resolver, lists, rates: this.#rates, known: this.#known, now },
      ...{ hostname: config.hostname, ourselves: ourselvesOf(config) },
    })
  }

  /** What becomes of the lists that are asked. */
  standing(): readonly Standing[] {
    return this.#lists?.standing() ?? []
  }

  close(): void {
    this.#lists?.close()
    this.#known?.close()
  }

  #open({ dnsbl }: PolicyFile, resolver: Resolver): Lists {
    const { warn } = this.#options
    this.#lists = openLists({ lists: dnsbl, resolver, notice: ({ zone, text }) => warn(`${zone}: ${text}`) })
    return this.#lists
  }

  #follow(): Known {
    const { log, directory } = this.#options
    const known = new Known({ log, directory, now })
    known.follow()
    return known
  }

  /** A server begins with what the log has. Later, counts of rules that were there go on, and new ones begin at nothing. */
  #count({ rates }: Rules): void {
    const isCounting = this.#rates.longest > 0
    this.#rates.use(rates)
    const begun = now()
    if (isCounting || this.#rates.longest === 0) return
    recount({
      log: this.#options.log,
      since: begun - this.#rates.longest,
      counted: (accepted, at) => this.#rates.recount(sendingOf(accepted), { at, now: begun }),
    }).catch((error) =>
      this.#options.warn('rates begin at nothing: the log could not be read', asError(error)),
    )
  }
}

/** Whoever calls himself so, and is not we, lies. */
const ourselvesOf = ({ hostname, listeners }: Config): Ourselves => {
  const name = asciiDomain(hostname)
  const own = ownAddresses(listeners.filter(({ service }) => service !== 'http'))
  return {
    isOurName: (said) => asciiDomain(said) === name,
    isOurAddress: (address) => own.has(spelled(address)),
  }
}
