/** A recorded policy as people read it: which rules speak, what each leads to, and what changed from one to the next. */
import { clientQuestions } from '../../machines/session/rules/client.ts'
import { listsThatAllow } from '../../machines/session/rules/lists.ts'
import { messageQuestions } from '../../machines/session/rules/message.ts'
import { allowing } from '../../machines/session/rules/names.ts'
import type { Outcome, Rules } from '../../machines/session/rules/rules.ts'
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
export const outcomeText = ({ outcome }: RuleLine): string => outcomeWords[outcome]

/** What belongs to rules and is none. */
export const besidesRules = ({ greylist, arc }: Rules, lines: readonly RuleLine[]): readonly string[] => [
  ...(lines.some(({ outcome }) => outcome === 'greylist')
    ? [
        `greylisted are senders of whom fewer than ${greylist.accepted} mails were accepted; they are let in after ${formatDuration(greylist.delay)}`,
      ]
    : []),
  ...(arc.trusted.length > 0 ? [`DMARC may fail where these have sealed: ${arc.trusted.join(', ')}`] : []),
]

type Leaf = readonly [path: string, value: unknown]
const leaves = (value: unknown, path: string): readonly Leaf[] => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]]
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`))
}
/** Of what the policy file has, the rules are the whole. */
const nameOf = (path: string): string => path.replace(/^rules\./, '')

export type Setting = { readonly path: string; readonly value: unknown }
/** Every value of a policy by its path. */
export const settingsIn = (policy: unknown): readonly Setting[] =>
  leaves(policy, '').map(([path, value]) => ({ path: nameOf(path), value }))

export const settingText = ({ path, value }: Setting): string =>
  Array.isArray(value) || value === null ? shortly(value) : valueText({ path, value })

/** `spf.fail: ignore -> refuse` for each value that is another one. */
export const changesBetween = (before: unknown, after: unknown): readonly string[] => {
  const was = new Map(settingsIn(before).map((setting) => [setting.path, settingText(setting)]))
  const is = new Map(settingsIn(after).map((setting) => [setting.path, settingText(setting)]))
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((path) => was.get(path) !== is.get(path))
    .map((path) => `${path}: ${was.get(path) ?? 'nothing'} -> ${is.get(path) ?? 'nothing'}`)
}
