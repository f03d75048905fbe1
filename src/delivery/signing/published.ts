/** Whether a domain publishes what it should: the signing keys above all, and what stands beside them. */
import type { DnsRecord } from '../../authentication/dns-records.ts'
import type { RecordType } from '../../dns/index.ts'
import { failureText, isNothing, type Lookup, LookupFailed } from '../routes/lookup.ts'

/** `different`: there is one, and it does not do the same. `unknown`: DNS did not answer; `found` says why. */
export type State = 'ok' | 'missing' | 'different' | 'unknown'

export type Published = {
  /** `value` is '' where nobody can know it from here. */
  readonly record: Omit<DnsRecord, 'type'> & { readonly type: RecordType }
  readonly state: State
  readonly found: readonly string[]
}

/** `v=DKIM1; k=rsa; p=...` by tag (RFC 6376 §3.2); DMARC and TLS reports are written the same way. */
const tagsOf = (value: string): ReadonlyMap<string, string> =>
  new Map(
    value.split(';').flatMap((part) => {
      const at = part.indexOf('=')
      return at === -1
        ? []
        : [[part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).replace(/\s/g, '')]]
    }),
  )

const listed = (tags: ReadonlyMap<string, string>, tag: string, wanted: readonly string[]): boolean => {
  const value = tags.get(tag)
  return value === undefined || value.split(':').some((word) => wanted.includes(word.toLowerCase()))
}

/** The same public key, for mail, with the hash we sign with (RFC 6376 §3.6.1); other tags are the owner's. */
const isSameKey = (found: string, wanted: string): boolean => {
  const [there, ours] = [tagsOf(found), tagsOf(wanted)]
  return (
    (there.get('v') ?? 'DKIM1') === 'DKIM1' &&
    (there.get('k') ?? 'rsa').toLowerCase() === ours.get('k') &&
    there.get('p') === ours.get('p') &&
    listed(there, 'h', ['sha256']) &&
    listed(there, 's', ['*', 'email'])
  )
}

/** Lets the hosts of the MX records send, and says something of all others (RFC 7208 §5.1, §5.4). */
const isUsableSpf = (found: string): boolean => {
  const terms = found.toLowerCase().split(/ +/)
  return terms.some((term) => /^\+?mx$/.test(term)) && terms.some((term) => /^[-~]all$/.test(term))
}

type Kind = {
  /** Which TXT records at the name are of this kind; others may stand beside them. */
  readonly is: RegExp
  /** Whether one that was found does what ours would do. */
  readonly does: (found: string, wanted: string) => boolean
}

const kinds: readonly Kind[] = [
  { is: /^v=spf1(?: |$)/i, does: isUsableSpf },
  // RFC 7489 §6.3: the owner may ask for more than we propose.
  {
    is: /^v=DMARC1\s*(?:;|$)/,
    does: (found) => /^(?:none|quarantine|reject)$/i.test(tagsOf(found).get('p') ?? ''),
  },
  {
    is: /^v=TLSRPTv1\s*(?:;|$)/,
    does: (found) => /^(?:mailto|https):/i.test(tagsOf(found).get('rua') ?? ''),
  },
]
/** Whatever stands under the name of a key is taken for one; `v=` may be missing. */
const key: Kind = { is: /^/, does: isSameKey }

/** One of a kind (RFC 7208 §4.5, RFC 6376 §3.6.2.2, RFC 7489 §6.6.3). */
const checkText = (record: DnsRecord, texts: readonly string[]): Published => {
  const kind = kinds.find(({ is }) => is.test(record.value)) ?? key
  const found = texts.filter((text) => kind.is.test(text))
  if (found.length === 0) return { record, state: 'missing', found }
  const isRight = found.length === 1 && kind.does(found[0]!, record.value)
  return { record, state: isRight ? 'ok' : 'different', found }
}

type Exchange = { readonly exchange: string; readonly priority: number }

/** This server is among the hosts that take the domain's mail, at whatever preference. */
const checkHosts = (record: DnsRecord, exchanges: readonly Exchange[]): Published => {
  const found = exchanges.map(({ exchange, priority }) => `${priority} ${exchange.toLowerCase()}.`)
  const [, host] = record.value.split(' ')
  if (found.length === 0) return { record, state: 'missing', found }
  return { record, state: found.some((one) => one.endsWith(` ${host}`)) ? 'ok' : 'different', found }
}

const judged = (record: DnsRecord, answers: readonly unknown[]): Published =>
  record.type === 'MX'
    ? checkHosts(record, answers as readonly Exchange[])
    : checkText(
        record,
        (answers as readonly (readonly string[])[]).map((strings) => strings.join('')),
      )

const checkOne = async (record: DnsRecord, { records }: Pick<Lookup, 'records'>): Promise<Published> => {
  try {
    return judged(record, await records(record.name, record.type))
  } catch (error) {
    if (!(error instanceof LookupFailed)) throw error
    return isNothing(error)
      ? { record, state: 'missing', found: [] }
      : { record, state: 'unknown', found: [failureText(error)] }
  }
}

/** Asks for each record, in their order. */
export const checkPublished = (
  records: readonly DnsRecord[],
  lookup: Pick<Lookup, 'records'>,
): Promise<readonly Published[]> => Promise.all(records.map((record) => checkOne(record, lookup)))
