/**
 * Domains of the playground whose mail is pretended to leave, to show what deliveries look like: nothing is sent. `.test` is
 * reserved for such (RFC 6761 §6.2).
 */
export const pretendedDomains = ['delivered.test', 'deferred.test', 'bounced.test'] as const
export type PretendedDomain = (typeof pretendedDomains)[number]

export const isPretended = (domain: string): domain is PretendedDomain =>
  pretendedDomains.some((pretended) => pretended === domain)
