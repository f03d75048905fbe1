/** Why a mail is not delivered, in a sentence for each code of a delivery's history. */
import type { NoticeKind } from '../../machines/vocabulary/events.ts'
import { reasonText } from '../../machines/vocabulary/reasons.ts'
import { wireFaults } from '../delivery/wire/faults.ts'

const sentences: Readonly<Record<string, string>> = {
  ...wireFaults,
  'refused-for-good': 'The host refused for good.',
  'not-sendable': 'The host could not have taken it, so it was not sent.',
  'sending-limit':
    'Its account sends more than limits.sending allows; `fsmtp release` lets it go on, `fsmtp cancel` ends it.',
  suppressed:
    'The address is known not to exist, so it was not tried; `fsmtp suppressions` lists such addresses.',
  'refused-for-now': 'The host asked us to try again later.',
  'attempt-too-long':
    'The attempt took too long, and we ended it: the host answers, but too slowly for its place to be kept.',
  'attempt-lost': 'The server ended in the middle of the attempt.',
  'nobody-to-tell': 'The sender has no mailbox here, and neither has a postmaster.',
  overtaken: 'The delivery went on before it could be made.',
  cancelled: 'Somebody cancelled it; nobody was told.',
  'attempt-under-way': 'An attempt was under way.',
  'noted-before': 'That was noted before, and is done when the attempt ends.',
  'called-off': 'Somebody cancelled it, and the attempt was ended before the final dot.',
  'not-in-this-state': 'That cannot be done to a delivery in this state.',
  'null-mx': 'The domain says that it takes no mail (RFC 7505).',
  'no-such-domain': 'The domain does not exist.',
  'no-mail-host': 'The domain has no host that takes mail.',
  'no-address': 'No host of the domain has an address.',
  'host-not-found': 'The host that the mail is to be sent to was not found in DNS.',
  'dns-failed': 'DNS did not answer, or not with anything that can be used.',
  'requiretls-insecure-route':
    'The mail wants REQUIRETLS (RFC 8689), and nobody vouches for the way to its domain.',
  'mta-sts-mismatch': 'The domain’s MTA-STS policy names none of its mail hosts.',
  'loops-back': 'The best host for the domain is this server, which does not know the domain.',
  'bad-destination': 'The next hop is no domain, address or route.',
  'bad-literal': 'The address in brackets is none.',
  unforeseen: 'A fault of this program; it is tried again.',
  'destination-resting': 'The destination failed again and again; it is left alone for a while.',
}

/** What a notice tells its sender of. */
export const noticeWords = {
  failed: 'failure',
  delayed: 'delay',
  delivered: 'success',
} as const satisfies Readonly<Record<NoticeKind, string>>

/** The sentence for a code; the code itself where another release wrote it. */
export const deliveryReasonText = (code: string): string =>
  Object.hasOwn(sentences, code) ? sentences[code]! : reasonText(code)
