/** What the rules ask about a client and its sender. */
import type { Findings } from '../../vocabulary/findings.ts'
import { byLists, byScore, clientListings } from './lists.ts'
import { blocking } from './names.ts'
import { byResult, type Question, question } from './question.ts'
import type { RateRule, Rules } from './rules.ts'

/** As durations are written in the policy: `1m`, `90s`. */
const span = (milliseconds: number): string => {
  const [unit, of] = units.find(([, size]) => milliseconds % size === 0) ?? ['ms', 1]
  return `${milliseconds / of}${unit}`
}
const units: readonly (readonly [unit: string, milliseconds: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
]

const rated = ({ of, messages, per, on }: RateRule): Question =>
  question(`rates ${of} ${messages}/${span(per)}`, 'rate-exceeded', on, ({ sender, findings }) => {
    // A stranger has no account, and the null sender no domain: there is nobody to count.
    if (of === 'account' || (of === 'senderDomain' && sender === '')) return null
    const count = findings.rates?.find((rate) => rate.of === of && rate.per === per)
    if (count === undefined) return undefined
    return count.messages > messages ? `${count.messages} from ${count.subject}` : null
  })

const byKarma = ({ karma }: Rules): readonly Question[] =>
  karma === null
    ? []
    : [
        question(
          'karma',
          'karma-low',
          karma.on,
          ({ findings }) =>
            findings.karma && (findings.karma.score < karma.below ? `${findings.karma.score}` : null),
        ),
      ]

const spfWords = ({ domain, about }: NonNullable<Findings['spf']>): string =>
  about === undefined ? domain : `${domain}: ${about}`

export const clientQuestions = (rules: Rules): readonly Question[] => [
  ...blocking(rules),
  ...byLists(rules, clientListings),
  ...byScore(rules),
  ...byResult('spf', rules.spf, ({ findings: { spf } }) => spf && [spf.result, spfWords(spf)]),
  ...byResult('helo', rules.helo, ({ findings: { helo } }) => helo && [helo.result, helo.name]),
  ...byResult(
    'reverseName',
    rules.reverseName,
    ({ address, findings: { reverseName } }) =>
      reverseName && [reverseName.result, reverseName.name ?? address],
  ),
  ...rules.rates.map(rated),
  ...byKarma(rules),
]
