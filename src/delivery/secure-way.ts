/**
 * What a mail asks of its way beside getting there: to be secured throughout (REQUIRETLS), or not to be held up for it (`TLS-Required: No`),
 * RFC 8689; and what a domain asks (MTA-STS).
 */
import type { AttemptFault, DeliveryQueued, RemoteReply, Route } from '../../machines/vocabulary/events.ts'
import type { Wire, Wishes } from './port.ts'

type Asking = Pick<DeliveryQueued, 'sender' | 'requiretls' | 'tlsOptional' | 'route'>

/** RFC 8689 §5: a notice does what it can, and is not lost for it. */
export const mustBeSecure = ({ sender, requiretls }: Asking): boolean => requiretls === true && sender !== ''

/** What is to be known when its way is looked for; null for a mail like any other, which may take a way that is known. */
export const wishesOf = ({ tlsOptional, route }: Asking): Wishes | null =>
  tlsOptional === undefined && route === undefined
    ? null
    : { ...(tlsOptional && { tlsOptional }), ...(route !== undefined && { route }) }

/** What we say to it in a host's stead. */
export const unsupported = (command: string): RemoteReply => ({
  ...{ code: 550, enhanced: '5.7.30', text: 'REQUIRETLS support required', command },
  own: true,
})

/**
 * Why a mail that must be secure cannot go by this route, or null. RFC 8689 §4.2.1: somebody must vouch for the hosts that DNS names, which is MTA-STS
 * here; those that were configured, or given as an address, need nobody.
 */
export const insecurity = ({ kind, tls, policy }: Route): AttemptFault | null => {
  const isVouchedFor = kind !== 'mx' || policy?.mode === 'enforce'
  if (isVouchedFor && tls !== 'never') return null
  const text = isVouchedFor
    ? 'the mail wants REQUIRETLS, and this route is configured without TLS'
    : 'the mail wants REQUIRETLS, and no MTA-STS policy vouches for the hosts of the domain'
  return {
    ...{ kind: 'requiretls-insecure-route', during: 'route', text, temporary: false },
    reply: unsupported('route'),
  }
}

/** Whether mail on this route may go over a connection that was made for another. */
export const suits = ({ host, tls, extensions }: Wire, route: Route, asking: Asking): boolean => {
  const isSecure = mustBeSecure(asking)
  if (isSecure && !extensions.includes('REQUIRETLS')) return false
  if (!isSecure && route.tls !== 'required') return true
  return tls?.certificate === 'valid' && route.hosts.some(({ name }) => name === host.name)
}

const aboutTls: ReadonlySet<string> = new Set(['tls-failed', 'tls-not-offered', 'certificate-invalid'])

/** A fault, with who wanted it otherwise where that is the domain (RFC 8461 §5). */
export const becauseOfPolicy = (fault: AttemptFault, { policy }: Route): AttemptFault =>
  policy?.mode === 'enforce' && aboutTls.has(fault.kind)
    ? { ...fault, text: `${fault.text}; the MTA-STS policy of the domain wants it` }
    : fault
