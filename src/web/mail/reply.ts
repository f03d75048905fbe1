/** What a reply begins with. */
import { allWritten } from './authors.ts'
import type { Draft } from './compose.tsx'
import type { MessageParts } from './parts.ts'

/** Lines of the text that is quoted; who wants more has the mail itself. */
const mostQuoted = 400
/** Ids of mails before it; header fields have an end. */
const mostReferences = 20

/** RFC 5322 §3.6.4, §3.6.5 */
export const replyTo = (
  parts: Pick<MessageParts, 'headers' | 'text' | 'from' | 'replyTo'>,
  /** Of the envelope: for a mail that does not say who it is from. */
  sender = '',
): Draft => {
  const { headers, text, from } = parts
  const field = (name: string): string =>
    (headers.find((one) => one.name.toLowerCase() === name)?.text ?? '').replace(/\s+/g, ' ').trim()
  const author = allWritten(from) || sender
  const subject = field('subject')
  const id = field('message-id')
  const references = [...(field('references') || field('in-reply-to')).split(' '), id].filter(Boolean)
  const quoted = (text ?? '').trimEnd().split(/\r?\n/).slice(0, mostQuoted)
  return {
    to: allWritten(parts.replyTo) || author,
    subject: /^re:/i.test(subject) ? subject : `Re: ${subject}`,
    text: `\n\n${from.map(({ name, address }) => name || address).join(', ') || sender} wrote:\n${quoted.map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`)).join('\n')}\n`,
    headers: id === '' ? {} : { 'In-Reply-To': id, References: references.slice(-mostReferences).join(' ') },
  }
}
