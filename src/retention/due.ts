/**
 * What is due to be forgotten: the views name it in the order of time, the log proves it. Each kind has its place, up to which nothing is
 * left to look for; so a look at what is new costs nothing for what was kept.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { LogReader, StoredEvent } from '../log/port.ts'
import type { EndedSession, OldMessage } from '../views/answers/retention.ts'
import type { ViewReader } from '../views/index.ts'
import { acceptanceOf, endedWithoutMail, hasUntold, isSettled } from './proof.ts'
import type { Ages } from './rules.ts'

export type Rule = keyof Ages
export const rules = ['refusedSessions', 'sessions', 'content'] as const satisfies readonly Rule[]

/** Ids of sessions, or for `content` of messages; those of one portion. */
export type Portion = { readonly rule: Rule; readonly before: number; readonly ids: readonly string[] }

export type Looking = {
  readonly log: Pick<LogReader, 'readStream'>
  readonly views: Pick<ViewReader, 'endedSessions' | 'oldMessages'>
  /** Which events somebody has still to be told of; null: none. */
  readonly untold?: (() => Promise<((event: StoredEvent) => boolean) | null>) | undefined
}

/** What is looked at in one go, and named in one fact. */
const portionSize = 200

/** `held`: it is owed to somebody, and so is what came after it. */
type Verdict = 'due' | 'passed' | 'later' | 'held'
type Row = { readonly id: string }
type Question<R extends Row> = {
  readonly rows: (after: string) => readonly R[]
  /** No later one can be due. */
  readonly isTooYoung: (row: R) => boolean
  readonly verdictOf: (row: R) => Promise<Verdict>
}

export class Due {
  readonly #looking: Looking
  /** By rule: the id up to which everything was forgotten or stays. */
  readonly #places = new Map<Rule, string>()
  readonly #held = new Set<Rule>()

  constructor(looking: Looking) {
    this.#looking = looking
  }

  /** Something was held back when it was last looked for, because somebody has still to be told of it. */
  get isHeld(): boolean {
    return this.#held.size > 0
  }

  /** From the beginning again: what stayed then may go now. */
  again(): void {
    this.#places.clear()
  }

  /** Portions of what is due by one rule. What is given out is taken for done. `now` in milliseconds since 1970. */
  async *portions(rule: Rule, { ages, now }: { ages: Ages; now: number }): AsyncGenerator<Portion> {
    const age = ages[rule]
    if (age === null) return
    const before = now - age
    const found = rule === 'content' ? this.#messages(before) : await this.#sessions(rule, before)
    for await (const ids of found) if (ids.length > 0) yield { rule, before, ids }
  }

  async #sessions(rule: Rule, before: number): Promise<AsyncGenerator<readonly string[]>> {
    const { log, views, untold } = this.#looking
    const isUntold = (await untold?.()) ?? null
    this.#held.delete(rule)
    const isOfRule = ({ refused }: EndedSession): boolean => refused > 0 === (rule === 'refusedSessions')
    return this.#walk<EndedSession>(rule, {
      rows: (after) => views.endedSessions(after, portionSize),
      isTooYoung: ({ openedAt }) => openedAt >= before,
      verdictOf: async (row) => {
        if (row.closedAt === null) return 'later'
        if (row.accepted > 0 || !isOfRule(row)) return 'passed'
        if (row.closedAt >= before) return 'later'
        if (!(await endedWithoutMail(log, row.id, before))) return 'passed'
        return isUntold !== null && (await hasUntold(log, row.id, isUntold)) ? 'held' : 'due'
      },
    })
  }

  #messages(before: number): AsyncGenerator<readonly string[]> {
    const { log, views } = this.#looking
    return this.#walk<OldMessage>('content', {
      rows: (after) => views.oldMessages(after, portionSize),
      isTooYoung: ({ acceptedAt }) => acceptedAt >= before,
      verdictOf: async ({ id, stream }) => {
        const accepted = await acceptanceOf(log, { stream, message: id })
        if (accepted === null) return 'passed'
        return (await isSettled(log, accepted)) ? 'due' : 'later'
      },
    })
  }

  async *#walk<R extends Row>(
    rule: Rule,
    { rows, isTooYoung, verdictOf }: Question<R>,
  ): AsyncGenerator<readonly string[]> {
    let hasLater = false
    for (let after = this.#places.get(rule) ?? ''; ; ) {
      const page = rows(after)
      const old = page.filter((row) => !isTooYoung(row))
      const due: string[] = []
      for (const row of old) {
        const verdict = await verdictOf(row)
        if (verdict === 'held') {
          this.#held.add(rule)
          yield due
          return
        }
        hasLater ||= verdict === 'later'
        if (verdict === 'due') due.push(row.id)
        after = row.id
        // What is to be looked at again keeps the place from going on.
        if (!hasLater) this.#places.set(rule, after)
      }
      yield due
      if (old.length < page.length || page.length < portionSize) return
      await turn()
    }
  }
}
