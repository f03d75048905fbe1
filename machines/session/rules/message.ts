/** What the rules ask about a message: its author, and who answers for it. */
import { byLists, byWholeScore, messageListings } from './lists.ts'
import { blockingAuthors } from './names.ts'
import { type Answer, byResult, type Examined, type Question, question } from './question.ts'
import { messageRates } from './rates.ts'
import type { Rules } from './rules.ts'

const ladder = ['pass', 'temperror', 'fail', 'policy', 'permerror', 'neutral', 'none'] as const
/** The best any signature has. */
const bestDkim = ({ message }: Examined): readonly [string, string] | undefined => {
  const dkim = message?.dkim
  if (dkim === undefined) return undefined
  const best = ladder.find((result) => dkim.some((signature) => signature.result === result)) ?? 'none'
  return [best, dkim.find(({ result }) => result === best)?.domain ?? '']
}

const milder = { reject: 'quarantine', quarantine: 'none', none: 'none' } as const

/** What DMARC asks for; null where it passes, has nothing to say, or a trusted sealer saw it pass. */
const askedByDmarc = (
  examined: Examined,
  trusted: readonly string[],
): readonly [string, string] | null | undefined => {
  const dmarc = examined.message?.dmarc
  if (dmarc === undefined) return undefined
  const about = dmarc.domain ?? ''
  if (dmarc.result === 'temperror' || dmarc.result === 'permerror') return [dmarc.result, about]
  if (dmarc.result !== 'fail' || isVouchedFor(examined, trusted)) return null
  const policy = dmarc.policy ?? 'none'
  return [dmarc.leftOut ? milder[policy] : policy, about]
}

/** An unbroken chain whose newest sealer is trusted, and had seen DMARC pass. */
export const isVouchedFor = ({ message }: Examined, trusted: readonly string[]): boolean => {
  const arc = message?.arc
  return arc?.result === 'pass' && arc.dmarc === 'pass' && trusted.includes(arc.sealers[0] ?? '')
}

const posing = ({ message }: Examined): Answer => message?.author && (message.author.poses ?? null)

export const messageQuestions = (rules: Rules): readonly Question[] => {
  const { poses, ...author } = rules.author
  return [
    ...blockingAuthors(rules),
    ...byResult(
      'author',
      author,
      ({ message }) => message?.author && [message.author.result, message.author.about ?? ''],
    ),
    question('author.poses', 'author-poses', poses, posing),
    ...byResult('dmarc', rules.dmarc, (examined) => askedByDmarc(examined, rules.arc.trusted)),
    ...byResult('dkim', rules.dkim, bestDkim),
    ...byLists({ ...rules, dnsbl: rules.dnsbl.filter(({ of }) => of === 'domains') }, messageListings),
    ...byWholeScore(rules),
    ...messageRates(rules.rates),
  ]
}
