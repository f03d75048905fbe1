/** The part of a notice that programs read: `message/delivery-status` (RFC 3464 §2). */
import type { NoticeKind, RemoteReply } from '../../../machines/vocabulary/events.ts'
import { asciiDomain } from '../../authentication/spelling.ts'
import { literalOf, mailDate } from '../../smtp/trace.ts'
import { exactly, folded, originalAddress, typedAddress } from './fields.ts'
import type { NoticeOptions, NoticeRecipient } from './notice.ts'
import { statusOf } from './status.ts'

/** RFC 3464 §2.3.3. Success of a host that is not the last one is no delivery yet. */
const actionOf = (kind: NoticeKind, { final, expanded }: NoticeRecipient): string => {
  if (kind !== 'delivered') return kind
  if (expanded) return 'expanded'
  return final ? 'delivered' : 'relayed'
}

/** `550 5.1.1 No such user`: the far side's words with its codes. */
export const quoted = ({ code, enhanced, text }: RemoteReply): string => {
  const said = text.startsWith(enhanced) ? text : `${enhanced} ${text}`
  return `${code} ${said}`.trim()
}

// RFC 3464 §2.3.6: the host's own words are `smtp`; ours are not.
const diagnosticOf = ({ reply, fault }: NoticeRecipient): string => {
  if (reply !== null) return `${reply.own ? 'x-fsmtp' : 'smtp'}; ${quoted(reply)}`
  return fault ? `x-fsmtp; ${fault}` : ''
}

const time = (name: string, at: number | null | undefined): string =>
  at === null || at === undefined ? '' : exactly(name, mailDate(at))

const hostField = ({ host, reply }: NoticeRecipient): string => {
  // RFC 3464 §2.3.5: it names who reported something to us.
  if (!host || reply?.own) return ''
  const isAddress = /^[\d.]+$/.test(host) || host.includes(':')
  return exactly('Remote-MTA', `dns; ${isAddress ? literalOf(host) : asciiDomain(host)}`)
}

const ofRecipient = (kind: NoticeKind, recipient: NoticeRecipient): string => {
  const diagnostic = diagnosticOf(recipient)
  return [
    recipient.orcpt ? exactly('Original-Recipient', originalAddress(recipient.orcpt)) : '',
    exactly('Final-Recipient', typedAddress(recipient.address)),
    exactly('Action', actionOf(kind, recipient)),
    exactly('Status', statusOf(kind, recipient)),
    hostField(recipient),
    diagnostic === '' ? '' : folded('Diagnostic-Code', diagnostic),
    time('Last-Attempt-Date', recipient.lastAttemptAt),
    kind === 'delayed' ? time('Will-Retry-Until', recipient.giveUpAt) : '',
  ].join('')
}

/** One group about the message, one for each recipient, an empty line between them. */
export const reportOf = ({ kind, reportingHost, original }: NoticeOptions): string => {
  const ofMessage = [
    original.envid ? exactly('Original-Envelope-Id', original.envid) : '',
    exactly('Reporting-MTA', `dns; ${asciiDomain(reportingHost)}`),
    exactly('Arrival-Date', mailDate(original.acceptedAt)),
  ].join('')
  return [ofMessage, ...original.recipients.map((recipient) => ofRecipient(kind, recipient))].join('\r\n')
}
