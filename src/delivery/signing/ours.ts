/** Which mail is signed: what an account submitted, and what we write ourselves. Mail that is only passed on is not ours. */
import { Readable } from 'node:stream'
import type { MessageAccepted } from '../../../machines/vocabulary/events.ts'
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

/** What is small is read once, however often it is looked at. */
const opening = async (
  { message, size }: MessageAccepted,
  bodies: Bodies,
): Promise<() => Promise<AsyncIterable<Uint8Array> | null>> => {
  if (size > smallContent) return () => bodies.stream(message)
  const bytes = await bodies.read(message)
  return async () => (bytes === null ? null : Readable.from([bytes]))
}
