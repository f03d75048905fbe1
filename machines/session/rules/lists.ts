/** Lists that are asked over DNS: what their answers lead to. */
import type { Listing } from '../../vocabulary/findings.ts'
import { type Answer, type Examined, type Question, question } from './question.ts'
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

const scoreOf = ({ dnsbl }: Rules, listings: readonly Listing[]): Score => {
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

/** One question for each sum that leads to something. */
const sums = ({ score }: Rules, reaches: (examined: Examined, from: number) => Answer): readonly Question[] =>
  (['refuse', 'defer', 'tag'] as const).flatMap((outcome) => {
    const from = score[outcome]
    if (from === null) return []
    return question(`score.${outcome}`, 'dnsbl-score', outcome, (examined) => reaches(examined, from))
  })

export const byScore = (rules: Rules): readonly Question[] =>
  sums(rules, ({ findings: { listings } }, from) => {
    if (listings === undefined) return undefined
    const { sum, open } = scoreOf(rules, listings)
    if (sum >= from) return `${sum} of ${from}`
    return sum + open >= from ? undefined : null
  })

/** What the author’s domain adds to the client’s sum; where it adds nothing, all was said of the client. */
export const byWholeScore = (rules: Rules): readonly Question[] => {
  const ofDomains = { ...rules, dnsbl: rules.dnsbl.filter(({ of }) => of === 'domains') }
  if (ofDomains.dnsbl.every(({ weight }) => weight === 0)) return []
  return sums(rules, ({ findings: { listings = [] }, message }, from) => {
    const added = message?.listings ?? []
    const { sum } = scoreOf(rules, [...listings, ...added])
    if (sum >= from) return sum > scoreOf(rules, listings).sum ? `${sum} of ${from}` : null
    // An author without a domain is on no list.
    const open = message?.author?.domains.length === 0 ? 0 : scoreOf(ofDomains, added).open
    return sum + open >= from ? undefined : null
  })
}

export const listsThatAllow = ({ dnsbl }: Rules): readonly Question[] =>
  dnsbl.flatMap((rule) => (rule.on === 'allow' ? [listed({ ...rule, on: 'refuse' }, clientListings)] : []))
