/** What another policy would have done to recorded sessions. */
import { session } from '../../machines/session/index.ts'
import type { SessionPolicy } from '../../machines/session/policy.ts'
import { rulesAsked } from '../../machines/session/rules/judge.ts'
import type { Rules } from '../../machines/session/rules/rules.ts'
import { policyHashOf, readPolicy } from '../history/policies.ts'
import { Stage } from '../history/stage.ts'
import type { LogReader, StoredEvent } from '../log/port.ts'
import { beginningOf } from './beginning.ts'
import { Consequences } from './consequences.ts'
import { Report, type Summary } from './report.ts'
import { Session, type Setting } from './session.ts'
import type { Fared } from './trial.ts'

export type BacktestOptions = {
  readonly log: Pick<LogReader, 'readAll' | 'readStream' | 'tail' | 'spacing'>
  readonly rules: Rules
  /** Sessions that began between these, milliseconds since 1970. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** Examples kept of each group. */
  readonly examples?: number
  /** The position that was reached, and the one from which reading began. */
  readonly progress?: (position: number, after: number) => void
  /** Every session by the machine, for comparison. */
  readonly alwaysLong?: boolean
}

export type Backtest = { readonly report: Report; readonly summary: Summary }

/** Sessions followed at once; the one begun longest ago is given up when there are more. */
const mostOpen = 20_000

/** A list that was asked then is a list that was asked, whatever its answers led to. */
const asked = (rules: Rules | undefined): ReadonlySet<string> => {
  if (rules === undefined) return new Set()
  const lists = rules.dnsbl.flatMap(({ zone }) => [`dnsbl ${zone}`, `dnsbl ${zone}.error`])
  // What a sum lacks is a list that was not asked.
  const others = [...rulesAsked(rules)].filter((rule) => !rule.startsWith('score.'))
  return new Set([...others, ...lists])
}

class Run {
  readonly report: Report
  readonly #options: BacktestOptions
  readonly #consequences: Consequences
  readonly #open = new Map<string, Session>()
  /** By the hash of the policy that was in force; null where the log does not have it. */
  readonly #settings = new Map<string, Setting | null>()

  constructor(options: BacktestOptions) {
    this.#options = options
    this.report = new Report(options.examples ?? 3)
    this.#consequences = new Consequences(options.rules)
  }

  /** From where the log is to be read: what is not asked for counts as long as rates reach back. */
  async beginning(): Promise<number> {
    const { log, since } = this.#options
    return since === undefined ? 0 : beginningOf(log, since - this.#consequences.reach)
  }

  /** Whether this first fact is of a session whose policy was not read yet: `know` comes first. */
  isNew({ data }: StoredEvent): boolean {
    return data.service === 'mx' && !this.#settings.has(String(data.policy))
  }

  async know(event: StoredEvent): Promise<void> {
    const { log, rules, alwaysLong } = this.#options
    const hash = policyHashOf(event) ?? ''
    const policy = (await readPolicy(log, hash)) as SessionPolicy | undefined
    this.#settings.set(
      String(event.data.policy),
      policy === undefined
        ? null
        : {
            stage: new Stage(session, { ...policy, rules }),
            ...{ rules, asked: asked(policy.rules), most: alwaysLong ? 0 : fewest(policy) },
          },
    )
  }

  take(event: StoredEvent): void {
    if (event.revision === 0) this.#begin(event)
    const going = this.#open.get(event.stream)
    if (going === undefined) return
    going.take(event)
    if (event.type === 'SessionClosed') this.#open.delete(event.stream)
  }

  finish(): void {
    for (const going of this.#open.values()) going.end()
    this.#open.clear()
  }

  #begin({ at, stream, data }: StoredEvent): void {
    const { since = 0, until = Number.POSITIVE_INFINITY } = this.#options
    if (data.service !== 'mx' || at > until || at < since - this.#consequences.reach) return
    const isAsked = at >= since
    const setting = this.#settings.get(String(data.policy))
    if (setting == null) {
      if (isAsked) this.report.withoutPolicy()
      return
    }
    if (isAsked) this.report.session(at)
    if (this.#open.size >= mostOpen) this.#giveUpOldest()
    const fared = isAsked ? (mail: Fared) => this.report.take(mail) : () => {}
    this.#open.set(stream, new Session(stream, { setting, consequences: this.#consequences, fared }))
  }

  #giveUpOldest(): void {
    for (const [stream, oldest] of this.#open) {
      oldest.end()
      this.#open.delete(stream)
      return
    }
  }
}

/** No fewer facts than this can make one session be ended for their number. */
const fewest = ({ limits }: SessionPolicy): number =>
  Math.min(limits.errors, limits.idleCommands, limits.messages, limits.recipients)

/** Judges the recorded sessions again. @throws LogDamaged */
export const backtest = async (options: BacktestOptions): Promise<Backtest> => {
  const run = new Run(options)
  const started = performance.now()
  const filter = { categories: [session.category] }
  const after = await run.beginning()
  for await (const page of options.log.readAll(after, { filter })) {
    for (const event of page) {
      if (event.revision === 0 && run.isNew(event)) await run.know(event)
      run.take(event)
    }
    const last = page.at(-1)
    if (last !== undefined) options.progress?.(last.position, after)
  }
  run.finish()
  return { report: run.report, summary: run.report.summary(Math.round(performance.now() - started)) }
}
