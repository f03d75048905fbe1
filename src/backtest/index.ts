/** What another policy would have done to recorded sessions. */
import { session } from '../../machines/session/index.ts'
import type { SessionPolicy } from '../../machines/session/policy.ts'
import type { Rules } from '../../machines/session/rules/rules.ts'
import { policyHashOf, readPolicy } from '../history/policies.ts'
import { Stage } from '../history/stage.ts'
import { idOf, type LogReader, type StoredEvent } from '../log/port.ts'
import { Rates } from '../reputation/rates.ts'
import { Report, type Summary } from './report.ts'
import { type Counting, Rerun } from './rerun.ts'

export type BacktestOptions = {
  readonly log: Pick<LogReader, 'readAll' | 'readStream'>
  readonly rules: Rules
  /** Sessions that began between these, milliseconds since 1970. */
  readonly since?: number
  readonly until?: number
  /** Examples kept of each group. */
  readonly examples?: number
  readonly progress?: (position: number) => void
}

export type Backtest = { readonly report: Report; readonly summary: Summary }

/** Sessions followed at once; the one begun longest ago is given up when there are more. */
const mostOpen = 20_000

class Run {
  readonly report: Report
  readonly #options: BacktestOptions
  readonly #counting: Counting | null
  readonly #open = new Map<string, Rerun>()
  /** By the policy that was in force; null where it does not judge strangers. */
  readonly #stages = new Map<string, Stage | null>()

  constructor(options: BacktestOptions) {
    this.#options = options
    this.report = new Report(options.examples ?? 3)
    this.#counting = countingFor(options.rules)
  }

  async take(event: StoredEvent): Promise<void> {
    if (event.revision === 0) await this.#begin(event)
    this.#open.get(event.stream)?.take(event)
    if (event.type === 'SessionClosed') this.#open.delete(event.stream)
  }

  finish(): void {
    for (const rerun of this.#open.values()) rerun.end()
    this.#open.clear()
  }

  async #begin(event: StoredEvent): Promise<void> {
    const { since = 0, until = Number.POSITIVE_INFINITY } = this.#options
    if (event.at < since || event.at > until || event.data.service !== 'mx') return
    const stage = await this.#stage(policyHashOf(event) ?? '')
    if (stage === null) return
    this.report.session(event.at)
    const [oldest] = this.#open.keys()
    if (this.#open.size >= mostOpen && oldest !== undefined) {
      this.#open.get(oldest)?.end()
      this.#open.delete(oldest)
    }
    this.#open.set(
      event.stream,
      new Rerun(idOf(event.stream), {
        ...{ stage, rules: this.#options.rules, counting: this.#counting },
        fared: (mail) => this.report.take(mail),
      }),
    )
  }

  async #stage(hash: string): Promise<Stage | null> {
    const known = this.#stages.get(hash)
    if (known !== undefined) return known
    const policy = (await readPolicy(this.#options.log, hash)) as SessionPolicy | undefined
    const stage = policy === undefined ? null : new Stage(session, { ...policy, rules: this.#options.rules })
    this.#stages.set(hash, stage)
    return stage
  }
}

/** Counts are made anew: those that were recorded are of other rules. */
const countingFor = ({ rates }: Rules): Counting | null => {
  if (rates.length === 0) return null
  const counted = new Rates({ windows: rates })
  return (sender, address, at) => counted.enter({ address, account: null, sender }, at).counts
}

/** Judges the recorded sessions again. @throws LogDamaged */
export const backtest = async (options: BacktestOptions): Promise<Backtest> => {
  const run = new Run(options)
  const started = performance.now()
  for await (const page of options.log.readAll(0, { filter: { categories: ['smtp_session'] } })) {
    for (const event of page) await run.take(event)
    const last = page.at(-1)
    if (last !== undefined) options.progress?.(last.position)
  }
  run.finish()
  return { report: run.report, summary: run.report.summary(Math.round(performance.now() - started)) }
}
