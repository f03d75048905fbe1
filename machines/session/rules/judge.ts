/** What the rules say of findings: the strongest outcome holds, of equals the first. */
import { type RuleReasonName, ruleReasons } from '../../vocabulary/rule-reasons.ts'
import { clientQuestions } from './client.ts'
import { listsThatAllow } from './lists.ts'
import { messageQuestions } from './message.ts'
import { allowing } from './names.ts'
import type { Examined, Judgement, Question, Ruling } from './question.ts'
import { type Outcome, outcomes, type Rules } from './rules.ts'

type Questions = {
  readonly allow: readonly Question[]
  readonly client: readonly Question[]
  readonly message: readonly Question[]
}
/** By the rules they are made of, once. */
const known = new WeakMap<Rules, Questions>()
const questionsOf = (rules: Rules): Questions => {
  const compiled = known.get(rules)
  if (compiled) return compiled
  const speaks = ({ outcome }: Question): boolean => outcome !== 'ignore'
  const fresh: Questions = {
    allow: [...allowing(rules), ...listsThatAllow(rules)],
    client: clientQuestions(rules).filter(speaks),
    message: messageQuestions(rules).filter(speaks),
  }
  known.set(rules, fresh)
  return fresh
}

const strength = new Map(outcomes.map((outcome, at): [Outcome, number] => [outcome, at]))
const isStronger = (one: Outcome, other: Outcome): boolean => strength.get(one)! > strength.get(other)!

/** Whoever has waited, or is known, is no stranger. Where nobody looked nobody is put off. */
const isStranger = ({ findings: { acquaintance } }: Examined, { greylist }: Rules): boolean =>
  acquaintance !== undefined &&
  acquaintance.accepted < greylist.accepted &&
  (acquaintance.waited === null || acquaintance.waited < greylist.delay)

const nothing: Judgement = { outcome: 'ignore', by: null, tags: [], unanswered: [] }

/** Left open are those that would have led to more than what was found. */
const stronger = (open: readonly Question[], than: Outcome): readonly string[] =>
  open.length === 0
    ? nothing.unanswered
    : open.filter(({ outcome }) => isStronger(outcome, than)).map(({ rule }) => rule)

const judge = (questions: readonly Question[], examined: Examined, rules: Rules): Judgement => {
  if (questions.length === 0) return nothing
  let by: Ruling | null = null
  const tags: string[] = []
  const open: Question[] = []
  for (const asked of questions) {
    const { rule, reason, outcome, ask } = asked
    const about = ask(examined)
    if (about === undefined || (outcome === 'greylist' && examined.findings.acquaintance === undefined)) {
      open.push(asked)
      continue
    }
    if (about === null || (outcome === 'greylist' && !isStranger(examined, rules))) continue
    if (outcome === 'tag') tags.push(rule)
    if (by === null || isStronger(outcome, by.outcome)) by = { rule, reason, outcome, about }
  }
  const outcome = by?.outcome ?? 'ignore'
  return { outcome, by, tags, unanswered: stronger(open, outcome) }
}

const letIn = ({ allow }: Questions, examined: Examined): Judgement | null => {
  for (const { rule, reason, ask } of allow) {
    const about = ask(examined)
    if (typeof about === 'string') return { ...nothing, by: { rule, reason, outcome: 'ignore', about } }
  }
  return null
}

/** Before a recipient is accepted. */
export const judgeClient = (examined: Examined, rules: Rules): Judgement => {
  const questions = questionsOf(rules)
  return letIn(questions, examined) ?? judge(questions.client, examined, rules)
}

/** When the content is there. */
export const judgeMessage = (examined: Examined, rules: Rules): Judgement => {
  const questions = questionsOf(rules)
  return letIn(questions, examined) ?? judge(questions.message, examined, rules)
}

/** Printable ASCII on one line, whatever a peer or a name server put into it. */
const harmless = (text: string): string => text.replace(/[^ -~]/g, '?').slice(0, 160)

/** The refusal a ruling comes to. `session` lets the other side's postmaster ask about it. */
export const refusalBy = ({ rule, reason, outcome, about }: Ruling, session: string) => {
  const name: RuleReasonName = outcome === 'greylist' ? 'greylisted' : reason
  const { enhanced, peer } = ruleReasons[name]
  const words = outcome === 'greylist' || about === '' ? peer : `${peer}: ${harmless(about)}`
  const lasting = outcome === 'refuse'
  return {
    kind: 'refuse',
    reason: name,
    code: lasting ? 550 : 451,
    enhanced: `${lasting ? 5 : 4}.${enhanced}`,
    text: session === '' ? words : `${words} [${session}]`,
    rule,
    ...(about !== '' && { about: about.slice(0, 255) }),
  } as const
}

/** Rules of the allow list that nobody can answer: any of them could have let it past what the others say. */
export const couldLetIn = (examined: Examined, rules: Rules): readonly string[] =>
  questionsOf(rules)
    .allow.filter(({ ask }) => ask(examined) === undefined)
    .map(({ rule }) => rule)

/** The rules that speak, as findings of these rules were made for them: an answer they do not have is one that nobody had. */
export const rulesAsked = (rules: Rules): ReadonlySet<string> => {
  const { allow, client, message } = questionsOf(rules)
  return new Set([...allow, ...client, ...message].map(({ rule }) => rule))
}
