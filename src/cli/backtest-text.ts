/** What a backtest found, for people. */
import type { Change, Example, Summary, Unjudged } from '../backtest/report.ts'
import { noContent } from '../backtest/trial.ts'
import { type Column, print, type Tone, table, toned, visible } from './terminal.ts'

const tones: Readonly<Record<string, Tone>> = {
  ...{ accepted: 'good', refused: 'bad', deferred: 'bad', tagged: 'strong' },
}

const columns: readonly Column<Change>[] = [
  { title: 'MAILS', value: ({ mails }) => mails, align: 'right' },
  { title: 'FARED', value: ({ from }) => from },
  { title: 'WOULD BE', value: ({ to }) => to, tone: ({ to }) => tones[to] ?? null },
  { title: 'BY', value: ({ rule }) => rule ?? 'no rule', shrinks: true },
  { title: 'THEN BY', value: ({ was }) => was ?? 'no rule', shrinks: true },
]
const doubts: readonly Column<Unjudged>[] = [
  { title: 'MAILS', value: ({ mails }) => mails, align: 'right' },
  { title: 'CANNOT BE JUDGED FOR', value: ({ missing }) => missing },
]

/** The command that shows the mail's first fact. */
const replayed = ({ session, revision, sender }: Example): string =>
  `  fsmtp replay ${session} --at ${revision}  ${toned('weak', `from <${visible(sender)}>`)}`

const examplesOf = (groups: readonly (Change | Unjudged)[], title: (group: never) => string): void => {
  for (const group of groups) {
    if (group.examples.length === 0) continue
    print(`${visible(title(group as never))}:`)
    for (const example of group.examples) print(replayed(example))
  }
}

const by = (rule: string | null): string => (rule === null ? '' : ` by ${rule}`)
const changeTitle = ({ from, to, rule, was }: Change): string =>
  `${from}${by(was)}, would be ${to}${by(rule)}`

const whyUnjudged = (unjudged: readonly Unjudged[]): void => {
  if (unjudged.some(({ missing }) => missing !== noContent))
    print(
      'Of a rule that stands here nothing was found out when the mail came: nobody looked, or asked that list.',
    )
  if (unjudged.some(({ missing }) => missing === noContent))
    print(
      `${noContent}: stopped then before its content came, it would be let in now; what rules about messages would say of it is not known.`,
    )
}

const number = (value: number): string => value.toLocaleString('en')
const many = (value: number, one: string): string => `${number(value)} ${one}${value === 1 ? '' : 's'}`
/** Of a moment's work it would say nothing. */
const rate = ({ sessions, ms }: Summary): string =>
  ms < 1000 ? '' : `; ${number(Math.round((sessions / ms) * 1000))} sessions a second`

/** `1,204 mails in 1,000 sessions from ... to ...`. */
const extent = (summary: Summary): string => {
  const { sessions, mails, first, last } = summary
  const what = `${many(mails, 'mail')} in ${many(sessions, 'session')}`
  return `${what} that began from ${first} to ${last}${rate(summary)}`
}

const besides = ({ unfinished, withoutPolicy }: Summary): readonly string[] => [
  ...(unfinished === 0 ? [] : [`${many(unfinished, 'more mail')} came to no decision then.`]),
  ...(withoutPolicy === 0
    ? []
    : [`${many(withoutPolicy, 'session')} could not be judged: the log does not have the policy of then.`]),
]

const verdict = ({ changed, unjudged, mails }: Summary): string => {
  const doubt = unjudged === 0 ? '' : `; of ${number(unjudged)} nobody can say`
  if (changed > 0)
    return toned('bad', `${number(changed)} of ${many(mails, 'mail')} would have fared otherwise${doubt}`)
  return toned('good', `no mail would have fared otherwise${doubt}`)
}

export type Told = {
  readonly changes: readonly Change[]
  readonly unjudged: readonly Unjudged[]
  readonly summary: Summary
}

export const tell = ({ changes, unjudged, summary }: Told): void => {
  if (changes.length > 0) {
    table(changes, columns)
    print('')
    examplesOf(changes, changeTitle)
    print('')
  }
  if (unjudged.length > 0) {
    table(unjudged, doubts)
    whyUnjudged(unjudged)
    print('')
    examplesOf(unjudged, ({ missing }: Unjudged) => `cannot be judged for ${missing}`)
    print('')
  }
  for (const line of besides(summary)) print(line)
  print(extent(summary))
  print(verdict(summary))
}
