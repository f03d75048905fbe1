/** What the owner of the author's domain asks for, and whether it is met (RFC 7489). */
import type {
  AuthorFinding,
  DkimFinding,
  DmarcFinding,
  SpfFinding,
} from '../../../machines/vocabulary/findings.ts'
import type { Resolver } from '../../dns/port.ts'
import { isNothing } from './bounded-resolver.ts'
import { isAligned, organizationOf } from './organization.ts'

export type DmarcQuestion = {
  readonly author: AuthorFinding
  readonly spf?: SpfFinding | undefined
  readonly dkim: readonly DkimFinding[]
  readonly resolver: Resolver
  /** From 0 to below 100, of the message: `pct=` is decided by it, so that the same message always fares alike. */
  readonly draw: number
}

type Policy = NonNullable<DmarcFinding['policy']>
type Mode = 'relaxed' | 'strict'
type Published = {
  readonly p: Policy
  readonly sp: Policy
  readonly pct: number
  readonly adkim: Mode
  readonly aspf: Mode
}

const longestRecord = 4096
const policies: readonly Policy[] = ['none', 'quarantine', 'reject']
const policyIn = (value: string | undefined): Policy | undefined =>
  policies.find((policy) => policy === value?.toLowerCase())
const modeIn = (value: string | undefined): Mode => (value?.toLowerCase() === 's' ? 'strict' : 'relaxed')

/** Null where a tag is there twice (RFC 6376 §3.2, whose lists these are). */
const tagsOf = (record: string): ReadonlyMap<string, string> | null => {
  const tags = new Map<string, string>()
  for (const part of record.split(';')) {
    const at = part.indexOf('=')
    const name = part.slice(0, Math.max(0, at)).trim().toLowerCase()
    if (at === -1) continue
    if (tags.has(name)) return null
    tags.set(name, part.slice(at + 1).trim())
  }
  return tags
}

const percentIn = (value: string | undefined): number =>
  value !== undefined && /^\d{1,3}$/.test(value) && Number(value) <= 100 ? Number(value) : 100

/** Null where it asks for nothing that can be understood. */
const published = (record: string): Published | null => {
  const tags = tagsOf(record)
  if (tags === null) return null
  const isReporting = /^mailto:.+@/i.test(tags.get('rua') ?? '')
  const given = policyIn(tags.get('p'))
  const forSubdomains = tags.has('sp') ? policyIn(tags.get('sp')) : given
  // RFC 7489 §6.6.3, 6: who asks for reports, and says nothing that can be understood, asks for no more.
  const isUnderstood = given !== undefined && forSubdomains !== undefined
  if (!isUnderstood && !isReporting) return null
  return {
    p: isUnderstood ? given : 'none',
    sp: isUnderstood ? forSubdomains : 'none',
    pct: percentIn(tags.get('pct')),
    adkim: modeIn(tags.get('adkim')),
    aspf: modeIn(tags.get('aspf')),
  }
}

type Found = { readonly at: string; readonly published: Published } | null

/** Records of one name. @throws DnsFault where it is not known whether there are any */
const recordsAt = async (domain: string, { resolver }: DmarcQuestion): Promise<readonly string[]> => {
  try {
    const records = await resolver.resolve(`_dmarc.${domain}`, 'TXT')
    // RFC 7489 §6.6.3, 2
    return records
      .map((strings) => strings.join(''))
      .filter((record) => /^v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)/.test(record))
  } catch (error) {
    if (isNothing(error)) return []
    throw error
  }
}

// RFC 7489 §6.6.3: the domain, then its organizational domain; of several records none counts.
const find = async (domain: string, question: DmarcQuestion): Promise<Found> => {
  const organization = organizationOf(domain)
  for (const at of new Set([domain, organization])) {
    const [record, ...others] = await recordsAt(at, question)
    if (record === undefined) continue
    const said = others.length > 0 || record.length > longestRecord ? null : published(record)
    return said && { at, published: said }
  }
  return null
}

type Met = { readonly by: readonly ('spf' | 'dkim')[]; readonly isOpen: boolean }
/** What passes in the name of the author's domain, and whether something is still open that might. RFC 7489 §3.1 */
const met = (domain: string, { aspf, adkim }: Published, { spf, dkim }: DmarcQuestion): Met => {
  const bySpf = spf !== undefined && isAligned(spf.domain, domain, aspf) ? [spf.result] : []
  const byDkim = dkim.filter((one) => isAligned(one.domain, domain, adkim)).map(({ result }) => result)
  const by = [
    ...(bySpf.includes('pass') ? ['spf' as const] : []),
    ...(byDkim.includes('pass') ? ['dkim' as const] : []),
  ]
  return { by, isOpen: [...bySpf, ...byDkim].includes('temperror') }
}

const judged = (
  domain: string,
  { at, published: said }: NonNullable<Found>,
  question: DmarcQuestion,
): DmarcFinding => {
  // RFC 7489 §6.3, sp=
  const policy = at === domain ? said.p : said.sp
  const asked = { domain, record: at, policy, ...(said.pct !== 100 && { pct: said.pct }) }
  const { by, isOpen } = met(domain, said, question)
  if (by.length > 0) return { result: 'pass', ...asked, by }
  if (isOpen) return { result: 'temperror', ...asked, about: 'SPF or DKIM could not be looked at' }
  // RFC 7489 §6.6.4
  const isLeftOut = policy !== 'none' && question.draw >= said.pct
  return { result: 'fail', ...asked, ...(isLeftOut && { leftOut: true as const }) }
}

const why: Readonly<Record<Exclude<AuthorFinding['result'], 'one'>, string>> = {
  none: 'no author',
  several: 'several authors',
  ambiguous: 'readers may see different authors',
}

/** Never throws, and never passes where the author is not one for all readers. */
export const examineDmarc = async (question: DmarcQuestion): Promise<DmarcFinding> => {
  const { author } = question
  const [domain] = author.domains
  // RFC 7489 §6.6.1: these cannot be judged.
  if (author.result !== 'one' || domain === undefined)
    return {
      result: 'permerror',
      domain: null,
      about: author.result === 'one' ? why.none : why[author.result],
    }
  try {
    const found = await find(domain, question)
    return found === null ? { result: 'none', domain } : judged(domain, found, question)
  } catch (error) {
    const about = error instanceof Error ? error.message.replace(/[^ -~]/g, '?').slice(0, 255) : 'no answer'
    return { result: 'temperror', domain, about }
  }
}
