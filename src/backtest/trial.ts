/** One mail under the other rules: how it fared then, how it would fare now, and what of that nobody can say. */
import { couldLetIn, judgeMessage } from '../../machines/session/rules/judge.ts'
import type { Examined, Judgement } from '../../machines/session/rules/question.ts'
import type { Rules } from '../../machines/session/rules/rules.ts'
import type { DkimFinding, Findings } from '../../machines/vocabulary/findings.ts'
import type { Asking, Found } from './consequences.ts'
import { Course, type Mail } from './course.ts'

export type Fared = {
  readonly was: Mail
  readonly now: Mail
  /** Rules that could have changed it, had anybody looked; `content` where none came. */
  readonly unanswered: readonly string[]
  /** Signatures of its content. */
  readonly dkim: readonly DkimFinding[]
  readonly session: string
  /** Of the fact with which the mail began. */
  readonly revision: number
}

/** There is no content to look at: what the message rules would have said is not known. */
export const noContent = 'content'

/** What is the same for all mails of a session. */
export type Court = {
  readonly session: string
  readonly rules: Rules
  /** Rules of then that were asked: what they found no answer to, nobody can answer better now. */
  readonly asked: ReadonlySet<string>
  /** What is found out about a mail, by the revision of the fact with which it began. */
  readonly examine: (revision: number, asking: Asking) => Found
}

type Client = { readonly examined: Examined; readonly judged: Judgement }
const none: ReadonlySet<string> = new Set()

const both = (some: ReadonlySet<string>, others: Iterable<string>): ReadonlySet<string> =>
  new Set([...some, ...others])

export class Trial {
  readonly was: Course
  readonly now: Course
  readonly #court: Court
  readonly #revision: number
  /** Rules without an answer that could have led to more, and those that could have let it past the others. */
  #more = none
  #pardons = none
  #asked = none
  #client: Client | null = null
  #dkim: readonly DkimFinding[] = []

  constructor(court: Court, { sender, revision }: { readonly sender: string; readonly revision: number }) {
    this.#court = court
    this.#revision = revision
    this.was = new Course(sender)
    this.now = new Course(sender)
  }

  /** What would be known of the client; `findings` are those of then, null where nobody looked. */
  examine(asking: Asking): Findings {
    if (asking.findings !== null) this.#asked = this.#court.asked
    return this.#court.examine(this.#revision, asking).findings
  }

  /** What the rules say of the client, for a recipient that is here. */
  clientJudged(examined: Examined, judged: Judgement): void {
    this.#client = { examined, judged }
    this.#doubt(examined, judged)
  }

  messageJudged(examined: Examined, judged: Judgement): void {
    this.#dkim = examined.message?.dkim ?? []
    this.#doubt(examined, judged)
  }

  finish(): Fared {
    const was = this.was.mail
    const now = this.#outcome(was)
    const isStopped = now.fate === 'refused' || now.fate === 'deferred'
    const unanswered = isStopped || this.#more.size === 0 ? this.#pardons : both(this.#more, this.#pardons)
    return {
      ...{ was, now, session: this.#court.session, revision: this.#revision, dkim: this.#dkim },
      unanswered: unanswered.size === 0 ? [] : [...unanswered],
    }
  }

  #doubt(examined: Examined, { by, unanswered }: Judgement): void {
    this.#more = this.#and(this.#more, unanswered)
    if (by === null || by.outcome === 'ignore') return
    this.#pardons = this.#and(this.#pardons, couldLetIn(examined, this.#court.rules))
  }

  #and(known: ReadonlySet<string>, rules: readonly string[]): ReadonlySet<string> {
    const open = rules.filter((rule) => !this.#asked.has(rule))
    return open.length === 0 ? known : both(known, open)
  }

  /** Stopped then, and let in now as far as it got: nobody knows what would have come. */
  #outcome(was: Mail): Mail {
    const { mail } = this.now
    if (mail.fate !== null || was.fate === null) return mail
    const client = this.#client
    if (client === null) return { ...mail, fate: 'accepted' }
    if (dependsOnContent(client.examined, this.#court.rules)) this.#more = both(this.#more, [noContent])
    const [tag = null] = client.judged.tags
    return { ...mail, fate: tag === null ? 'accepted' : 'tagged', rule: tag }
  }
}

/** Whether rules could say anything about the content of this client's mail. */
const dependsOnContent = (examined: Examined, rules: Rules): boolean => {
  const { by, unanswered } = judgeMessage({ ...examined, message: {} }, rules)
  const isLetIn = by !== null && by.outcome === 'ignore'
  return unanswered.length > 0 || (!isLetIn && rules.block.domains.length > 0)
}
