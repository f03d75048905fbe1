/**
 * What is known of a stranger, asked before its first recipient is judged: out of the view `reputation`, in microseconds.
 *
 * The view may lag behind the log. What it lacks of the last half minute changes little: a sender that was put off just now is put off
 * once more, and its time runs from the first. Where more is missing, or the view cannot be read, the answer is that nobody knows: then
 * no rule about it speaks, and nobody is refused or put off for it.
 */
import type { Acquaintance, Karma } from '../../machines/vocabulary/findings.ts'
import { networkAround } from '../../machines/vocabulary/network.ts'
import { type Day, karmaScore } from '../../projections/karma.ts'
import { reputation, senderKey } from '../../projections/reputation.ts'
import type { LogReader } from '../log/port.ts'
import { acquaintanceOf, daysOfNetwork } from '../views/answers/reputation.ts'
import { Freshness } from './freshness.ts'
import { ViewFile } from './view-file.ts'

export type KnownOptions = {
  /** Where the views are. */
  readonly directory: string
  readonly log: Pick<LogReader, 'tail'>
  readonly now: () => number
}

/** Milliseconds between looks at how far the view is. */
const lookEvery = 1_000

const position = `
  SELECT position FROM views WHERE name = :name AND version = :version AND role = 'live' AND error IS NULL
`
type Pair = { readonly putOffAt: number | null; readonly accepted: number; readonly forgetAt: number }

export class Known {
  readonly #options: KnownOptions
  readonly #views: ViewFile<'days' | 'pair' | 'position'>
  readonly #freshness = new Freshness()
  #timer: NodeJS.Timeout | null = null

  constructor(options: KnownOptions) {
    this.#options = options
    this.#views = new ViewFile(options.directory, { days: daysOfNetwork, pair: acquaintanceOf, position })
  }

  /** Looks at once and then every second, until `close`. */
  follow(): void {
    void this.look()
    this.#timer = setInterval(() => void this.look(), lookEvery).unref()
  }

  /** Undefined: nobody knows. */
  karmaOf(address: string): Karma | undefined {
    const now = this.#options.now()
    const network = networkAround(address)
    return this.#ask(now, () => ({
      network,
      score: karmaScore(this.#views.ask<Day>('days', { network }), now),
    }))
  }

  /** Undefined: nobody knows. */
  acquaintanceOf(address: string, sender: string): Acquaintance | undefined {
    const now = this.#options.now()
    const pair = { network: networkAround(address), sender: senderKey(sender) }
    return this.#ask(now, () => {
      const [found] = this.#views.ask<Pair>('pair', pair)
      // It goes with the next sweep, which is no reason to know it until then.
      if (found === undefined || found.forgetAt < now) return { waited: null, accepted: 0 }
      const { putOffAt, accepted } = found
      return { waited: putOffAt === null ? null : Math.max(0, now - putOffAt), accepted }
    })
  }

  /** How far the view is, and the log. */
  async look(): Promise<void> {
    try {
      const tail = await this.#options.log.tail()
      const { name, version } = reputation
      const wasOpen = this.#views.isOpen
      this.#views.open()
      if (!wasOpen) this.#freshness.forget()
      const [found] = this.#views.ask<{ position: number }>('position', { name, version })
      this.#freshness.seen({ at: this.#options.now(), tail, position: found?.position ?? null })
    } catch {
      // A log that does not answer, a file that is not there yet: nobody knows, until the next look.
      this.#forget()
    }
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#forget()
  }

  #ask<Answer>(now: number, ask: () => Answer): Answer | undefined {
    if (!this.#freshness.isFreshAt(now)) return undefined
    try {
      return ask()
    } catch {
      this.#forget()
      return undefined
    }
  }

  #forget(): void {
    this.#freshness.forget()
    this.#views.close()
  }
}
