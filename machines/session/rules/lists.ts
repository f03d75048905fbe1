/** Lists that are asked over DNS: what their answers lead to. */
import type { Listing } from '../../vocabulary/findings.ts'
import { type Examined, type Question, question } from './question.ts'
import type { ListRule, Outcome, Rules } from './rules.ts'

/** Where listings are found. */
type Where = (examined: Examined) => readonly Listing[] | undefined

export const clientListings: Where = ({ findings }: Examined) => findings.listings
export const messageListings: Where = ({ message }: Examined) => message?.listings

const isOf = ({ zone, of }: ListRule, listing: Listing): boolean =>
  listing.zone === zone && (listing.of === 'address') === (of === 'addresses')
const counts = ({ codes }: ListRule, listing: Listing): boolean =>
  listing.result === 'listed' &&
  (codes === undefined || listing.codes === undefined || listing.codes.some((code) => codes.includes(code)))

const wordsFor = ({ zone, subject, meanings = [] }: Listing): string =>
  `${subject} by ${zone}${meanings.length === 0 ? '' : ` (${meanings.join(', ')})`}`

const askList =
  (rule: ListRule, where: Where, speaks: (listing: Listing) => boolean): Question['ask'] =>
  (examined) => {
    const asked = where(examined)?.filter((listing) => isOf(rule, listing))
    if (asked === undefined || asked.length === 0) return undefined
    const one = asked.find(speaks)
    return one === undefined ? null : wordsFor(one)
  }

const listed = (rule: ListRule & { readonly on: Outcome }, where: Where): Question =>
  question(
    `dnsbl ${rule.zone}`,
    'dnsbl-listed',
    rule.on,
    askList(rule, where, (listing) => counts(rule, listing)),
  )

const unreachable = (rule: ListRule, where: Where): Question =>
  question(
    `dnsbl ${rule.zone}.error`,
    'dnsbl-error',
    rule.error,
    askList(rule, where, ({ result }) => result === 'error'),
  )

export const byLists = ({ dnsbl }: Rules, where: Where): readonly Question[] =>
  dnsbl.flatMap((rule) => [
    ...(rule.on === 'allow' ? [] : [listed({ ...rule, on: rule.on }, where)]),
    unreachable(rule, where),
  ])

/** The sum, and what lists that were not asked could have added to it. */
type Score = { readonly sum: number; readonly open: number }

const scoreOf = ({ dnsbl }: Rules, { findings: { listings } }: Examined): Score | undefined => {
  if (listings === undefined) return undefined
  let sum = 0
  let open = 0
  for (const rule of dnsbl) {
    if (rule.weight === 0) continue
    const answers = listings.filter((listing) => isOf(rule, listing))
    if (answers.some((listing) => counts(rule, listing))) sum += rule.weight
    else if (answers.length === 0) open += Math.max(0, rule.weight)
  }
  return { sum, open }
}

export const byScore = (rules: Rules): readonly Question[] =>
  (['refuse', 'defer', 'tag'] as const).flatMap((outcome) => {
    const from = rules.score[outcome]
    if (from === null) return []
    return question(`score.${outcome}`, 'dnsbl-score', outcome, (examined) => {
      const score = scoreOf(rules, examined)
      if (score === undefined || score.sum >= from) return score && `${score.sum} of ${from}`
      return score.sum + score.open >= from ? undefined : null
    })
  })

export const listsThatAllow = ({ dnsbl }: Rules): readonly Question[] =>
  dnsbl.flatMap((rule) => (rule.on === 'allow' ? [listed({ ...rule, on: 'refuse' }, clientListings)] : []))
