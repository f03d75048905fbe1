/** `fsmtp message`: one message, its bytes, and everything that happened to it. */
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import type { AcceptedRecipient, MessageAccepted } from '../../machines/vocabulary/events.ts'
import { subjectOf } from '../../machines/vocabulary/notices.ts'
import { omitting } from '../content/omitting.ts'
import { spoken } from '../opening/spoken.ts'
import { traceLines } from '../smtp/trace.ts'
import { clientFindings, messageFindings } from '../telling/findings-text.ts'
import { type MessageHistory, messageDetails, messageHistory } from '../telling/message-history.ts'
import { causeText, traceOf } from '../telling/message-trace.ts'
import { tagText } from '../telling/rule-text.ts'
import { destinationText, recipientText } from '../telling/story.ts'
import type { Delivery } from '../views/answers/deliveries.ts'
import { completeMessage } from './completing.ts'
import { CommandFault } from './fault.ts'
import { freshViews, type Reading, reading } from './open.ts'
import { humanSize, ndjson, print, toned, visible } from './terminal.ts'

type Options = { readonly raw?: boolean; readonly text?: boolean; readonly trace?: boolean }
type Found = MessageHistory

export const register = (program: Command): void => {
  program
    .command('message')
    .argument('<id>', 'the message’s id, or enough of its beginning')
    .description('show one message')
    .option('--raw', 'its bytes as they came in, under our Return-Path and Received lines; nothing else')
    .option('--text', 'what it says: its plain text, decoded; without one, its HTML without tags')
    .option('--trace', 'everything that happened to it')
    .addHelpText(
      'after',
      '\nExamples:\n  fsmtp message 01jd8 --trace\n  fsmtp message 01jd8 --text\n  fsmtp message 01jd8 --raw > mail.eml',
    )
    .action((id: string, options: Options, command: Command) => message(id, options, command))
}

const find = async (opened: Reading, typed: string): Promise<Found> => {
  const views = await freshViews(opened, ['messages', 'deliveries'])
  const id = completeMessage(views, typed)
  const found = views.message(id)
  if (found === null) throw new CommandFault(`the log does not say how message ${id} came in`)
  return messageHistory(found, {
    log: opened.log,
    deliveriesOf: (one) => views.deliveriesOf(one),
    notices: (delivery) => views.notices(delivery),
  })
}

const message = (typed: string, { raw, text, trace }: Options, command: Command): Promise<void> =>
  reading(command, async (opened) => {
    if (raw && (trace || opened.json))
      throw new CommandFault('--raw prints the bytes and nothing else: give it alone', 2)
    if (text && (raw || trace))
      throw new CommandFault('--text prints what the message says: give it without --raw and --trace', 2)
    const found = await find(opened, typed)
    if (raw) return writeRaw(opened, found)
    if (text) return tellText(opened, found)
    if (trace) return tellTrace(opened, found)
    if (opened.json) return ndjson(messageDetails(found))
    details(found)
  })

/** @throws CommandFault where there is none */
const bodyOf = async (
  { content }: Reading,
  { message: { id, contentForgottenAt } }: Found,
): Promise<AsyncIterable<Uint8Array>> => {
  const body = await content.stream(id)
  if (body === null && contentForgottenAt !== null)
    throw new CommandFault(
      `the content of message ${id} was removed at ${contentForgottenAt}, as \`retention.content\` asks; \`fsmtp message ${id}\` says what is still known of it`,
    )
  if (body === null)
    throw new CommandFault(
      `the content of message ${id} is not where it should be; \`fsmtp verify\` says what else is missing`,
    )
  return body
}

/** Trace lines, then the body in pieces: large ones are never held whole. */
const writeRaw = async (opened: Reading, found: Found): Promise<void> => {
  const { accepted } = found
  const body = await bodyOf(opened, found)
  const lines = traceLines(accepted.data, accepted.at)
  if (!process.stdout.write(lines)) await once(process.stdout, 'drain')
  const kept = omitting(body, accepted.data.authentication?.forged)
  await pipeline(kept, process.stdout, { end: false })
}

const tellText = async (opened: Reading, found: Found): Promise<void> => {
  const { id } = found.message
  const { default: PostalMime } = await import('postal-mime')
  // What came with it as an attachment is no word of its own.
  const { text, html } = await PostalMime.parse(await buffer(await bodyOf(opened, found)), {
    forceRfc822Attachments: true,
  })
  if (opened.json) return ndjson({ id, text: text ?? null })
  const lines = text?.trim() ? text : fromHtml(html ?? '')
  if (lines === '')
    throw new CommandFault(`message ${id} says nothing; \`fsmtp message ${id} --raw\` shows all of it`)
  print(lines.replace(/\r\n?/g, '\n').trimEnd())
}

/** As a search reads it, which knows no layout: blanks where the HTML has tags. Empty where it says nothing. */
const fromHtml = (html: string): string => {
  const lines = spoken(html)
    .split(/\r\n?|\n/)
    .map((line) => line.replace(/[^\S\n]+/g, ' ').trim())
  const text = lines
    .filter((line, at) => line !== '' || (lines[at - 1] ?? '') !== '')
    .join('\n')
    .trim()
  return text === '' ? '' : `(it has no plain text: this is made from its HTML)\n\n${text}`
}

const tellTrace = ({ json }: Reading, found: Found): void => {
  for (const line of traceOf(found)) {
    if (json) ndjson(line)
    else print(`${toned('weak', line.at)}  ${visible(line.text)}`)
  }
}

/** Where one recipient's mail is: in a mailbox, or what its delivery has come to. */
const placeText = (
  recipient: AcceptedRecipient,
  {
    standings,
    tags,
  }: { readonly standings: readonly Delivery[]; readonly tags: readonly string[] | undefined },
): string => {
  const { address, destination } = recipient
  const standing = standings.find(
    ({ nextHop, recipients }) =>
      destination.kind === 'nextHop' &&
      nextHop === destination.nextHop &&
      recipients.some((one) => one.address === address),
  )
  const found = standing?.recipients.find((one) => one.address === address)
  if (standing === undefined || found === undefined) return destinationText(recipient, tags)
  const words = found.reply === null ? '' : `: ${found.reply}`
  return `${recipientText(recipient)} ${found.status}, by delivery ${standing.id} to ${standing.nextHop}${words}`
}

/** One row for each finding. */
const foundIn = ({
  examined,
  authentication,
  trace,
}: MessageAccepted): readonly (readonly [string, string])[] =>
  [...clientFindings(examined ?? {}, trace.peer.address), ...messageFindings(authentication ?? {})].map(
    ({ text }) => ['Found', text],
  )

const details = ({ message: found, accepted, standings }: Found): void => {
  const { from, subject, messageId, session, user, sender, size, sha256, cause, contentForgottenAt } = found
  const { recipients, tags = [] } = accepted.data
  const rows: readonly (readonly [string, string | null])[] = [
    ['Message', found.id],
    ['Accepted', found.acceptedAt],
    ['Session', session],
    ['Cause', cause === null ? null : causeText(cause)],
    ['Account', user],
    ['Sender', `<${sender}>`],
    ['From', from],
    ['Subject', subject],
    ['Message-ID', messageId],
    ['Size', `${humanSize(size)} (${size} bytes)`],
    ['SHA-256', sha256],
    ['Content', contentForgottenAt === null ? null : `removed at ${contentForgottenAt} (retention)`],
    ...foundIn(accepted.data),
    ...tags.map((rule) => ['Junk', `by the rule ${tagText(rule)}`] as const),
    ...recipients.map((recipient) => ['Recipient', placeText(recipient, { standings, tags })] as const),
  ]
  for (const [title, value] of rows)
    if (value !== null) print(`${toned('weak', `${title}:`.padEnd(12))} ${visible(value)}`)
  print('')
  const replay = cause === null ? `${session} --transcript` : subjectOf(cause)
  print(toned('weak', `fsmtp message ${found.id} --trace   fsmtp replay ${replay}`))
}
