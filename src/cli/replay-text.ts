/** A step of a history as people read it. */
import type { MessageAccepted } from '../../machines/vocabulary/events.ts'
import { reasonText } from '../../machines/vocabulary/reasons.ts'
import type { Operation } from '../history/patch.ts'
import type { Step } from '../history/steps.ts'
import { deliveryReasonText } from '../telling/delivery-reasons.ts'
import { clientFindings, type FindingText, messageFindings } from '../telling/findings-text.ts'
import { ruleText, tagText } from '../telling/rule-text.ts'
import { type Tone, toned, visible } from './terminal.ts'

const longest = 400

const marks: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t' }

/** What parts lines and columns is shown as programmers write it. */
const legible = (text: string): string => visible(text.replace(/[\r\n\t]/g, (char) => marks[char]!))

/** Members that hold a time: `acceptedAt`, `dueAt`, `leaseUntil`. */
const isTime = (key: string): boolean => /(?:^at|At|Until)$/.test(key)

/** `address 192.0.2.7, port 25`: a value in one line, without JSON's marks; times in ISO 8601. `key`: under which it stands. */
export const shortly = (value: unknown, key = ''): string => {
  if (value === null || value === undefined) return 'none'
  if (typeof value === 'string') return value === '' ? '(empty)' : legible(value)
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map((one) => nested(one)).join(', ')
  if (typeof value === 'number' && isTime(key)) return timeText(value)
  if (typeof value !== 'object') return String(value)
  return Object.entries(value)
    .map(([name, inner]) => `${visible(name)} ${nested(inner, name)}`)
    .join(', ')
}
const nested = (value: unknown, key = ''): string =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 1
    ? `(${shortly(value)})`
    : shortly(value, key)

/** The number itself where it is no time. */
const timeText = (at: number): string => {
  const time = new Date(at)
  return Number.isNaN(time.getTime()) ? String(at) : time.toISOString()
}

const cut = (text: string): string => (text.length <= longest ? text : `${text.slice(0, longest - 1)}…`)

const row = (label: string, text: string, tone: Tone | null = null): string =>
  `      ${toned('weak', visible(label).padEnd(10))} ${toned(tone, cut(visible(text)))}`

const changeText = (change: Operation): string => {
  const place = change.path.slice(1)
  if (change.op === 'remove') return `- ${place}`
  // They stand above, in words.
  if (place === 'findings' && change.value !== null) return `${place} = what was found`
  const key = place.slice(place.lastIndexOf('/') + 1)
  return `${change.op === 'add' ? '+ ' : ''}${place} = ${shortly(change.value, key)}`
}

const since = (milliseconds: number): string =>
  milliseconds < 1000 ? `+${milliseconds} ms` : `+${(milliseconds / 1000).toFixed(1)} s`

const headOf = (step: Step, before: Step | undefined): string => {
  const time = step.at.slice(11, 23)
  const waited = before === undefined ? '' : `  ${since(Date.parse(step.at) - Date.parse(before.at))}`
  return `${toned('strong', String(step.revision).padStart(3))}  ${time}${toned('weak', waited)}  ${toned('weak', visible(step.input))}`
}

const moveOf = ({ from, to, event }: Step): string => {
  const move = from === to ? to : `${from} → ${to}`
  return `      ${toned('strong', visible(move))}   ${visible(event)}`
}

/** Who speaks last in a step: we reply to a client, and a host replies to us before anything follows from it. */
const weReply = ({ effects }: Step): boolean => effects.includes('reply')

const heard = (step: Step): string[] =>
  weReply(step) ? said('C: ', step) : step.dialogue.map((line) => `      ${legible(line)}`)

const said = (side: 'C: ' | 'S: ', { dialogue }: Step): string[] =>
  dialogue.filter((line) => line.startsWith(side)).map((line) => `      ${legible(line)}`)

/** Said below the reason, where there is one. */
const ofRule: ReadonlySet<string> = new Set(['rule', 'about'])

const factRows = (step: Step): string[] => {
  const found = foundIn(step)
  return Object.entries(step.facts)
    .filter(([key]) => key !== 'reason' && !(step.reason !== null && ofRule.has(key)))
    .flatMap(([key, value]) => found.get(key) ?? [row(key, shortly(value, key))])
}

const tones = { good: 'good', bad: 'bad' } as const
const findingRows = (texts: readonly FindingText[]): string[] =>
  texts.map(({ name, text, leaning }) => row(labels[name] ?? name, text, leaning && tones[leaning]))
const labels: Readonly<Partial<Record<FindingText['name'], string>>> = {
  reverseName: 'name',
  listings: 'listing',
  rates: 'rate',
  acquaintance: 'known',
}

/** Findings in words, by the fact's member they stand in. A file may hold anything: what is no finding is shown as it is. */
const foundIn = ({ event, facts }: Step): ReadonlyMap<string, string[]> => {
  const { examined, authentication, tags } = facts as Partial<MessageAccepted>
  try {
    const ofMail: readonly (readonly [string, readonly FindingText[]])[] = [
      ['examined', clientFindings(examined ?? {})],
      ['authentication', messageFindings(authentication ?? {})],
    ]
    const ofClient = event === 'ClientExamined' ? clientFindings(facts) : []
    const each = [...Map.groupBy(ofClient, ({ name }) => name)]
    const junk = (tags ?? []).map((rule) => row('junk', `by the rule ${tagText(rule)}`))
    return new Map([
      ...[...ofMail, ...each].map(([key, texts]) => [key, findingRows(texts)] as const),
      ...(junk.length > 0 ? [['tags', junk] as const] : []),
    ])
  } catch {
    return new Map()
  }
}

const isNo = ({ event, facts }: Step): boolean =>
  /Refused|Failed/.test(event) || (typeof facts.door === 'string' && facts.door !== 'open')

/** Its facts alone say when the machine was told of something; some of its codes mean another thing in a session. */
const isOfDelivery = ({ facts }: Step): boolean => 'endedAt' in facts || 'actedAt' in facts

const reasonRows = (step: Step): string[] => {
  if (step.reason === null) return []
  const sentence = isOfDelivery(step) ? deliveryReasonText(step.reason) : reasonText(step.reason)
  const text = sentence === step.reason ? step.reason : `${step.reason}: ${sentence}`
  return [row('because', text, isNo(step) ? 'bad' : 'good'), ...ruleRows(step)]
}

const ruleRows = ({ facts: { rule, about } }: Step): string[] =>
  typeof rule !== 'string'
    ? []
    : [row('rule', ruleText({ rule, about: typeof about === 'string' ? about : undefined }))]

const changeRows = ({ changes }: Step): string[] =>
  changes.map((change, at) => row(at === 0 ? 'memory' : '', changeText(change)))

/** What the state itself hears; what is heard in every state is said once for all. */
const nextRow = ({ next }: Step, always: ReadonlySet<string>): string => {
  if (next.length === 0) return row('next', 'nothing: this is the end')
  const own = next.filter((event) => !always.has(event))
  return row('next', own.length === 0 ? 'only what can come at any time' : own.join(' '))
}

const effectRow = ({ effects }: Step): string[] => {
  const others = effects.filter((effect) => effect !== 'reply')
  return others.length === 0 ? [] : [row('effects', others.join(' '))]
}

/** The lines of one step. `always`: machine events that can come in every state. */
export const stepText = (step: Step, before: Step | undefined, always: ReadonlySet<string>): string[] => [
  headOf(step, before),
  ...heard(step),
  moveOf(step),
  ...factRows(step),
  ...reasonRows(step),
  ...changeRows(step),
  ...effectRow(step),
  ...(weReply(step) ? said('S: ', step) : []),
  ...(step.diverged === null ? [nextRow(step, always)] : [row('not so', step.diverged, 'bad')]),
  '',
]
