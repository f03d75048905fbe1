/** Which names belong to one owner (RFC 7489 §3.2), by the public suffix list. */
import { getDomain } from 'tldts'

/** The name below a public suffix: `example.co.uk` of `mail.example.co.uk`; a public suffix itself stays as it is. In A-labels. */
export const organizationOf = (domain: string): string =>
  getDomain(domain, { allowPrivateDomains: true, validateHostname: false }) ?? domain

/** Relaxed: of one owner. Strict: the very same (RFC 7489 §3.1). Both in lower case. */
export const isAligned = (one: string, other: string, mode: 'relaxed' | 'strict'): boolean =>
  one === other || (mode === 'relaxed' && one !== '' && organizationOf(one) === organizationOf(other))
