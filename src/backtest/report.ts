/** Mails that would have fared otherwise, by rule; and those of which nobody can say. */
import type { Fate } from './course.ts'
import type { Fared } from './trial.ts'

export type Example = {
  readonly session: string
  /** Of the fact with which the mail began. */
  readonly revision: number
  readonly message: string | null
  readonly sender: string
}

export type Change = {
  readonly from: Fate
  readonly to: Fate
  /** The rule that now decides, or the reason where it is none; null where nothing speaks against the mail any more. */
  readonly rule: string | null
  /** What decided then. */
  readonly was: string | null
  readonly mails: number
  readonly examples: readonly Example[]
}

export type Unjudged = {
  /** A rule for which nothing was found out then; `content` where none came. */
  readonly missing: string
  readonly mails: number
  readonly examples: readonly Example[]
}

export type Summary = {
  readonly summary: true
  readonly sessions: number
  readonly mails: number
  readonly same: number
  readonly changed: number
  readonly unjudged: number
  /** Given up by their clients before anything was decided; not among `mails`. */
  readonly unfinished: number
  /** Sessions that were passed over: the log does not have the policy that they were under. */
  readonly withoutPolicy: number
  /** Of the first and last session, ISO 8601; null where there is none. */
  readonly first: string | null
  readonly last: string | null
  readonly ms: number
}

type Group<Key> = Key & { mails: number; examples: Example[] }

const exampleOf = ({ session, revision, was, now }: Fared): Example => ({
  ...{ session, revision, sender: was.sender },
  message: was.message ?? now.message,
})
const isoOf = (at: number): string | null => (Number.isFinite(at) ? new Date(at).toISOString() : null)

export class Report {
  readonly #most: number
  readonly #changes = new Map<string, Group<Omit<Change, 'mails' | 'examples'>>>()
  readonly #unjudged = new Map<string, Group<Pick<Unjudged, 'missing'>>>()
  readonly #counts = {
    ...{ sessions: 0, mails: 0, same: 0, changed: 0, unjudged: 0, unfinished: 0, withoutPolicy: 0 },
  }
  #first = Number.POSITIVE_INFINITY
  #last = Number.NEGATIVE_INFINITY

  /** `examples`: as many are kept of each group. */
  constructor(examples: number) {
    this.#most = examples
  }

  session(at: number): void {
    this.#counts.sessions += 1
    this.#first = Math.min(this.#first, at)
    this.#last = Math.max(this.#last, at)
  }

  withoutPolicy(): void {
    this.#counts.withoutPolicy += 1
  }

  take(mail: Fared): void {
    const { was, now, unanswered } = mail
    if (was.fate === null || now.fate === null) {
      this.#counts.unfinished += 1
      return
    }
    this.#counts.mails += 1
    if (unanswered.length > 0) this.#cannotSay(mail)
    else if (was.fate === now.fate) this.#counts.same += 1
    else this.#change(mail, was.fate, now.fate)
  }

  /** Those that concern most mail first. */
  changes(): readonly Change[] {
    return [...this.#changes.values()].sort(byMails)
  }

  unjudged(): readonly Unjudged[] {
    return [...this.#unjudged.values()].sort(byMails)
  }

  summary(ms: number): Summary {
    return { summary: true, ...this.#counts, first: isoOf(this.#first), last: isoOf(this.#last), ms }
  }

  #change(mail: Fared, from: Fate, to: Fate): void {
    this.#counts.changed += 1
    const rule = mail.now.rule ?? mail.now.reason
    const was = mail.was.rule ?? mail.was.reason
    const key = JSON.stringify([from, to, rule, was])
    const group = this.#changes.get(key) ?? { from, to, rule, was, mails: 0, examples: [] }
    this.#changes.set(key, group)
    this.#add(group, mail)
  }

  #cannotSay(mail: Fared): void {
    this.#counts.unjudged += 1
    for (const missing of mail.unanswered) {
      const group = this.#unjudged.get(missing) ?? { missing, mails: 0, examples: [] }
      this.#unjudged.set(missing, group)
      this.#add(group, mail)
    }
  }

  #add(group: { mails: number; examples: Example[] }, mail: Fared): void {
    group.mails += 1
    if (group.examples.length < this.#most) group.examples.push(exampleOf(mail))
  }
}

const byMails = (one: { readonly mails: number }, other: { readonly mails: number }): number =>
  other.mails - one.mails
