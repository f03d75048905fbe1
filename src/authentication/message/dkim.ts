/** What became of each signature (RFC 6376), in the words of RFC 8601 §2.7.1. */
import type { VerifiedSignature } from 'mailauth/lib/dkim/dkim-verifier.js'
import type { DkimFinding } from '../../../machines/vocabulary/findings.ts'
import { mailDomain } from './author.ts'
import { fewestBits } from './verifier.ts'
import type { Refused, Vetted } from './vetting.ts'
import { mostSignatures } from './vetting.ts'

type Verdict = Pick<DkimFinding, 'result' | 'about'>

const printable = (text: string, most = 255): string => text.replace(/[^!-~]/g, '').slice(0, most)
const oneLine = (text: string): string => text.replace(/[^ -~]/g, '?').slice(0, 255)

/** Failures that will be the same tomorrow (RFC 6376 §3.9, PERMFAIL); what else cannot be read is `neutral` (RFC 8601 §2.7.1). */
const permanent = new Set([
  'From field not signed',
  'signature missing required tag',
  'domain mismatch',
  'no key',
  'unknown key version',
  'unknown key type',
  'invalid public key',
  'inappropriate hash algorithm',
  'inappropriate key algorithm',
  'key not for email',
  'invalid expiration',
  'expired',
])

const ofPass = ({
  modulusLength,
  status,
  canonBodyLengthLimit = 0,
  canonBodyLengthTotal = 0,
}: VerifiedSignature): Verdict => {
  // RFC 8301 §3.2
  if (modulusLength !== undefined && modulusLength < fewestBits)
    return { result: 'policy', about: `a key of ${modulusLength} bits` }
  // RFC 6376 §8.2: whatever stands behind l= is anybody's.
  if ((status.underSized ?? 0) > 0)
    return { result: 'policy', about: `l= leaves out ${status.underSized} octets of the body` }
  // RFC 6376 §3.5, l=
  if (canonBodyLengthLimit > canonBodyLengthTotal)
    return { result: 'fail', about: 'l= says more than the body has' }
  // RFC 6376 §3.6.1: said, and true all the same.
  return status.testing === true
    ? { result: 'pass', about: 'the key is being tested (t=y)' }
    : { result: 'pass' }
}

const verdictOf = (verified: VerifiedSignature): Verdict => {
  const { status, algo } = verified
  const comment = status.comment ? oneLine(status.comment) : ''
  // RFC 8301 §3.1
  if (/^rsa-sha1$/i.test(algo ?? '')) return { result: 'permerror', about: 'rsa-sha1' }
  if (status.result === 'pass') return ofPass(verified)
  // RFC 6376 §3.6.1: t=y, a failure is as good as no signature.
  if (status.result === 'fail' && status.testing === true)
    return { result: 'neutral', about: `${comment}; the key is being tested (t=y)` }
  if (status.result === 'fail') return { result: 'fail', about: comment }
  if (status.result === 'temperror') return { result: 'temperror', about: comment }
  return { result: permanent.has(comment) ? 'permerror' : 'neutral', about: comment }
}

/** `i=` where it says more than `@d`. */
const identityOf = ({ status, signingDomain }: VerifiedSignature): Pick<DkimFinding, 'identity'> => {
  const identity = printable(String(status.header?.i || ''))
  return identity === '' || identity.toLowerCase() === `@${signingDomain.toLowerCase()}` ? {} : { identity }
}

/** What is no name is none in the record either: leaving characters out could make another name of it. */
const domainIn = (text: string): string => mailDomain(text) ?? oneLine(text.toLowerCase())

const findingOf = (verified: VerifiedSignature): DkimFinding => {
  const { signingDomain, selector, algo, modulusLength, signature } = verified
  const algorithm = printable(algo ?? '', 30).toLowerCase()
  return {
    ...verdictOf(verified),
    domain: domainIn(signingDomain),
    selector: printable(selector),
    ...(algorithm !== '' && { algorithm }),
    ...(modulusLength !== undefined && { bits: modulusLength }),
    ...identityOf(verified),
    // RFC 6008 §3: eight characters at least.
    ...(signature !== undefined && { signature: printable(signature, 12) }),
  }
}

const tagIn = (text: string, tag: string): string =>
  new RegExp(`[;:][ \\t\\r\\n]{0,80}${tag}[ \\t\\r\\n]{0,80}=[ \\t\\r\\n]{0,80}([!-:<-~]{1,255})`).exec(
    text.slice(0, 8192),
  )?.[1] ?? ''
const refusedOf = ({ field, about }: Refused): DkimFinding => ({
  result: 'policy',
  domain: domainIn(tagIn(field.text, 'd')),
  selector: printable(tagIn(field.text, 's')),
  about,
})
const leftOf = (left: number): DkimFinding => ({
  result: 'policy',
  domain: '',
  selector: '',
  about: `${left} more than the ${mostSignatures} signatures that are looked at`,
})

/** Those that were verified, then those that were not looked at. */
export const dkimFindings = (
  verified: readonly VerifiedSignature[],
  { signatures, refused, left }: Vetted,
): readonly DkimFinding[] => [
  // Without a signature mailauth says so in a row of its own.
  ...(signatures.length === 0 ? [] : verified.map(findingOf)),
  ...refused.map(refusedOf),
  ...(left === 0 ? [] : [leftOf(left)]),
]
