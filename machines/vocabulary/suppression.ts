/** When a host's answer means that an address does not exist, so that nothing more should be sent there. */
import type { RemoteReply } from './events.ts'

/**
 * RFC 3463 §3.2, §3.3 and RFC 7505 §4.2: no such mailbox; moved, and nobody says where to; the domain takes no mail; disabled. Not among
 * them is what may be otherwise tomorrow (a full mailbox, a domain that is not found), what is about the mail or its sender, and what
 * hosts say without a code.
 */
const gone: ReadonlySet<string> = new Set(['5.1.1', '5.1.6', '5.1.10', '5.2.1'])

/** Only of an answer to RCPT: what comes later may be about the mail. */
export const saysNoSuchAddress = ({ code, enhanced, command, own }: RemoteReply): boolean =>
  code >= 500 && command === 'RCPT' && own !== true && gone.has(enhanced)

/** What stands as `RemoteReply.command` where a recipient was not tried. */
export const bySuppression = 'suppression'
