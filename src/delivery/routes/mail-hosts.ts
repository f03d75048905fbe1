/** Which hosts take mail for a domain, and where they are (RFC 5321 §5.1). */
import resolveIp from 'mx-connect/lib/resolve-ip.js'
import resolveMx from 'mx-connect/lib/resolve-mx.js'
import { noRoute } from './faults.ts'
import { isNothing, type Lookup, LookupFailed, lookupFault } from './lookup.ts'

export type MailHost = { readonly name: string; readonly preference: number }

export type Found =
  | { readonly kind: 'found'; readonly addresses: readonly string[] }
  | { readonly kind: 'none' }
  /** What it has is no address a host can have. */
  | { readonly kind: 'refused'; readonly addresses: readonly string[] }
  | { readonly kind: 'failed'; readonly failure: LookupFailed }

export type LocatedHost = MailHost & { readonly found: Found }

/** More MX records than anybody needs are not looked at. */
const mostLookedAt = 20

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : ''

const isUnknown = (lookup: Lookup, domain: string): Promise<boolean> =>
  lookup.records(domain, 'MX').then(
    () => false,
    (error: unknown) => error instanceof LookupFailed && error.code === 'ENOTFOUND',
  )

const faultOf = async (error: unknown, domain: string, lookup: Lookup): Promise<unknown> => {
  if (error instanceof LookupFailed && !isNothing(error)) return lookupFault(error, domain)
  switch (codeOf(error)) {
    case 'ENULLMX': // RFC 7505 §3
      return noRoute('null-mx', domain)
    case 'ENOTFOUND':
      return noRoute((await isUnknown(lookup, domain)) ? 'no-such-domain' : 'no-mail-host', domain)
    case 'InvalidIpAddress':
      return noRoute('bad-destination', domain)
    default:
      return error
  }
}

/** Fisher and Yates; `random` gives numbers from 0 up to 1. */
const shuffled = <Item>(items: readonly Item[], random: () => number): Item[] => {
  const mixed = [...items]
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    const item = mixed[at]!
    mixed[at] = mixed[other]!
    mixed[other] = item
  }
  return mixed
}

const asHost = ({ exchange, priority }: MxConnectHost): MailHost => ({
  name: exchange.toLowerCase().replace(/\.$/, ''),
  preference: priority,
})

/**
 * The hosts of the MX records, best first, equals in random order; without any record the domain itself.
 * @throws NoRoute
 */
export const mailHosts = async (
  domain: string,
  { lookup, random }: { readonly lookup: Lookup; readonly random: () => number },
): Promise<readonly MailHost[]> => {
  try {
    const { records: resolveRecords } = lookup
    const { mx } = await resolveMx({
      domain,
      decodedDomain: domain,
      isIp: false,
      dnsOptions: { resolveRecords },
    })
    // RFC 5321 §5.1: equal preferences are spread, so that hosts share the load.
    const mixed = shuffled(mx.map(asHost), random)
    return mixed.sort((one, other) => one.preference - other.preference).slice(0, mostLookedAt)
  } catch (error) {
    throw await faultOf(error, domain, lookup)
  }
}

const find = async (name: string, lookup: Lookup): Promise<Found> => {
  const asked: MxConnectHost = { exchange: name, priority: 0, A: [], AAAA: [] }
  try {
    const { records: resolveRecords } = lookup
    const { mx } = await resolveIp({ domain: name, mx: [asked], dnsOptions: { resolveRecords } })
    return { kind: 'found', addresses: mx.flatMap(({ A, AAAA }) => [...A, ...AAAA]) }
  } catch (error) {
    if (error instanceof LookupFailed && !isNothing(error)) return { kind: 'failed', failure: error }
    if (codeOf(error) === 'ENOTFOUND') return { kind: 'none' }
    if (codeOf(error) === 'InvalidIpAddress') return { kind: 'refused', addresses: [] }
    throw error
  }
}

/** Each host with its addresses, IPv4 and IPv6; a host without any is no reason to give up. */
export const locate = (hosts: readonly MailHost[], lookup: Lookup): Promise<readonly LocatedHost[]> =>
  Promise.all(hosts.map(async (host) => ({ ...host, found: await find(host.name, lookup) })))
