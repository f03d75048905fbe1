/** What was found of strangers and of their mail, in words: one phrase for each finding. */
import type {
  Acquaintance,
  ArcFinding,
  AuthorFinding,
  DkimFinding,
  DmarcFinding,
  Findings,
  HelloName,
  Karma,
  Listing,
  MessageFindings,
  RateCount,
  ReverseName,
  SpfFinding,
} from '../../machines/vocabulary/findings.ts'
import { counted } from '../cli/terminal.ts'
import { formatDuration } from '../config/units.ts'
import { plainArc, plainDkim, plainDmarc, plainSpf, plainUnsigned } from './plain-findings.ts'

export type FindingName = keyof Findings | keyof MessageFindings
/** `bad`: it speaks against the mail; null: it says nothing of that. */
export type Leaning = 'good' | 'bad' | null
export type FindingText = {
  readonly name: FindingName
  readonly text: string
  readonly leaning: Leaning
  /** For those who do not know the standard that `text` speaks of; absent where it speaks of none. */
  readonly plain?: string
}

/** ` (a, b)`; '' where there is nothing to add. */
const beside = (...words: readonly (string | undefined | false)[]): string => {
  const said = words.filter((word) => word !== undefined && word !== false && word !== '')
  return said.length === 0 ? '' : ` (${said.join(', ')})`
}
const listOf = (words: readonly string[]): string => words.join(' and ')

type Said = readonly [text: string, leaning?: Leaning]

const reverseName = ({ result, name }: ReverseName, address: string): Said => {
  switch (result) {
    case 'confirmed':
      return [`${address} has the name ${name}, which leads back to it`, 'good']
    case 'unconfirmed':
      return [`${address} has the name ${name}, which does not lead back to it`, 'bad']
    case 'missing':
      return [`${address} has no name`, 'bad']
    case 'temperror':
      return [`the name of ${address} could not be looked up`]
  }
}

const hello: Readonly<Record<HelloName['result'], Said>> = {
  resolved: ['which exists', 'good'],
  unresolved: ['which has no address and takes no mail', 'bad'],
  literal: ['its own address', 'good'],
  invalid: ['which no host on the Internet can be called', 'bad'],
  ours: ['which is us', 'bad'],
  temperror: ['which could not be looked up'],
}
const helo = ({ result, name }: HelloName): Said => {
  const [what, leaning] = hello[result]
  return [`it called itself ${name}, ${what}`, leaning]
}

const leaningOf = (result: string): Leaning =>
  result === 'pass'
    ? 'good'
    : result === 'none' || result === 'neutral' || result === 'temperror'
      ? null
      : 'bad'

const spf = ({ identity, domain, result, mechanism, about }: SpfFinding): Said => [
  `SPF of ${domain}${identity === 'helo' ? ', which it called itself' : ''}: ${result}${beside(mechanism, about)}`,
  leaningOf(result),
]

const listing = ({ zone, subject, result, codes = [], meanings = [], about }: Listing): Said => {
  const answered = codes.join(' ')
  switch (result) {
    case 'listed':
      return [`${subject} is on ${zone}${beside(meanings.join(' '), answered)}`, 'bad']
    case 'clear':
      return [`${subject} is not on ${zone}`, 'good']
    case 'error':
      return [`${zone} gave no answer for ${subject} that counts${beside(about ?? answered)}`]
    case 'set-aside':
      return [`${zone} was not asked for ${subject}: it had failed its test${beside(about)}`]
  }
}

const rate = ({ subject, messages, per, vouched }: RateCount): Said => {
  const whose = vouched === undefined ? '' : vouched ? ' that it vouches for' : ' that it does not vouch for'
  return [
    `${counted(messages, 'message')} from ${subject === '' ? '<>' : subject}${whose} in ${formatDuration(per)}, with this one`,
  ]
}

const acquaintance = ({ waited, accepted }: Acquaintance): Said => {
  const before = accepted === 0 ? 'none' : `${accepted}`
  const putOff = waited === null ? 'it was never put off' : `it was first put off ${sinceText(waited)} before`
  return [`${before} of the sender’s mails accepted so far; ${putOff}`]
}
const sinceText = (milliseconds: number): string =>
  formatDuration(
    milliseconds < 60_000 ? Math.round(milliseconds / 1000) * 1000 || 1000 : roundedTo(milliseconds),
  )
const roundedTo = (milliseconds: number): number => Math.round(milliseconds / 60_000) * 60_000

const karma = ({ network, score }: Karma): Said => [
  `${network} has the score ${Math.round(score * 10) / 10}`,
  score < 0 ? 'bad' : null,
]

/** `address`: the client's, where whoever asks knows it. */
export const clientFindings = (
  findings: Findings,
  address = 'the client’s address',
): readonly FindingText[] => [
  ...one('reverseName', findings.reverseName, (found) => reverseName(found, address)),
  ...one('helo', findings.helo, helo),
  ...one('spf', findings.spf, spf, plainSpf),
  ...each('listings', findings.listings, listing),
  ...each('rates', findings.rates, rate),
  ...one('acquaintance', findings.acquaintance, acquaintance),
  ...one('karma', findings.karma, karma),
]

const each = <Found>(
  name: FindingName,
  found: readonly Found[] | undefined,
  say: (found: Found) => Said,
  plain?: (found: Found) => string,
): readonly FindingText[] =>
  (found ?? []).map((finding) => {
    const [text, leaning = null] = say(finding)
    return { name, text, leaning, ...(plain && { plain: plain(finding) }) }
  })
const one = <Found>(
  name: FindingName,
  found: Found | undefined,
  say: (found: Found) => Said,
  plain?: (found: Found) => string,
): readonly FindingText[] => each(name, found === undefined ? [] : [found], say, plain)

const author = ({ result, domains, poses, about }: AuthorFinding): Said => {
  const named = beside(domains.join(', '), about)
  const pose = poses === undefined ? '' : `; the display name reads like an address of ${poses}`
  switch (result) {
    case 'one':
      return [
        `From names one author, of ${domains.join(', ')}${beside(about)}${pose}`,
        pose === '' ? null : 'bad',
      ]
    case 'several':
      return [`From names several authors${named}${pose}`, 'bad']
    case 'none':
      return [`From names no author${named}`, 'bad']
    case 'ambiguous':
      return [`different readers would see different authors in From${named}${pose}`, 'bad']
  }
}

/** What is too large to be read has no names. */
const signedBy = ({ domain, selector, algorithm, bits }: DkimFinding): string =>
  `DKIM signature${domain && ` of ${domain}`}${beside(selector && `selector ${selector}`, algorithm, bits !== undefined && `${bits} bits`)}`
const dkim = (finding: DkimFinding): Said => [
  `${signedBy(finding)}: ${finding.result}${beside(finding.about)}`,
  leaningOf(finding.result),
]

const arc = ({ result, sealers, dmarc: saw, about }: ArcFinding): Said => {
  if (result === 'none') return ['not sealed by anybody on its way (ARC)']
  const by = sealers.length === 0 ? '' : `, sealed by ${sealers.join(', before that by ')}`
  const seen = saw === undefined ? '' : `; the newest sealer had found DMARC ${saw}`
  return [`ARC: ${result}${by}${beside(about)}${seen}`, leaningOf(result)]
}

const wishes = { none: 'nothing', quarantine: 'quarantine', reject: 'rejection' } as const

const asked = ({ policy, pct, leftOut }: DmarcFinding): string => {
  if (policy === undefined) return ''
  const share = pct === undefined ? '' : ` of ${pct} % of it${leftOut ? ', which leaves this mail out' : ''}`
  return `; for mail that fails its owner asks for ${wishes[policy]}${share}`
}

const dmarc = (found: DmarcFinding): Said => {
  const { result, domain, record, by = [], about } = found
  if (domain === null) return [`DMARC: ${result}${beside(about ?? 'there is no one author to ask about')}`]
  if (result === 'none') return [`DMARC of ${domain}: nothing is published${beside(about)}`]
  const passedBy =
    result === 'pass' && by.length > 0 ? `, by ${listOf(by.map((way) => way.toUpperCase()))}` : ''
  const where = record === undefined || record === domain ? undefined : `the record is that of ${record}`
  return [`DMARC of ${domain}: ${result}${passedBy}${beside(about, where)}${asked(found)}`, leaningOf(result)]
}

const forged = (count: number): Said => [
  `${counted(count, 'field')} in our name that others wrote, left out when it is read`,
  'bad',
]

export const messageFindings = (found: MessageFindings): readonly FindingText[] => [
  ...one('author', found.author, author),
  ...(found.dkim?.length === 0
    ? [{ name: 'dkim', text: 'no DKIM signature', leaning: null, plain: plainUnsigned } as const]
    : each('dkim', found.dkim, dkim, plainDkim)),
  ...one('arc', found.arc, arc, plainArc),
  ...one('dmarc', found.dmarc, dmarc, plainDmarc),
  ...each('listings', found.listings, listing),
  ...one('forged', found.forged?.length || undefined, forged),
]

/** Phrases as one sentence of a story. */
export const together = (texts: readonly FindingText[]): string => texts.map(({ text }) => text).join('; ')
