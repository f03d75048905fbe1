/** What a notice is about, read from the history of its delivery. */
import type {
  AttemptFault,
  DeliveryCause,
  DeliveryRecipient,
  EventOf,
  NoticeOwed,
  RemoteHost,
  RemoteReply,
} from '../../../machines/vocabulary/events.ts'
import { isAside } from '../standing.ts'
import type { NoticeRecipient } from './notice.ts'
import type { Story } from './story.ts'

type Ended = EventOf & { readonly type: 'Delivered' | 'Deferred' | 'Failed' | 'Expired' }

const endings: ReadonlySet<string> = new Set(['Delivered', 'Deferred', 'Failed', 'Expired'])
const isEnding = (event: EventOf): event is Ended => endings.has(event.type)

const isSame = (owed: NoticeOwed, { kind, attempt }: DeliveryCause): boolean =>
  owed.kind === kind && owed.attempt === attempt

/** Who has had their last word since, so that a delay is no news any more. */
const settledBy = (events: readonly EventOf[]): ReadonlySet<string> =>
  new Set(
    events
      .filter(isEnding)
      .flatMap(({ data }) => data.outcomes)
      .flatMap(({ address, result }) => (result === 'deferred' ? [] : [address])),
  )

const isCancelled = (event: EventOf): boolean =>
  event.type === 'Cancelled' ||
  ((event.type === 'Deferred' || event.type === 'AttemptLost') && event.data.noted?.act === 'cancel')

const isOver = (events: readonly EventOf[]): boolean =>
  events.some((event) => isCancelled(event) || (event.type !== 'Deferred' && endings.has(event.type)))

/** The host that was spoken to last; where no connection came about, the last one that was tried. */
const hostOf = (attempt: readonly EventOf[]): RemoteHost | null => {
  const last = attempt.findLast(({ type }) => type === 'Connected' || type === 'HostPassedOver')
  if (last?.type === 'Connected') return last.data.host
  const routed = attempt.findLast(({ type }) => type === 'RouteResolved')
  return routed?.type === 'RouteResolved' ? (routed.data.route.hosts.at(-1) ?? null) : null
}

type Said = { readonly reply: RemoteReply; readonly host: RemoteHost | null }

/** What hosts said of each recipient, the last of it. */
const saidIn = (events: readonly EventOf[]): ReadonlyMap<string, Said> => {
  const said = new Map<string, Said>()
  let begun = 0
  events.forEach((event, at) => {
    if (event.type === 'AttemptStarted') begun = at
    if (!isEnding(event)) return
    const host = hostOf(events.slice(begun, at))
    for (const { address, reply } of event.data.outcomes)
      if (reply !== null && !reply.own) said.set(address, { reply, host })
  })
  return said
}

/** Why it came to nothing. */
const faultIn = (events: readonly EventOf[]): AttemptFault | null => {
  const faults = events.flatMap((event) =>
    isEnding(event) && event.data.fault !== null ? [event.data.fault] : [],
  )
  return faults.at(-1) ?? null
}

const dueAfter = (events: readonly EventOf[]): number | null => {
  const last = events.findLast((event) => !isAside(event))
  return last !== undefined && 'nextAttemptAt' in last.data ? last.data.nextAttemptAt : null
}

/** What recipients of one attempt have in common. */
type Attempt = {
  readonly ended: Ended
  readonly host: RemoteHost | null
  readonly fault: AttemptFault | null
  /** In attempts before it. */
  readonly said: ReadonlyMap<string, Said>
  /** The host keeps mailboxes itself (LMTP). */
  readonly final: boolean
  readonly nextAttemptAt: number | null
}

const attemptIn = (events: readonly EventOf[], at: number, ended: Ended): Attempt => {
  const before = events.slice(0, at)
  const routed = before.findLast(({ type }) => type === 'RouteResolved')
  return {
    ended,
    host: hostOf(before.slice(before.findLastIndex(({ type }) => type === 'AttemptStarted'))),
    fault: ended.data.fault === null ? null : faultIn([...before, ended]),
    said: saidIn(before),
    final: routed?.type === 'RouteResolved' && routed.data.route.protocol === 'lmtp',
    nextAttemptAt: dueAfter(events),
  }
}

/** Faults of our own: what they say in detail is for us. */
const ours: ReadonlySet<string> = new Set(['unforeseen', 'content-unreadable'])

const wordsOf = ({ kind, text }: AttemptFault): string =>
  ours.has(kind) ? 'A fault of this mail system kept the message from being sent.' : text

const recipientOf = (recipient: DeliveryRecipient, attempt: Attempt): NoticeRecipient => {
  const { ended, host, said, final, nextAttemptAt } = attempt
  const outcome = ended.data.outcomes.find(({ address }) => address === recipient.address)
  const fault = outcome === undefined ? attempt.fault : null
  const reply = outcome === undefined ? (fault?.reply ?? null) : outcome.reply
  const before = reply === null ? said.get(recipient.address) : undefined
  return {
    ...recipient,
    ...{ reply, host: reply === null ? null : (host?.name ?? null), final, nextAttemptAt },
    ...{ fault: fault === null ? null : wordsOf(fault), faultKind: fault?.kind ?? null },
    ...(before !== undefined && { before: { reply: before.reply, host: before.host?.name ?? null } }),
    lastAttemptAt: ended.data.endedAt,
  }
}

/** Whom the notice is still news about. */
const concernedBy = ({ kind, recipients }: NoticeOwed, since: readonly EventOf[]): ReadonlySet<string> => {
  if (kind !== 'delayed') return new Set(recipients)
  if (isOver(since)) return new Set()
  const gone = settledBy(since)
  return new Set(recipients.filter((address) => !gone.has(address)))
}

/** Null where the history knows of no such notice. */
export const storyOf = (events: readonly EventOf[], cause: DeliveryCause): Story | null => {
  const [first] = events
  const owedBy = (event: EventOf) =>
    isEnding(event) ? event.data.notices?.find((owed) => isSame(owed, cause)) : undefined
  const at = events.findIndex((event) => owedBy(event) !== undefined)
  const ended = events[at]
  if (first?.type !== 'DeliveryQueued' || ended === undefined || !isEnding(ended)) return null
  const owed = owedBy(ended)!
  const attempt = attemptIn(events, at, ended)
  const concerned = concernedBy(owed, events.slice(at + 1))
  return {
    ...{ mail: first.data, attempt: owed.attempt },
    recipients: first.data.recipients
      .filter(({ address }) => concerned.has(address))
      .map((recipient) => recipientOf(recipient, attempt)),
  }
}
