/** What the rules ask about a client and its sender. */
import type { Findings } from '../../vocabulary/findings.ts'
import { byLists, byScore, clientListings } from './lists.ts'
import { blocking } from './names.ts'
import { byResult, type Question, question } from './question.ts'
import { clientRates } from './rates.ts'
import type { Rules } from './rules.ts'

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
  ...clientRates(rules.rates),
  ...byKarma(rules),
]
