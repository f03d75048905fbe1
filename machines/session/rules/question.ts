/**
 * A rule as a question about findings, with three answers: it does not speak, it speaks (with what about), or it cannot be
 * answered, since nobody looked.
 */
import type { Findings, MessageFindings } from '../../vocabulary/findings.ts'
import type { RuleReasonName } from '../../vocabulary/rule-reasons.ts'
import type { Outcome } from './rules.ts'

/** Whom and what is judged. */
export type Examined = {
  /** The peer's address. */
  readonly address: string
  readonly helo: string
  readonly sender: string
  readonly findings: Findings
  /** Once the content is there. */
  readonly message?: MessageFindings
}

/** A rule that spoke. */
export type Ruling = {
  /** As it stands in the policy: `spf.fail`, `dnsbl zen.spamhaus.org`. */
  readonly rule: string
  readonly reason: RuleReasonName
  readonly outcome: Outcome
  /** What it was about, in a few words; `''` where there is nothing to add. */
  readonly about: string
}

export type Judgement = {
  readonly outcome: Outcome
  /** The rule that led to it, or the one that let the client past all others; null where none spoke. */
  readonly by: Ruling | null
  /** Rules that say the mail belongs into Junk. */
  readonly tags: readonly string[]
  /** Rules that nothing was found out for, and that could have led to something stronger. */
  readonly unanswered: readonly string[]
}

/** Words where a rule speaks, null where it does not, undefined where nobody looked. */
export type Answer = string | null | undefined
export type Question = Omit<Ruling, 'about'> & { readonly ask: (examined: Examined) => Answer }
export const question = (
  rule: string,
  reason: RuleReasonName,
  outcome: Outcome,
  ask: Question['ask'],
): Question => ({ rule, reason, outcome, ask })

/** One question for each result that leads to something. */
export const byResult = <Result extends string>(
  name: string,
  chosen: Readonly<Record<Result, Outcome>>,
  ask: (examined: Examined) => readonly [result: string, about: string] | null | undefined,
): readonly Question[] =>
  (Object.entries(chosen) as [Result, Outcome][]).map(([result, outcome]) =>
    question(`${name}.${result}`, reasonFor(name, result), outcome, (examined) => {
      const found = ask(examined)
      return found && (found[0] === result ? found[1] : null)
    }),
  )
const reasonFor = (name: string, result: string): RuleReasonName =>
  `${name === 'reverseName' ? 'reverse-name' : name}-${result}` as RuleReasonName
