/** What a domain publishes so that its mail arrives, and is believed. */
import { type DkimKey, dkimRecord } from './dkim-keys.ts'
import { asciiDomain } from './spelling.ts'

export type DnsRecord = {
  readonly name: string
  readonly type: 'MX' | 'TXT'
  readonly value: string
  /** Why it is there. */
  readonly about: string
}

const txt = (name: string, value: string, about: string): DnsRecord => ({ name, type: 'TXT', value, about })

/**
 * MX (RFC 5321 §5.1), SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489), TLS reports (RFC 8460). Keys that DKIM cannot use are
 * left out.
 */
export const dnsRecords = (options: {
  readonly domain: string
  readonly hostname: string
  readonly dkim: readonly DkimKey[]
}): readonly DnsRecord[] => {
  const domain = asciiDomain(options.domain)
  const host = asciiDomain(options.hostname)
  const keys = options.dkim.flatMap(({ selector, pem }) => {
    const value = dkimRecord(pem)
    return value === null
      ? []
      : [txt(`${selector}._domainkey.${domain}`, value, 'the public half of a signing key')]
  })
  return [
    { name: domain, type: 'MX', value: `10 ${host}.`, about: 'mail for the domain comes here' },
    txt(domain, 'v=spf1 mx -all', 'only this server sends the domain’s mail'),
    ...keys,
    txt(
      `_dmarc.${domain}`,
      `v=DMARC1; p=none; rua=mailto:postmaster@${domain}`,
      'asks others for reports; once they look right, raise p to quarantine, then reject',
    ),
    txt(
      `_smtp._tls.${domain}`,
      `v=TLSRPTv1; rua=mailto:postmaster@${domain}`,
      'asks for reports on failed TLS',
    ),
  ]
}

/** Strings of at most 255 bytes, as TXT records hold them (RFC 1035 §3.3.14). */
const quoted = (value: string): string =>
  (value.match(/.{1,255}/g) ?? []).map((part) => `"${part}"`).join(' ')

/** The lines of a zone file. */
export const zoneLines = (records: readonly DnsRecord[]): readonly string[] =>
  records.flatMap(({ name, type, value, about }) => [
    `; ${about}`,
    `${name}. 3600 IN ${type} ${type === 'TXT' ? quoted(value) : value}`,
  ])

/** What no record for this domain can say, but is needed as well. */
export const furtherSteps = ({
  domain,
  hostname,
}: {
  readonly domain: string
  readonly hostname: string
}) => [
  `; Also needed: an A or AAAA record for ${asciiDomain(hostname)}, and a reverse (PTR) record that names it.`,
  `; MTA-STS, if you want others to insist on TLS: serve https://mta-sts.${asciiDomain(domain)}/.well-known/mta-sts.txt with`,
  `;   version: STSv1 / mode: enforce / mx: ${asciiDomain(hostname)} / max_age: 604800 (one a line)`,
  `; and then publish: _mta-sts.${asciiDomain(domain)}. IN TXT "v=STSv1; id=1"`,
]
