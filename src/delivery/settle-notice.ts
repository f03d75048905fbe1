/**
 * One notice that a sender is owed (RFC 3464): composed, and accepted as a message of its own, from nobody, with the delivery
 * as its cause; or dropped, with the reason. It has a stream of its own, which must not exist yet: it is settled once, whatever
 * crashes when.
 */
import type {
  AcceptedRecipient,
  EventOf,
  NoticeCause,
  NoticeDropped,
} from '../../machines/vocabulary/events.ts'
import { hearsNothing, noticeStream } from '../../machines/vocabulary/notices.ts'
import { recipientsFor } from '../../machines/vocabulary/recipients.ts'
import { newEventId, newId, now } from '../actors/identity.ts'
import type { Directory } from '../authentication/directory.ts'
import { type ContentStore, smallContent } from '../content/port.ts'
import { type Append, type EventLog, kindOf, WrongRevision } from '../log/port.ts'
import { readPolicy } from '../policies.ts'
import { acceptedNotice } from './notices/accepted.ts'
import { asAddressed } from './notices/forwarded.ts'
import { type Story, storyOf } from './notices/history.ts'
import { composeNotice, type Notice } from './notices/index.ts'
import { deliveryStream } from './standing.ts'

export type Owed = Required<NoticeCause>

export type NoticerOptions = {
  readonly log: Pick<EventLog, 'append' | 'readStream'>
  readonly content: Pick<ContentStore, 'stream' | 'begin' | 'remove'>
  readonly directory: Pick<Directory, 'place'>
  readonly hostname: string
  /** What the views know of a message. */
  readonly original: (
    message: string,
  ) => Promise<{ readonly subject: string | null; readonly messageId: string | null } | null>
  readonly warn: (what: string, error?: Error) => void
}

/** What came of it: made, dropped for good, made or dropped before, or still owed. */
export type Noticed = 'made' | 'dropped' | 'settled' | 'owed'

type Made = {
  /** Of the notice as a message. */
  readonly id: string
  readonly owed: Owed
  readonly story: Story
  readonly recipients: readonly AcceptedRecipient[]
}
type Recorded = {
  readonly owed: Owed
  readonly type: 'MessageAccepted' | 'NoticeDropped'
  readonly data: object
  /** Of the message, or of the delivery where there is none. */
  readonly id: string
  readonly contents?: Append['contents']
}

/** @throws where the log, the content or the views do not answer: it is still owed */
export const settleNotice = async (options: NoticerOptions, owed: Owed): Promise<Noticed> => {
  if ((await eventsOf(options, noticeStream(owed), 1)).length > 0) return 'settled'
  const story = storyOf(await eventsOf(options, deliveryStream(owed.delivery)), owed)
  if (story === null) throw new Error('the history of the delivery does not know of it')
  const { sender } = story.queued
  if (story.recipients.length === 0) return drop(options, { cause: owed, sender, reason: 'overtaken' })
  const recipients = whomToTell(options, sender)
  if (recipients.length === 0) return drop(options, { cause: owed, sender, reason: 'nobody-to-tell' })
  const id = newId()
  const notice = await compose(options, { id, owed, story, recipients })
  return accept(options, { id, owed, notice, recipients })
}

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
const whomToTell = ({ directory }: NoticerOptions, sender: string): readonly AcceptedRecipient[] => {
  if (hearsNothing(sender)) return []
  const place = directory.place(sender)
  // Nobody of that name: the postmaster hears of it (RFC 5321 §4.5.1).
  const found = place.kind === 'unknown' ? directory.place('postmaster') : place
  return found.kind === 'unknown' ? [] : recipientsFor(sender, found)
}

const compose = async (options: NoticerOptions, { id, owed, story, recipients }: Made): Promise<Notice> => {
  const { hostname, original, content, warn } = options
  const { queued, attempt } = story
  const known = await original(queued.message)
  const giveUpAt = owed.kind === 'delayed' ? await giveUpTime(options, story) : null
  return composeNotice({
    ...{ kind: owed.kind, id, reportingHost: hostname, postmaster: `postmaster@${hostname}` },
    at: now(),
    to: recipients.map(({ address }) => address),
    attempts: attempt,
    original: {
      ...queued,
      subject: known?.subject ?? null,
      messageId: known?.messageId ?? null,
      recipients: asAddressed(story.recipients, queued.forwarder).map((recipient) => ({
        ...recipient,
        giveUpAt,
      })),
    },
    originalContent: () => content.stream(queued.message),
    unreadable: (error) =>
      warn(`a notice about message ${queued.message} goes out without anything of it`, error),
  })
}

/** Patience is as it was when the message was accepted. */
const giveUpTime = async (
  { log }: NoticerOptions,
  { queued: { policy, acceptedAt } }: Story,
): Promise<number | null> => {
  const read = await readPolicy(log, policy)
  const isPolicy = typeof read === 'object' && read !== null && 'giveUpAfter' in read
  return isPolicy && typeof read.giveUpAfter === 'number' ? acceptedAt + read.giveUpAfter : null
}

const accept = async (
  options: NoticerOptions,
  { id, owed, notice, recipients }: Omit<Made, 'story'> & { readonly notice: Notice },
): Promise<Noticed> => {
  const { content, hostname } = options
  const data = acceptedNotice({ id, cause: owed, notice, recipients, hostname })
  const recorded = { owed, type: 'MessageAccepted', data, id } as const
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

const drop = async (
  options: NoticerOptions,
  data: NoticeDropped & { readonly cause: Owed },
): Promise<Noticed> => {
  const { cause: owed } = data
  const isNew = await record(options, { owed, type: 'NoticeDropped', data, id: owed.delivery })
  return isNew ? 'dropped' : 'settled'
}

/** False where the stream is there already: it was settled before. */
const record = async (
  { log, hostname }: NoticerOptions,
  { owed, type, data, id, contents }: Recorded,
): Promise<boolean> => {
  const at = now()
  const event = {
    ...{ id: newEventId(at), kind: kindOf(type, 1, { node: hostname }), at, data },
    meta: { $correlationId: id, $causationId: owed.delivery },
  }
  try {
    const stream = noticeStream(owed)
    await log.append([{ stream, expected: -1, events: [event], ...(contents && { contents }) }])
    return true
  } catch (error) {
    if (error instanceof WrongRevision) return false
    throw error
  }
}
