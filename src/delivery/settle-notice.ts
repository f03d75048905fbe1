/**
 * One notice that a sender is owed (RFC 3464): composed, and accepted as a message of its own, from nobody, with the delivery
 * or the message it is about as its cause; or dropped, with the reason. It has a stream of its own, which must not exist yet: it
 * is settled once, whatever crashes when.
 */
import type {
  AcceptedRecipient,
  DeliveryCause,
  EventOf,
  NoticeCause,
  NoticeDropped,
  ReceiptCause,
} from '../../machines/vocabulary/events.ts'
import { hearsNothing, isOfDelivery, noticeStream, subjectOf } from '../../machines/vocabulary/notices.ts'
import { recipientsFor } from '../../machines/vocabulary/recipients.ts'
import { newEventId, newId, now } from '../actors/identity.ts'
import type { Directory } from '../authentication/directory.ts'
import { type ContentStore, smallContent } from '../content/port.ts'
import { type Append, type EventLog, kindOf, WrongRevision } from '../log/port.ts'
import type { Warn } from '../notices.ts'
import { readPolicy } from '../policies.ts'
import { acceptedNotice } from './notices/accepted.ts'
import { asAddressed } from './notices/forwarded.ts'
import { storyOf } from './notices/history.ts'
import { composeNotice, type Notice } from './notices/index.ts'
import { receiptStory } from './notices/receipt.ts'
import type { Mail, Story } from './notices/story.ts'
import type { Accepted } from './router.ts'
import { deliveryStream } from './standing.ts'

/** What a receipt tells of is in the fact of acceptance; what any other notice does, in the history of its delivery. */
export type ReceiptOwed = ReceiptCause & { readonly accepted: Omit<Accepted, 'body'> }
export type Owed = Required<DeliveryCause> | ReceiptOwed

/** And nothing else of what was known when it was asked for. */
const causeOf = (owed: Owed): NoticeCause => {
  if (!isOfDelivery(owed)) return { message: owed.message, kind: owed.kind }
  const { delivery, kind, attempt } = owed
  return { delivery, kind, attempt }
}

export type NoticerOptions = {
  readonly log: Pick<EventLog, 'append' | 'readStream'>
  readonly content: Pick<ContentStore, 'stream' | 'begin' | 'remove'>
  readonly directory: Pick<Directory, 'place'>
  readonly hostname: string
  /** What the views know of a message. */
  readonly original: (
    message: string,
  ) => Promise<{ readonly subject: string | null; readonly messageId: string | null } | null>
  readonly warn: Warn
}

/** What came of it: made, dropped for good, made or dropped before, or still owed. */
export type Noticed = 'made' | 'dropped' | 'settled' | 'owed'

type Made = {
  /** Of the notice as a message. */
  readonly id: string
  readonly cause: NoticeCause
  readonly story: Story
  readonly recipients: readonly AcceptedRecipient[]
}
type Recorded = {
  readonly cause: NoticeCause
  readonly type: 'MessageAccepted' | 'NoticeDropped'
  readonly data: object
  /** Of the message, or of what it would have been about. */
  readonly id: string
  readonly contents?: Append['contents']
}

/** @throws where the log, the content or the views do not answer: it is still owed */
export const settleNotice = async (options: NoticerOptions, owed: Owed): Promise<Noticed> => {
  const cause = causeOf(owed)
  if ((await eventsOf(options, noticeStream(cause), 1)).length > 0) return 'settled'
  const story = await storyFor(options, owed)
  if (story === null) throw new Error('the history of the delivery does not know of it')
  const { sender } = story.mail
  if (story.recipients.length === 0) return drop(options, { cause, sender, reason: 'overtaken' })
  const recipients = whomToTell(options, sender, cause)
  if (recipients.length === 0) return drop(options, { cause, sender, reason: 'nobody-to-tell' })
  const id = newId()
  const notice = await compose(options, { id, cause, story, recipients })
  return accept(options, { id, cause, notice, recipients })
}

const storyFor = async (options: NoticerOptions, owed: Owed): Promise<Story | null> =>
  isOfDelivery(owed)
    ? storyOf(await eventsOf(options, deliveryStream(owed.delivery)), owed)
    : receiptStory(owed.accepted.message, owed.accepted.at)

const eventsOf = async (
  { log }: NoticerOptions,
  stream: string,
  limit?: number,
): Promise<readonly EventOf[]> => {
  const events: EventOf[] = []
  // What this process recorded is what the vocabulary says.
  for await (const page of log.readStream(stream, limit === undefined ? {} : { limit }))
    events.push(...(page as readonly EventOf[]))
  return events
}

/** The sender's mail goes where any mail for that address goes. */
const whomToTell = (
  { directory }: NoticerOptions,
  sender: string,
  { kind }: NoticeCause,
): readonly AcceptedRecipient[] => {
  if (hearsNothing(sender)) return []
  const place = directory.place(sender)
  // Nobody of that name: the postmaster hears of it (RFC 5321 §4.5.1), unless all is well.
  const isForPostmaster = place.kind === 'unknown' && kind !== 'delivered'
  const found = isForPostmaster ? directory.place('postmaster') : place
  return found.kind === 'unknown' ? [] : recipientsFor(sender, found)
}

const compose = async (
  options: NoticerOptions,
  { id, cause: { kind }, story, recipients }: Made,
): Promise<Notice> => {
  const { hostname, content, warn } = options
  const { mail, attempt } = story
  const known = await headerOf(options, mail)
  const giveUpAt = kind === 'delayed' ? await giveUpTime(options, story) : null
  return composeNotice({
    ...{ kind, id, reportingHost: hostname, postmaster: `postmaster@${hostname}` },
    at: now(),
    to: recipients.map(({ address }) => address),
    attempts: attempt,
    original: {
      ...mail,
      ...known,
      recipients: asAddressed(story.recipients, mail.forwarder).map((recipient) => ({
        ...recipient,
        giveUpAt,
      })),
    },
    originalContent: () => content.stream(mail.message),
    unreadable: (error) =>
      warn(`a notice about message ${mail.message} goes out without anything of it`, error, {
        message: mail.message,
      }),
  })
}

/** What the story does not know, the views do. */
const headerOf = async ({ original }: NoticerOptions, { message, subject, messageId }: Mail) => {
  const known = subject === undefined ? await original(message) : { subject, messageId }
  return { subject: known?.subject ?? null, messageId: known?.messageId ?? null }
}

/** Patience is as it was when the message was accepted. */
const giveUpTime = async (
  { log }: NoticerOptions,
  { mail: { policy, acceptedAt } }: Story,
): Promise<number | null> => {
  if (policy === undefined) return null
  const read = await readPolicy(log, policy)
  const isPolicy = typeof read === 'object' && read !== null && 'giveUpAfter' in read
  return isPolicy && typeof read.giveUpAfter === 'number' ? acceptedAt + read.giveUpAfter : null
}

const accept = async (
  options: NoticerOptions,
  { id, cause, notice, recipients }: Omit<Made, 'story'> & { readonly notice: Notice },
): Promise<Noticed> => {
  const { content, hostname } = options
  const data = acceptedNotice({ id, cause, notice, recipients, hostname })
  const recorded = { cause, type: 'MessageAccepted', data, id } as const
  if (notice.bytes.length <= smallContent) {
    const contents = [{ id, bytes: notice.bytes }]
    return (await record(options, { ...recorded, contents })) ? 'made' : 'settled'
  }
  const writer = await content.begin(id)
  try {
    await writer.write(notice.bytes)
    await writer.finish()
  } catch (error) {
    await writer.discard()
    throw error
  }
  // Where this fails, the fact may stand in the log all the same; a body of which none tells is swept away after the next start.
  if (await record(options, recorded)) return 'made'
  await content.remove(id)
  return 'settled'
}

const drop = async (options: NoticerOptions, data: NoticeDropped): Promise<Noticed> => {
  const { cause } = data
  const isNew = await record(options, { cause, type: 'NoticeDropped', data, id: subjectOf(cause) })
  return isNew ? 'dropped' : 'settled'
}

/** False where the stream is there already: it was settled before. */
const record = async (
  { log, hostname }: NoticerOptions,
  { cause, type, data, id, contents }: Recorded,
): Promise<boolean> => {
  const at = now()
  const event = {
    ...{ id: newEventId(at), kind: kindOf(type, 1, { node: hostname }), at, data },
    meta: { $correlationId: id, $causationId: subjectOf(cause) },
  }
  try {
    const stream = noticeStream(cause)
    await log.append([{ stream, expected: -1, events: [event], ...(contents && { contents }) }])
    return true
  } catch (error) {
    if (error instanceof WrongRevision) return false
    throw error
  }
}
