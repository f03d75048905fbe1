/** The chain of those who handed a message on (RFC 8617 §5.2). */
import { arc as verifyChain } from 'mailauth/lib/arc/index.js'
import type { ArcState } from 'mailauth/lib/dkim/dkim-verifier.js'
import type { ArcFinding } from '../../../machines/vocabulary/findings.ts'
import { noAnswer } from './arc-words.ts'
import { mailDomain } from './author.ts'
import type { Keys } from './keys.ts'
import { fewestBits } from './verifier.ts'
import type { Vetted } from './vetting.ts'

const dmarcResults: readonly NonNullable<ArcFinding['dmarc']>[] = [
  'pass',
  'fail',
  'none',
  'temperror',
  'permerror',
]

/** `d=` of each seal, the newest first. */
const sealersOf = ({ chain }: ArcState): readonly string[] =>
  (chain || [])
    .map((set) => String(set['arc-seal']?.parsed?.d?.value ?? ''))
    .map((domain) => mailDomain(domain) ?? '')
    .toReversed()

/** The newest signature over the message holds only where it would as a signature of its own. */
const isWeak = ({ lastEntry }: ArcState): boolean => {
  const signature = lastEntry?.messageSignature
  const {
    modulusLength = fewestBits,
    status,
    canonBodyLengthLimit = 0,
    canonBodyLengthTotal = 0,
  } = signature ?? {}
  return (
    modulusLength < fewestBits || (status?.underSized ?? 0) > 0 || canonBodyLengthLimit > canonBodyLengthTotal
  )
}

const dmarcOf = (result: unknown): Pick<ArcFinding, 'dmarc'> => {
  const word = typeof result === 'string' ? result.toLowerCase() : ''
  const dmarc = dmarcResults.find((known) => known === word)
  return dmarc === undefined ? {} : { dmarc }
}

const failed = (about: string, sealers: readonly string[] = []): ArcFinding => ({
  result: 'fail',
  sealers,
  about: about.replace(/[^ -~]/g, '?').slice(0, 255),
})

/** RFC 8617 knows no temporary failure: without an answer the chain fails, and `about` says why. */
export const arcFinding = async (state: ArcState, { arcAbout }: Vetted, keys: Keys): Promise<ArcFinding> => {
  if (arcAbout !== null) return failed(arcAbout)
  const sealers = sealersOf(state)
  if (isWeak(state)) return failed('the newest signature is too weak', sealers)
  const { status, authenticationResults } = await verifyChain(state, {
    resolver: keys.ask,
    minBitLength: fewestBits,
    strict: true,
  })
  if (status.result === 'none') return { result: 'none', sealers: [] }
  if (status.result !== 'pass')
    return failed(keys.unanswered ? noAnswer : (status.comment ?? 'not a chain'), sealers)
  return { result: 'pass', sealers, ...dmarcOf(authenticationResults?.dmarc?.result) }
}
