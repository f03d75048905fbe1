/**
 * What is known of a stranger, asked before its first recipient is judged: out of the view `reputation`, in microseconds.
 *
 * The view may lag behind the log. What it lacks of the last half minute changes little: a sender that was put off just now is put off
 * once more, and its time runs from the first. Where more is missing, or the view cannot be read, the answer is that nobody knows: then
 * no rule about it speaks, and nobody is refused or put off for it.
 */
import { statSync } from 'node:fs'
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import type { Acquaintance, Karma } from '../../machines/vocabulary/findings.ts'
import { networkAround } from '../../machines/vocabulary/network.ts'
import { type Day, karmaScore } from '../../projections/karma.ts'
import { reputation, senderKey } from '../../projections/reputation.ts'
import type { LogReader } from '../log/port.ts'
import { acquaintanceOf, daysOfNetwork } from '../views/answers/reputation.ts'
import { viewsFile } from '../views/database.ts'
import { Freshness } from './freshness.ts'

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

type Questions = {
  readonly db: DatabaseSync
  /** Of the file: it may be deleted and made anew under us. */
  readonly inode: number
  readonly days: StatementSync
  readonly pair: StatementSync
  readonly position: StatementSync
}

const rowsOf = <Row extends Record<string, SQLOutputValue>>(
  statement: StatementSync,
  network: string,
): readonly Row[] => statement.all({ network }) as Row[]

export class Known {
  readonly #options: KnownOptions
  readonly #freshness = new Freshness()
  #questions: Questions | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(options: KnownOptions) {
    this.#options = options
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
    return this.#ask(now, ({ days }) => ({
      network,
      score: karmaScore(rowsOf<Day>(days, network), now),
    }))
  }

  /** Undefined: nobody knows. */
  acquaintanceOf(address: string, sender: string): Acquaintance | undefined {
    const now = this.#options.now()
    return this.#ask(now, ({ pair }) => {
      const key = { network: networkAround(address), sender: senderKey(sender) }
      const found = pair.get(key) as Pair | undefined
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
      const found = this.#opened().position.get({ name, version })
      this.#freshness.seen({
        at: this.#options.now(),
        tail,
        position: found === undefined ? null : Number(found.position),
      })
    } catch {
      // A log that does not answer, a file that is not there yet: nobody knows, until the next look.
      this.#forget()
    }
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#forget()
  }

  #ask<Answer>(now: number, ask: (questions: Questions) => Answer): Answer | undefined {
    if (this.#questions === null || !this.#freshness.isFreshAt(now)) return undefined
    try {
      return ask(this.#questions)
    } catch {
      this.#forget()
      return undefined
    }
  }

  #opened(): Questions {
    const file = viewsFile(this.#options.directory)
    const { ino: inode } = statSync(file)
    if (this.#questions?.inode === inode) return this.#questions
    this.#forget()
    const db = new DatabaseSync(file, { readOnly: true, timeout: 50 })
    try {
      this.#questions = {
        ...{ db, inode },
        days: db.prepare(daysOfNetwork),
        pair: db.prepare(acquaintanceOf),
        position: db.prepare(position),
      }
      return this.#questions
    } catch (error) {
      db.close()
      throw error
    }
  }

  #forget(): void {
    this.#freshness.forget()
    const questions = this.#questions
    this.#questions = null
    if (questions?.db.isOpen) questions.db.close()
  }
}
