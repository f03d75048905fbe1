/** What the rules ask about a client and its sender. */
import type { Findings } from '../../vocabulary/findings.ts'
import { byLists, byScore, clientListings } from './lists.ts'
import { blocking } from './names.ts'
import { byResult, type Question, question } from './question.ts'
import type { RateRule, Rules } from './rules.ts'

const rated = ({ of, messages, per, on }: RateRule): Question =>
  question(`rates ${of} ${messages}/${per}ms`, 'rate-exceeded', on, ({ findings }) => {
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
