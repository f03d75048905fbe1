/**
 * Notices about forwarded mail. The sender wrote to an alias, and who stands behind it is for its owner to tell: a notice names
 * the alias and nothing of the address it leads to, neither in the report nor in the words of the far side (RFC 3464 §4.2).
 */
import { splitAddress } from '../../../machines/vocabulary/address.ts'
import type { RemoteReply } from '../../../machines/vocabulary/events.ts'
import type { NoticeRecipient } from './notice.ts'

const hidden = '***'
/** Faults name hosts and domains in many ways. */
const fault = 'The mail could not be passed on to where this address leads.'

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
/** Where it stands alone: not within a word. */
const alone = (pattern: string): RegExp =>
  new RegExp(`(?<![\\p{L}\\p{N}])${pattern}(?![\\p{L}\\p{N}])`, 'giu')

/** Without the address, its local part, its domain, and the hosts that are named within that. */
const unnamed = (text: string, address: string, alias: string): string => {
  const { local, domain } = splitAddress(address)
  return text
    .replaceAll(alone(literally(address)), () => alias)
    .replaceAll(alone(`(?:[\\w-]+\\.)*${literally(domain)}`), hidden)
    .replaceAll(alone(literally(local)), hidden)
}

const concealed = (recipient: NoticeRecipient, alias: string): NoticeRecipient => {
  const { address, reply, before } = recipient
  const said = (one: RemoteReply): RemoteReply => ({ ...one, text: unnamed(one.text, address, alias) })
  return {
    ...recipient,
    ...{ address: alias, forwarded: true, host: null },
    reply: reply === null ? null : said(reply),
    ...(recipient.fault && { fault }),
    ...(before !== undefined && { before: { reply: said(before.reply), host: null } }),
  }
}

/** The recipients as the sender knows them: all those that one alias leads to are that alias, once. */
export const asAddressed = (
  recipients: readonly NoticeRecipient[],
  forwarder: string | undefined,
): readonly NoticeRecipient[] =>
  forwarder === undefined ? recipients : recipients.slice(0, 1).map((first) => concealed(first, forwarder))
