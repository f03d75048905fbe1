/** The part of a notice that people read, which comes first. */
import { sameAddress } from '../../../machines/vocabulary/address.ts'
import type { NoticeKind, RemoteReply } from '../../../machines/vocabulary/events.ts'
import { isWanted } from '../../../machines/vocabulary/notices.ts'
import { mailDate } from '../../smtp/trace.ts'
import { oneLine, wrapped } from './fields.ts'
import type { NoticeOptions, NoticeRecipient } from './notice.ts'
import { quoted } from './report.ts'
import { statusOf } from './status.ts'

/** What it is about, in a sentence or two. */
const openingOf = ({ kind, original: { recipients } }: NoticeOptions): string => {
  const addresses = recipients.length === 1 ? 'address' : 'addresses'
  if (kind === 'failed')
    return `Your message could not be delivered to the ${addresses} below. It will not be tried there again. Other recipients of it are not affected.`
  if (kind === 'delayed')
    return `Your message has not reached the ${addresses} below yet. It is still being tried: you need not send it again.`
  return recipients.every(({ final }) => final)
    ? `Your message was delivered to the ${addresses} below. You asked to be told.`
    : `Your message has reached the mail system of the ${addresses} below. You asked to be told.`
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
    /^5\.7\./,
    'The other side refused it by its own rules. Its postmaster can say why: quote the words above.',
  ],
  [
    /^4\./,
    'The other side put it off each time. Send it again later, or reach the recipient in another way.',
  ],
]

/** The same codes, where it was not the other side that said so. */
const unspoken: readonly (readonly [RegExp, string])[] = [
  [/^5\.1\.7$/, 'The address to mend is the one the message was sent from.'],
  [/^5\.7\.8$/, 'This has to be mended here: tell the postmaster of this system (below).'],
  [
    /^5\.7\./,
    'It is to travel over a secure connection only, and none could be made. Send it again later, or reach the recipient in another way.',
  ],
]

const adviceOf = (kind: NoticeKind, recipient: NoticeRecipient): string => {
  if (kind !== 'failed') return ''
  // It is ours and there; where it leads is not for the sender to mend.
  if (recipient.forwarded)
    return 'The address you wrote to is right, and what is behind it is not: tell the postmaster of this system (below).'
  const status = statusOf(kind, recipient)
  const { reply } = recipient
  const known = reply === null || reply.own ? [...unspoken, ...advices] : advices
  const [, advice] = known.find(([codes]) => codes.test(status)) ?? []
  return advice ?? 'If these words do not help, ask the postmaster of this system (below).'
}

/** Where it is not over yet, or took more than once. */
const triedOf = ({ kind, attempts }: NoticeOptions, recipient: NoticeRecipient): string => {
  const { lastAttemptAt, nextAttemptAt, giveUpAt } = recipient
  const last = lastAttemptAt ? `, the last time at ${mailDate(lastAttemptAt)}` : ''
  if (kind === 'failed') return attempts > 1 ? `It was tried ${attempts} times${last}.` : ''
  if (kind === 'delivered') return ''
  const next = nextAttemptAt
    ? `The next attempt is at ${mailDate(nextAttemptAt)}.`
    : 'It will be tried again.'
  if (!giveUpAt) return next
  const told = isWanted(recipient, 'failed') ? ', and you are told' : ''
  return `${next} If it still cannot be delivered, it is given up at ${mailDate(giveUpAt)}${told}.`
}

/** A host that is not the last one took it, or it has gone several ways: that it is in a mailbox is more than we say. */
const passedOn = (kind: NoticeKind, { final, expanded }: NoticeRecipient): string => {
  if (kind !== 'delivered' || final) return ''
  if (expanded)
    return 'This address stands for several others, and your message goes on to them. That it reached one of them is not reported.'
  return 'That system does not report what becomes of it there.'
}

const sayingOf = (reply: RemoteReply, host: string | null | undefined): string =>
  `${oneLine(host ?? '', 255) || 'the other side'} said: ${oneLine(quoted(reply), 600)}`

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** With a capital letter, unless it begins with a name or an address, and a full stop. */
const sentence = (text: string): string => {
  const begun = /^[^\s.@:\d]*(?:\s|$)/.test(text) ? capital(text) : text
  return /[.!?]$/.test(begun) ? begun : `${begun}.`
}

/** Nobody was asked: what we say is no word of the other side. */
const unsaid = (reply: RemoteReply, { host, fault }: NoticeRecipient): string =>
  `It was not sent${host ? ` to ${oneLine(host, 255)}` : ''}: ${oneLine(fault || reply.text, 600)}.`

const spoken = (recipient: NoticeRecipient): readonly string[] => {
  const { reply, host, fault, before } = recipient
  if (reply?.own) return [unsaid(reply, recipient)]
  if (reply !== null) return [host ? sayingOf(reply, host) : capital(sayingOf(reply, host))]
  const earlier = before === undefined ? [] : [`Before that, ${sayingOf(before.reply, before.host)}`]
  return fault ? [sentence(oneLine(fault, 600)), ...earlier] : earlier
}

/** What the sender wrote, where that is another address: an alias, here or on the way. */
const writtenTo = ({ address, orcpt = '' }: NoticeRecipient): string => {
  const given = /^(?:rfc822|utf-8);(.+@.+)$/is.exec(orcpt)?.[1]
  return given === undefined || sameAddress(given, address) ? '' : `, for <${oneLine(given)}>`
}

const passedOnFrom = ({ forwarded }: NoticeRecipient): string =>
  forwarded ? 'Mail for it goes on to another address, which is not named here.' : ''

const aboutRecipient = (options: NoticeOptions, recipient: NoticeRecipient): readonly string[] => {
  const { kind } = options
  const sentences = [
    ...spoken(recipient),
    passedOnFrom(recipient),
    passedOn(kind, recipient),
    triedOf(options, recipient),
    adviceOf(kind, recipient),
  ]
  return [
    `<${oneLine(recipient.address)}>${writtenTo(recipient)}`,
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
  const { original, reportingHost, postmaster } = options
  return [
    `This is the mail system of ${reportingHost}.`,
    '',
    ...wrapped(openingOf(options)),
    '',
    ...aboutMessage(options),
    '',
    ...original.recipients.flatMap((recipient) => aboutRecipient(options, recipient)),
    ...wrapped(
      `For help, write to <${oneLine(postmaster)}> and include this notice. A report for programs follows, and what can be returned of your message.`,
    ),
    '',
  ].join('\r\n')
}
