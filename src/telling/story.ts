/** What happened, in words: one sentence for each fact of a session. */
import { splitAddress } from '../../machines/vocabulary/address.ts'
import type { AcceptedRecipient, ByRule, EventOf, TlsFacts } from '../../machines/vocabulary/events.ts'
import { reasonText } from '../../machines/vocabulary/reasons.ts'
import { folderFor, givenAddress, givenAddresses } from '../../machines/vocabulary/recipients.ts'
import { isReturnPath } from '../forwarding/look.ts'
import { clientFindings, together } from './findings-text.ts'
import { byRule, clientRuleText } from './rule-text.ts'

const named = (address: string): string => `<${address}>`
const tlsText = ({ version, cipher }: TlsFacts): string => `${version}, ${cipher}`
const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`

type Refusal = ByRule & { readonly code: number; readonly enhanced: string; readonly reason: string }
const refused = ({ code, enhanced, reason, ...by }: Refusal): string =>
  `refused with ${`${code} ${enhanced}`.trim()}: ${reasonText(reason)}${byRule(by)}`

/** `<bob@example.net>`, or `<sales@example.org> -> <carol@example.net>` for one an alias stands for. */
export const recipientText = (recipient: AcceptedRecipient): string => {
  const given = givenAddress(recipient)
  const itself = named(recipient.address)
  return given === recipient.address ? itself : `${named(given)} -> ${itself}`
}

/** Where one recipient's mail goes; with `tags` what is filed here is Junk. */
export const destinationText = (recipient: AcceptedRecipient, tags: readonly string[] = []): string =>
  recipient.destination.kind === 'mailbox'
    ? `${recipientText(recipient)} filed in the mailbox ${folderFor(recipient.destination.mailbox, { tags })}`
    : `${recipientText(recipient)} waiting for delivery to ${recipient.destination.nextHop}`

const opening = ({ data }: EventOf & { type: 'SessionOpened' }): string => {
  const { peer, service, local, proxy, tls, door } = data
  const name = peer.name === null ? '' : ` (${peer.name})`
  const by = proxy === null ? '' : `, as the proxy ${proxy.address} told us`
  const secured = tls === null ? '' : `, with ${tlsText(tls)}`
  const turnedAway = door === 'open' ? '' : ` and was turned away: ${reasonText(door)}`
  return `${peer.address}:${peer.port}${name} connected to ${service} at ${local.address}:${local.port}${by}${secured}${turnedAway}`
}

type Welcome = { readonly recipient: string; readonly reason: string; readonly rule?: string }
/** An alias is told from a return path, which leads on like one. */
const welcome = ({ recipient, reason }: Welcome): string => {
  if (reason !== 'local-alias') return reasonText(reason)
  return isReturnPath(splitAddress(recipient).local)
    ? 'The address is a return path for mail we forwarded.'
    : 'The address is an alias of ours.'
}
const accepted = (said: Welcome): string =>
  said.rule === undefined ? welcome(said) : `${welcome(said)} ${clientRuleText(said.rule)}`

/** The sentence for a fact; its name for one that is not told here. `address`: the client's, where it is known. */
export const sentence = (event: EventOf, address?: string): string => {
  switch (event.type) {
    case 'SessionOpened':
      return opening(event)
    case 'ClientIdentified':
      return `The client said ${event.data.extended ? 'EHLO' : 'HELO'} ${event.data.helo}`
    case 'ClientRenamed': {
      const { peer, user } = event.data.renamed
      // What `src/submission` says for those who send over HTTP.
      if (/\bPROTO=HTTP\b/.test(event.data.argument))
        return `Submitted over the Web API by ${user} from ${peer.address}`
      return `A trusted proxy named the client: ${peer.address}:${peer.port}${peer.name === null ? '' : ` (${peer.name})`}`
    }
    case 'TlsRequested':
      return 'The client asked for TLS'
    case 'TlsStarted':
      return `TLS began: ${tlsText(event.data.tls)}`
    case 'AuthenticationStarted':
      return `A login began: ${event.data.mechanism}`
    case 'ClientAuthenticated':
      return `Logged in as ${event.data.user}`
    case 'AuthenticationFailed':
      return `The login failed: ${reasonText(event.data.reason)}`
    case 'SenderAccepted':
      return `Sender ${named(event.data.sender)} accepted`
    case 'ClientExamined':
      return `The client was looked at: ${together(clientFindings(event.data, address)) || 'nothing could be found out'}`
    case 'SenderRefused':
      return `Sender ${named(event.data.sender)} ${refused(event.data)}`
    case 'RecipientAccepted':
      return `Recipient ${named(event.data.recipient)} accepted: ${accepted(event.data)}`
    case 'RecipientRefused':
      return `Recipient ${named(event.data.recipient)} ${refused(event.data)}`
    case 'ContentStarted':
      return 'The content began to come in'
    case 'MessageAccepted':
      return `Message ${event.data.message} accepted and stored: ${count(event.data.size, 'byte')}, ${count(givenAddresses(event.data.recipients).length, 'recipient')}`
    case 'MessageRefused':
      return `Message ${refused(event.data)}`
    case 'TransactionReset':
      return 'The client began again (RSET)'
    case 'CommandAnswered':
      return `${event.data.command} answered`
    case 'CommandRefused':
      return `${event.data.command} ${refused(event.data)}`
    case 'SessionClosed':
      return `The session ended: ${reasonText(event.data.reason)}`
    default:
      return event.type
  }
}
