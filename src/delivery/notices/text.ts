/** The part of a notice that people read, which comes first. */
import { mailDate } from '../../smtp/trace.ts'
import { oneLine, wrapped } from './fields.ts'
import type { NoticeKind, NoticeOptions, NoticeRecipient } from './notice.ts'
import { wordsOf } from './report.ts'
import { statusOf } from './status.ts'

const openings: Readonly<Record<NoticeKind, string>> = {
  failed: 'Your message could not be delivered to the addresses below. It will not be tried again for them.',
  delayed:
    'Your message has not been delivered yet to the addresses below. Nothing is lost, and you need not send it again: it is still being tried.',
  delivered: 'Your message has reached the mail systems of the addresses below, as you asked to be told.',
}

/** What the sender can do, by the status code: the first that fits. */
const advices: readonly (readonly [RegExp, string])[] = [
  [/^5\.1\.(?:2|10)$/, 'Check what stands behind the @: that domain does not exist or takes no mail.'],
  [/^[45]\.1\./, 'Check the address for mistakes. If it is right, ask the recipient in another way.'],
  [/^[45]\.2\.2$/, 'The mailbox is full. Try again later, or tell the recipient in another way.'],
  [/^[45]\.(?:2\.3|3\.4)$/, 'The message is too large there. Send it without its large attachments.'],
  [/^5\.6\.7$/, 'That system cannot take addresses with letters beyond ASCII. Use another address.'],
  [
    /^[45]\.7\./,
    'The other side refused it by its own rules. Its postmaster can say why: quote the words above.',
  ],
  [/^4\./, 'The other side could not take it all the time it was tried. Send it again later.'],
]

const adviceOf = (kind: NoticeKind, recipient: NoticeRecipient): string => {
  if (kind !== 'failed') return ''
  const status = statusOf(kind, recipient)
  const [, advice] = advices.find(([codes]) => codes.test(status)) ?? []
  return advice ?? 'If these words do not help, ask the postmaster of this system (below).'
}

const nextOf = (kind: NoticeKind, { nextAttemptAt, giveUpAt }: NoticeRecipient): string => {
  if (kind !== 'delayed') return ''
  const next = nextAttemptAt ? `It is tried again at ${mailDate(nextAttemptAt)}.` : 'It is tried again.'
  return giveUpAt ? `${next} It is given up at ${mailDate(giveUpAt)}.` : next
}

const spoken = (recipient: NoticeRecipient): string => {
  const words = oneLine(wordsOf(recipient), 600)
  if (words === '') return ''
  const host = oneLine(recipient.host ?? '', 255)
  return recipient.reply === null ? words : `${host === '' ? 'The other side' : host} said: ${words}`
}

const aboutRecipient = (kind: NoticeKind, recipient: NoticeRecipient): readonly string[] => [
  `<${oneLine(recipient.address)}>`,
  ...[spoken(recipient), adviceOf(kind, recipient), nextOf(kind, recipient)].flatMap((sentence) =>
    wrapped(sentence, { first: '    ', rest: '    ' }),
  ),
  '',
]

const aboutMessage = ({ original }: NoticeOptions): readonly string[] => [
  ...(original.subject === null
    ? []
    : wrapped(oneLine(original.subject, 200), { first: 'Subject:  ', rest: '          ' })),
  `Accepted: ${mailDate(original.acceptedAt)}`,
  `Known as: ${original.message}`,
]

/** Lines end in CRLF. */
export const textOf = (options: NoticeOptions, recipients: readonly NoticeRecipient[]): string =>
  [
    `This is the mail system of ${options.reportingHost}.`,
    '',
    ...wrapped(openings[options.kind]),
    '',
    ...aboutMessage(options),
    '',
    ...recipients.flatMap((recipient) => aboutRecipient(options.kind, recipient)),
    ...wrapped(
      `For help, write to <${oneLine(options.postmaster)}> and include this notice. A report for programs and what there is of your message follow.`,
    ),
    '',
  ].join('\r\n')
