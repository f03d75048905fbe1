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

const scoreOf = ({ dnsbl }: Rules, { findings }: Examined): number | undefined => {
  if (findings.listings === undefined) return undefined
  let score = 0
  for (const rule of dnsbl)
    if (findings.listings.some((listing) => isOf(rule, listing) && counts(rule, listing)))
      score += rule.weight
  return score
}

export const byScore = (rules: Rules): readonly Question[] =>
  (['refuse', 'defer', 'tag'] as const).flatMap((outcome) => {
    const from = rules.score[outcome]
    if (from === null) return []
    return question(`score.${outcome}`, 'dnsbl-score', outcome, (examined) => {
      const score = scoreOf(rules, examined)
      return score === undefined ? undefined : score >= from ? `${score} of ${from}` : null
    })
  })

export const listsThatAllow = ({ dnsbl }: Rules): readonly Question[] =>
  dnsbl.flatMap((rule) => (rule.on === 'allow' ? [listed({ ...rule, on: 'refuse' }, clientListings)] : []))
