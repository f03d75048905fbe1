/** Who vouches for a sender's domain: itself, by SPF, or by a DKIM signature. */
import type { DkimFinding, SpfFinding } from '../../vocabulary/findings.ts'

/** The domain of the envelope's sender lets this client send for it; of `<>` SPF speaks of EHLO. */
export const spfVouches = (spf: SpfFinding | undefined): boolean =>
  spf?.result === 'pass' && spf.identity === 'mailfrom'

/** The domain, or one above it, signed the message. `domain` in A-labels and lower case. */
export const dkimVouches = (dkim: readonly DkimFinding[], domain: string): boolean =>
  dkim.some(
    ({ result, domain: signer }) =>
      result === 'pass' && signer !== '' && (domain === signer || domain.endsWith(`.${signer}`)),
  )
