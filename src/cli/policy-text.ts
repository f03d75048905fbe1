/** A recorded policy as people read it: which rules speak, what each leads to, and what changed from one to the next. */
import { clientQuestions } from '../../machines/session/rules/client.ts'
import { listsThatAllow } from '../../machines/session/rules/lists.ts'
import { messageQuestions } from '../../machines/session/rules/message.ts'
import { allowing } from '../../machines/session/rules/names.ts'
import type { ListRule, Outcome, RateRule, Rules } from '../../machines/session/rules/rules.ts'
import { valueText } from '../config/show.ts'
import { formatDuration } from '../config/units.ts'
import { shortly } from './replay-text.ts'

export type RuleLine = {
  /** As facts name it: `spf.fail`. */
  readonly rule: string
  readonly outcome: Exclude<Outcome, 'ignore'> | 'allow'
}

/** Rules that lead to something, in the order in which they are asked. Others are ignored. */
export const rulesIn = (rules: Rules): readonly RuleLine[] => {
  const letIn = [...allowing(rules), ...listsThatAllow(rules)].map(({ rule }) => [rule, 'allow'] as const)
  const others = [...clientQuestions(rules), ...messageQuestions(rules)].flatMap(({ rule, outcome }) =>
    outcome === 'ignore' ? [] : [[rule, outcome] as const],
  )
  // A list of domains is asked about clients and about messages.
  return [...new Map([...letIn, ...others])].map(([rule, outcome]) => ({ rule, outcome }))
}

const outcomeWords: Readonly<Record<RuleLine['outcome'], string>> = {
  allow: 'let in, whatever the others say',
  tag: 'tag: it goes to Junk',
  greylist: 'greylist: strangers have to come back',
  defer: 'defer: 451',
  refuse: 'refuse: 550',
}

/** From which number on a rule speaks that counts something. */
const limitOf = ({ score, karma }: Rules, rule: string): string => {
  if (rule === 'karma') return `, below a score of ${karma?.below}`
  const [, outcome] = /^score\.(tag|defer|refuse)$/.exec(rule) ?? []
  return outcome === undefined ? '' : `, from a sum of ${score[outcome as keyof Rules['score']]}`
}
export const outcomeText = (rules: Rules, { rule, outcome }: RuleLine): string =>
  `${outcomeWords[outcome]}${limitOf(rules, rule)}`

const weightText = ({ zone, weight }: ListRule): string => `${zone} ${weight}`

/** What belongs to rules and is none. */
export const besidesRules = (
  { dnsbl, greylist, arc }: Rules,
  lines: readonly RuleLine[],
): readonly string[] => [
  ...(dnsbl.some(({ weight }) => weight !== 0)
    ? [
        `sums are of what lists add: ${dnsbl
          .filter(({ weight }) => weight !== 0)
          .map(weightText)
          .join(', ')}`,
      ]
    : []),
  ...(lines.some(({ outcome }) => outcome === 'greylist')
    ? [
        `greylisted are senders of whom fewer than ${greylist.accepted} mails were accepted; they are let in after ${formatDuration(greylist.delay)}`,
      ]
    : []),
  ...(arc.trusted.length > 0 ? [`DMARC may fail where these have sealed: ${arc.trusted.join(', ')}`] : []),
]

type Leaf = readonly [path: string, value: unknown]
type Branch = Readonly<Record<string, unknown>>
const isBranch = (value: unknown): value is Branch =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const leaves = (value: unknown, path: string): readonly Leaf[] =>
  isBranch(value)
    ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`))
    : [[path, value]]
/** Of what the policy file has, the rules are the whole. */
const nameOf = (path: string): string => path.replace(/^rules\.?/, '')

/** Of lists and rates, each is compared with what it was itself. */
const listText = ({ on, error, weight, codes }: ListRule): string =>
  [
    on,
    ...(codes === undefined ? [] : [`for ${codes.join(' ')}`]),
    ...(error === 'ignore' ? [] : [`error ${error}`]),
    ...(weight === 0 ? [] : [`weight ${weight}`]),
  ].join(', ')
const listOf = (list: ListRule): Leaf => [
  list.of === 'domains' ? `dnsbl ${list.zone} of domains` : `dnsbl ${list.zone}`,
  listText(list),
]
const rateOf = ({ of, messages, per, on }: RateRule): Leaf => [
  `rates ${of} ${messages}/${formatDuration(per)}`,
  on,
]
const eachByName = ({ dnsbl, rates, ...rest }: Rules): readonly Leaf[] => [
  ...leaves(rest, 'rules'),
  ...dnsbl.map(listOf),
  ...rates.map(rateOf),
]

export type Setting = { readonly path: string; readonly value: unknown }
const settingsOf = (found: readonly Leaf[]): readonly Setting[] =>
  found.map(([path, value]) => ({ path: nameOf(path), value }))
/** Every value of a policy by its path. */
export const settingsIn = (policy: unknown): readonly Setting[] => settingsOf(leaves(policy, ''))

/** Also of rules of another release, as long as they have the lists that are taken apart. */
const hasRules = (policy: unknown): policy is Branch & { readonly rules: Rules } =>
  isBranch(policy) &&
  isBranch(policy.rules) &&
  Array.isArray(policy.rules.dnsbl) &&
  Array.isArray(policy.rules.rates)
const comparable = (policy: unknown): readonly Setting[] => {
  if (!hasRules(policy)) return settingsIn(policy)
  const { rules, ...rest } = policy
  return settingsOf([...leaves(rest, ''), ...eachByName(rules)])
}

const isNothing = (value: unknown): boolean =>
  value === null || value === undefined || (Array.isArray(value) && value.length === 0)
export const settingText = ({ path, value }: Setting): string =>
  Array.isArray(value) || value === null ? shortly(value) : valueText({ path, value })

/** `spf.fail: ignore -> refuse` for each value that is another one. */
export const changesBetween = (before: unknown, after: unknown): readonly string[] => {
  const texts = (policy: unknown): ReadonlyMap<string, string> =>
    new Map(comparable(policy).map((one) => [one.path, isNothing(one.value) ? 'nothing' : settingText(one)]))
  const [was, is] = [texts(before), texts(after)]
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((path) => ({ path, from: was.get(path) ?? 'nothing', to: is.get(path) ?? 'nothing' }))
    .filter(({ from, to }) => from !== to)
    .map(({ path, from, to }) => `${path}: ${from} -> ${to}`)
}
