/**
 * Which mail is signed: what an account submitted, and what we write ourselves. Mail that is only passed on is not ours; what we found
 * of it is, and that is sealed.
 */
import { Readable } from 'node:stream'
import { splitAddress } from '../../../machines/vocabulary/address.ts'
import type { MessageAccepted } from '../../../machines/vocabulary/events.ts'
import { resultsFactsOf, resultsPayload } from '../../authentication/message/results.ts'
import { smallContent } from '../../content/port.ts'
import type { Bodies } from '../fresh-bodies.ts'
import { authorDomainOf } from './author.ts'
import type { Signers } from './index.ts'

/** `DKIM-Signature:` lines for an accepted message with `prefix` in front; '' where nothing is signed. */
export const signingOurs =
  (signers: Signers, bodies: Bodies) =>
  async (accepted: MessageAccepted, prefix: string): Promise<string> => {
    const isOurs = accepted.user !== null || accepted.cause !== undefined
    if (!isOurs || signers.isEmpty) return ''
    const open = await opening(accepted, bodies)
    const head = await open()
    // As the message says it, not as views show it: encoded words are text, and never an address.
    const from = head === null ? null : await authorDomainOf(head)
    if (from === null || !signers.has(from)) return ''
    const content = await open()
    return content === null ? '' : signers.sign({ sender: accepted.sender, from, content, prefix })
  }

/**
 * Lines that seal an accepted message which an alias hands on, with `prefix` in front; '' where nothing is sealed: our own mail, and mail
 * that was not examined when it came.
 */
export const sealingForwarded =
  (signers: Signers, bodies: Bodies) =>
  async (accepted: MessageAccepted, forwarder: string, prefix: string): Promise<string> => {
    const { authentication, user, message } = accepted
    const { domain } = splitAddress(forwarder)
    if (user !== null || authentication?.arc === undefined || !signers.has(domain)) return ''
    const content = await bodies.stream(message)
    if (content === null) return ''
    const results = resultsPayload(resultsFactsOf(accepted))
    return signers.seal({ domain, content, prefix, arc: authentication.arc, results })
  }

/** What is small is read once, however often it is looked at. */
const opening = async (
  { message, size }: MessageAccepted,
  bodies: Bodies,
): Promise<() => Promise<AsyncIterable<Uint8Array> | null>> => {
  if (size > smallContent) return () => bodies.stream(message)
  const bytes = await bodies.read(message)
  return async () => (bytes === null ? null : Readable.from([bytes]))
}
