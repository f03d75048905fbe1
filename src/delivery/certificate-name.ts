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

/** For `tls.connect`: what speaks against taking this certificate for that of `name`, a host name or an IP address. */
export const checkName = (name: string, certificate: PeerCertificate): Error | undefined => {
  const wrong = checkServerIdentity(name, certificate)
  if (wrong !== undefined || isIP(name) !== 0) return wrong
  if (new X509Certificate(certificate.raw).checkHost(name, strictly) !== undefined) return undefined
  return Object.assign(new Error(`no alternative name of the certificate is ${name}`), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  })
}
