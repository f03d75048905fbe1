/** Whom a certificate is for: asked of mail hosts and of the hosts that publish their policies. */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'

/** RFC 8461 §3.3, §4.2: the alternative names count, never the common name; a wildcard is one whole label, the first. */
const strictly = {
  subject: 'never',
  wildcards: true,
  partialWildcards: false,
  multiLabelWildcards: false,
  singleLabelSubdomains: false,
} as const

/** Characters of the names it is for that are told. */
const mostNames = 200

const namesIn = ({ subjectaltname = '' }: PeerCertificate): string => {
  const names = subjectaltname.replace(/(?:DNS|IP Address):/g, '').replace(/[^\w .,:*-]/g, '?')
  if (names === '') return 'nobody'
  return names.length > mostNames ? `${names.slice(0, mostNames)} and others` : names
}

const forAnother = (name: string, certificate: PeerCertificate): Error => {
  const reason = `it is for ${namesIn(certificate)}, not for ${name}`
  return Object.assign(new Error(reason), { reason, code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
}

/** For `tls.connect`: what speaks against taking this certificate for that of `name`, a host name or an IP address. */
export const checkName = (name: string, certificate: PeerCertificate): Error | undefined => {
  const wrong = checkServerIdentity(name, certificate)
  if (wrong !== undefined) return forAnother(name, certificate)
  if (isIP(name) !== 0) return undefined
  const found = new X509Certificate(certificate.raw).checkHost(name, strictly)
  return found === undefined ? forAnother(name, certificate) : undefined
}
