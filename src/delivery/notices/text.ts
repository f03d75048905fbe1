/** The part of a notice that people read, which comes first. */
import type { NoticeKind, RemoteReply } from '../../../machines/vocabulary/events.ts'
import { isWanted } from '../../../machines/vocabulary/notices.ts'
import { mailDate } from '../../smtp/trace.ts'
import { oneLine, wrapped } from './fields.ts'
import type { NoticeOptions, NoticeRecipient } from './notice.ts'
import { quoted } from './report.ts'
import { statusOf } from './status.ts'

const openings: Readonly<Record<NoticeKind, (addresses: string) => string>> = {
  failed: (addresses) =>
    `Your message could not be delivered to the ${addresses} below, and it will not be tried again. Whoever else you sent it to is not concerned.`,
  delayed: (addresses) =>
    `Your message has not reached the ${addresses} below yet. It is still being tried: you need not send it again.`,
  delivered: (addresses) => `Your message was delivered to the ${addresses} below. You asked to be told.`,
}

/** What the sender can do, by the status code: the first that fits. */
const advices: readonly (readonly [RegExp, string])[] = [
  [/^5\.1\.(?:2|10)$/, 'Check what stands behind the @: that domain does not exist or takes no mail.'],
  [/^[45]\.1\./, 'Check the address for mistakes. If it is right, reach the recipient in another way.'],
  [/^[45]\.2\.2$/, 'The mailbox is full. Try again later, or reach the recipient in another way.'],
  [/^[45]\.(?:2\.3|3\.4)$/, 'The message is too large there. Send it without its large attachments.'],
  [
    /^5\.4\.[1-5]$/,
    'The mail system of that address could not be reached. Check what stands behind the @; if it is right, send the message again later.',
  ],
  [/^5\.6\.7$/, 'That system cannot take addresses with letters beyond ASCII. Use another address.'],
  [
    /^[45]\.7\./,
    'The other side refused it by its own rules. Its postmaster can say why: quote the words above.',
  ],
  [/^4\./, 'The other side put it off each time it was tried. Send it again later.'],
]

const adviceOf = (kind: NoticeKind, recipient: NoticeRecipient): string => {
  if (kind !== 'failed') return ''
  const status = statusOf(kind, recipient)
  const [, advice] = advices.find(([codes]) => codes.test(status)) ?? []
  return advice ?? 'If these words do not help, ask the postmaster of this system (below).'
}

/** Where it is not over yet, or took more than once. */
const triedOf = ({ kind, attempts }: NoticeOptions, recipient: NoticeRecipient): string => {
  const { lastAttemptAt, nextAttemptAt, giveUpAt } = recipient
  const last = lastAttemptAt ? `, the last time at ${mailDate(lastAttemptAt)}` : ''
  if (kind === 'failed') return attempts > 1 ? `It was tried ${attempts} times${last}.` : ''
  if (kind === 'delivered') return ''
  const next = nextAttemptAt ? `It is tried again at ${mailDate(nextAttemptAt)}.` : 'It is tried again.'
  if (!giveUpAt) return next
  const told = isWanted(recipient, 'failed') ? ', and you are told' : ''
  return `${next} It is given up at ${mailDate(giveUpAt)}${told}.`
}

/** A host that is not the last one took it: that it is in the mailbox is more than we know. */
const passedOn = (kind: NoticeKind, { final }: NoticeRecipient): string =>
  kind === 'delivered' && final !== true
    ? 'That mail system took it over; it does not report what becomes of it there.'
    : ''

const sayingOf = (reply: RemoteReply, host: string | null | undefined): string =>
  `${oneLine(host ?? '', 255) || 'the other side'} said: ${oneLine(quoted(reply), 600)}`

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const spoken = ({ reply, host, fault, before }: NoticeRecipient): readonly string[] => {
  if (reply !== null) return [host ? sayingOf(reply, host) : capital(sayingOf(reply, host))]
  const earlier = before === undefined ? [] : [`Before that, ${sayingOf(before.reply, before.host)}`]
  return fault ? [oneLine(fault, 600), ...earlier] : earlier
}

const aboutRecipient = (options: NoticeOptions, recipient: NoticeRecipient): readonly string[] => {
  const { kind } = options
  const sentences = [
    ...spoken(recipient),
    passedOn(kind, recipient),
    triedOf(options, recipient),
    adviceOf(kind, recipient),
  ]
  return [
    `<${oneLine(recipient.address)}>`,
    ...sentences.flatMap((sentence) => wrapped(sentence, { first: '    ', rest: '    ' })),
    '',
  ]
}

const aboutMessage = ({ original }: NoticeOptions): readonly string[] => [
  ...(original.subject === null
    ? []
    : wrapped(oneLine(original.subject, 200), { first: 'Subject:  ', rest: '          ' })),
  `Accepted: ${mailDate(original.acceptedAt)}`,
  `Our id:   ${original.message}`,
]

/** Lines end in CRLF. */
export const textOf = (options: NoticeOptions): string => {
  const { original, kind, reportingHost, postmaster } = options
  return [
    `This is the mail system of ${reportingHost}.`,
    '',
    ...wrapped(openings[kind](original.recipients.length === 1 ? 'address' : 'addresses')),
    '',
    ...aboutMessage(options),
    '',
    ...original.recipients.flatMap((recipient) => aboutRecipient(options, recipient)),
    ...wrapped(
      `For help, write to <${oneLine(postmaster)}> and include this notice. A report for programs and what there is of your message follow.`,
    ),
    '',
  ].join('\r\n')
}
