/**
 * May this address send for this domain? (RFC 7208) mailauth reads and evaluates the records, strictly; what may be asked, how often
 * and how long, is ours. Whatever goes wrong is an error, and never a pass.
 */
import type { Evaluation } from 'mailauth/lib/spf/spf-verify.js'
import { splitAddress } from '../../../machines/vocabulary/address.ts'
import type { SpfFinding, SpfResult } from '../../../machines/vocabulary/findings.ts'
import type { Resolver } from '../../dns/port.ts'
import { mailDomain } from './author.ts'
import { SpfEnd, SpfLookups } from './spf-lookups.ts'

export type SpfQuestion = {
  /** Of the client. */
  readonly address: string
  /** As it was said. */
  readonly helo: string
  /** Of the envelope; '' for the null sender. */
  readonly sender: string
  readonly resolver: Resolver
  /** Our name: `%{r}` of an explanation. */
  readonly receiver?: string
  /** Milliseconds for all of it. RFC 7208 §4.6.4 wants 20 seconds at least. */
  readonly timeout?: number
  readonly signal?: AbortSignal
}

const patience = 20_000
const longestAbout = 255
const oneLine = (text: string): string => text.replace(/[^ -~]/g, '?').slice(0, longestAbout)

const results: Readonly<Record<string, SpfResult>> = {
  '+': 'pass',
  '-': 'fail',
  '~': 'softfail',
  '?': 'neutral',
  none: 'none',
  permerror: 'permerror',
  temperror: 'temperror',
}

type Identity = {
  readonly identity: SpfFinding['identity']
  readonly domain: string
  readonly sender: string
}
// RFC 7208 §2.4: without a sender, the name of EHLO is asked for postmaster.
const identityOf = ({ sender, helo }: SpfQuestion): Identity => {
  if (sender === '') return { identity: 'helo', domain: helo, sender: `postmaster@${helo}` }
  const { local, domain } = splitAddress(sender)
  // RFC 7208 §4.3
  return { identity: 'mailfrom', domain, sender: `${local === '' ? 'postmaster' : local}@${domain}` }
}

const withValue = new Set(['ip4', 'ip6', 'include'])
/** The mechanism that decided, as the record has it, where that can be told: of two `a:` only the kind is known. */
const mechanismOf = ({ type, val, rr = '' }: Evaluation): { readonly mechanism?: string } => {
  if (type === undefined) return {}
  if (withValue.has(type)) return { mechanism: oneLine(`${type}:${val}`) }
  const terms = rr.split(' ').map((term) => term.replace(/^[-+~?]/, ''))
  const same = terms.filter((term) => /^[a-z0-9]*/i.exec(term)![0].toLowerCase() === type)
  const isElsewhere = terms.some((term) => /^redirect=/i.test(term))
  return { mechanism: oneLine(same.length === 1 && !isElsewhere ? same[0]! : type) }
}

const judged = (evaluation: Evaluation | false): Omit<SpfFinding, 'identity' | 'domain'> => {
  if (evaluation === false) return { result: 'temperror', about: 'not evaluated' }
  const { qualifier, error, text, explanation } = evaluation
  const result = results[error ?? qualifier ?? 'temperror'] ?? 'temperror'
  if (error !== undefined) return result === 'none' || !text ? { result } : { result, about: oneLine(text) }
  const about = result === 'fail' && explanation ? { about: oneLine(explanation) } : {}
  return { result, ...mechanismOf(evaluation), ...about }
}

/** Whatever was thrown, by the evaluator or by ourselves. */
const failed = (error: unknown): Evaluation => {
  if (typeof error === 'object' && error !== null && 'spfResult' in error) {
    const { spfResult } = error
    if (typeof spfResult === 'object' && spfResult !== null) return spfResult
  }
  return { error: 'temperror', text: error instanceof Error ? error.message : 'not evaluated' }
}

const inTime = async <T>(work: Promise<T>, milliseconds: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SpfEnd('temperror', 'no result in time')), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

const evaluate = async (
  domain: string,
  sender: string,
  question: SpfQuestion,
): Promise<Evaluation | false> => {
  const [{ spfVerify }, { parseIp }] = await Promise.all([
    import('mailauth/lib/spf/spf-verify.js'),
    import('mailauth/lib/spf/syntax.js'),
  ])
  const given = parseIp(question.address)
  if (given === null) return { error: 'temperror', text: 'the address of the client is not known' }
  // RFC 7208 §5: IPv4 within IPv6 is IPv4.
  const address = given.isIPv4MappedAddress?.() === true ? given.toIPv4Address!() : given
  const { resolver, signal, timeout = patience } = question
  const lookups = new SpfLookups(resolver, { until: performance.now() + timeout, signal })
  const work = spfVerify(domain, {
    sender,
    ip: address.toString(),
    helo: question.helo,
    mta: question.receiver ?? 'unknown',
    strict: true,
    ctx: { warnings: new Set(), usedLocalPart: false },
    resolver: lookups.term,
    expResolver: lookups.explanation,
    createSubResolver: lookups.names,
  })
  return inTime(work, timeout)
}

/** Looks at who may send for the sender's domain. Never throws; `temperror` after `timeout`. */
export const examineSpf = async (question: SpfQuestion): Promise<SpfFinding> => {
  const { identity, domain: written, sender } = identityOf(question)
  const domain = mailDomain(written.replace(/\.$/, ''))
  // RFC 7208 §4.3: what is no name of at least two labels has no policy.
  if (domain === null || !domain.includes('.'))
    return { identity, domain: domain ?? oneLine(written), result: 'none' }
  const { local } = splitAddress(sender)
  try {
    return { identity, domain, ...judged(await evaluate(domain, `${local}@${domain}`, question)) }
  } catch (error) {
    return { identity, domain, ...judged(failed(error)) }
  }
}
