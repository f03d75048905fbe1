/** Everything that happened to one message: the session it came in, and each of its deliveries. */
import type { EventOf, NoticeCause } from '../../machines/vocabulary/events.ts'
import { isOfDelivery } from '../../machines/vocabulary/notices.ts'
import { CommandFault } from '../cli/fault.ts'
import type { LogReader } from '../log/port.ts'
import { deliveryReasonText, noticeWords } from './delivery-reasons.ts'
import { deliverySentences } from './delivery-story.ts'
import { messageFindings, together } from './findings-text.ts'
import { tagText } from './rule-text.ts'
import { destinationText, sentence } from './story.ts'

type Accepted = EventOf & { readonly type: 'MessageAccepted' }
/** How a notice to the sender was settled: as a message, or not at all. */
export type Settled = EventOf & { readonly type: 'MessageAccepted' | 'NoticeDropped' }

export const isSettled = (event: EventOf): event is Settled =>
  event.type === 'MessageAccepted' || event.type === 'NoticeDropped'

/** What happened at one moment. */
export type TraceLine = {
  readonly at: string
  readonly position: number
  /** The fact it comes from. */
  readonly event: string
  readonly text: string
  /** Of what happened to a delivery: its id. */
  readonly delivery?: string
}

const isAccepted = (event: EventOf): event is Accepted => event.type === 'MessageAccepted'

/** The events of a stream, in order. */
export const streamEvents = async (log: LogReader, stream: string): Promise<readonly EventOf[]> => {
  const events: EventOf[] = []
  // A stored event's type and data are what the vocabulary says.
  for await (const page of log.readStream(stream)) events.push(...(page as readonly EventOf[]))
  return events
}

/** @throws CommandFault when the stream does not tell of the message: the log lacks what a view knew */
export const acceptedIn = (events: readonly EventOf[], message: string): Accepted => {
  const found = events.find((event): event is Accepted => isAccepted(event) && event.data.message === message)
  if (found === undefined)
    throw new CommandFault(`the log does not tell of message ${message}; try \`fsmtp views rebuild\``)
  return found
}

/** Facts that end a transaction, so that what is said next belongs to another one. */
const endsTransaction: ReadonlySet<string> = new Set([
  'MessageAccepted',
  'MessageRefused',
  'TransactionReset',
  'ClientIdentified',
])
/** Facts of a transaction; those of other messages' transactions are left out. */
const ofTransaction: ReadonlySet<string> = new Set([
  'SenderAccepted',
  'ClientExamined',
  'SenderRefused',
  'RecipientAccepted',
  'RecipientRefused',
  'ContentStarted',
  'MessageAccepted',
  'MessageRefused',
])

/** The revisions of the transaction that ended with `accepted`. */
const isWithin = (events: readonly EventOf[], accepted: Accepted): ((event: EventOf) => boolean) => {
  const before = events.filter(
    ({ revision, type }) => revision < accepted.revision && endsTransaction.has(type),
  )
  const begin = before.at(-1)?.revision ?? -1
  return ({ revision }) => revision > begin && revision <= accepted.revision
}

const lineOf = (event: EventOf, text: string): TraceLine => ({
  at: new Date(event.at).toISOString(),
  position: event.position,
  event: event.type,
  text,
})

export type History = {
  /** Of the session, or of whatever else accepted it. */
  readonly events: readonly EventOf[]
  readonly accepted: Accepted
  /** By delivery, the events of each. */
  readonly deliveries: ReadonlyMap<string, readonly EventOf[]>
  /** Notices that the sender was owed, about them and about the mail itself. */
  readonly notices: readonly Settled[]
}

/** What a mail that we composed is about. */
export const causeText = (cause: NoticeCause): string => {
  const notice = `a notice of ${noticeWords[cause.kind]} about`
  if (!isOfDelivery(cause)) return `${notice} message ${cause.message}`
  const { delivery, attempt } = cause
  return `${notice} delivery ${delivery}${attempt === undefined ? '' : `, attempt ${attempt}`}`
}

/** What was found of the message, what it is about where it is a notice, and where each recipient's mail went. */
const outcomeOf = ({ data }: Accepted): readonly string[] => {
  const { cause, recipients, authentication, tags = [] } = data
  const found = together(messageFindings(authentication ?? {}))
  return [
    ...(found === '' ? [] : [`The message was looked at: ${found}`]),
    ...tags.map((rule) => `It is Junk by the rule ${tagText(rule)}`),
    ...(cause === undefined ? [] : [`It is ${causeText(cause)}`]),
    ...recipients.map((recipient) => destinationText(recipient, tags)),
  ]
}

/** The session's story as far as it concerns this message. */
const acceptanceOf = ({ events, accepted }: History): readonly TraceLine[] => {
  const within = isWithin(events, accepted)
  const { address } = accepted.data.trace.peer
  const told = events.filter((event) => !ofTransaction.has(event.type) || within(event))
  return told.flatMap((event) => [
    lineOf(event, sentence(event, address)),
    ...(event === accepted ? outcomeOf(accepted).map((text) => lineOf(event, text)) : []),
  ])
}

const deliveryLines = (delivery: string, events: readonly EventOf[]): readonly TraceLine[] => {
  const [first] = events
  const nextHop = first?.type === 'DeliveryQueued' ? first.data.nextHop : ''
  return events.flatMap((event) =>
    deliverySentences(event, nextHop).map((text) => ({ ...lineOf(event, text), delivery })),
  )
}

const noticeText = (event: Settled): string => {
  const { cause } = event.data
  const what = cause === undefined ? '' : ` of ${noticeWords[cause.kind]}`
  if (event.type === 'NoticeDropped')
    return `A notice${what} was dropped: ${deliveryReasonText(event.data.reason)}`
  const to = event.data.recipients.map(({ address }) => `<${address}>`).join(', ')
  return `A notice${what} was composed for ${to}: message ${event.data.message}`
}

const noticeLine = (event: Settled): TraceLine => {
  const { cause } = event.data
  const line = lineOf(event, noticeText(event))
  return cause !== undefined && isOfDelivery(cause) ? { ...line, delivery: cause.delivery } : line
}

/** With the time it is told at: a history keeps its own order, also where a clock was put back. */
const timed = (lines: readonly TraceLine[]): readonly { readonly line: TraceLine; readonly at: string }[] => {
  let latest = ''
  return lines.map((line) => {
    if (line.at > latest) latest = line.at
    return { line, at: latest }
  })
}

/**
 * Histories told as one. What an attempt learned is written down when it ends, each step with its time: attempts side by side
 * are told in the order of those times.
 */
const merged = (histories: readonly (readonly TraceLine[])[]): readonly TraceLine[] =>
  histories
    .flatMap(timed)
    .toSorted((one, other) => compared(one.at, other.at) || one.line.position - other.line.position)
    .map(({ line }) => line)

const compared = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

/** Everything in the order in which it happened. */
export const traceOf = (history: History): readonly TraceLine[] =>
  merged([
    acceptanceOf(history),
    ...[...history.deliveries].map(([delivery, events]) => deliveryLines(delivery, events)),
    ...history.notices.map((notice) => [noticeLine(notice)]),
  ])
