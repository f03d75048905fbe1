/** What goes on as traces: one for each message, below it a span for each delivery, below that one for each attempt. */
import type {
  AttemptEnded,
  AttemptLost,
  AttemptStarted,
  MessageAccepted,
  RemoteHost,
  RouteKind,
  TlsFacts,
} from '../../machines/vocabulary/events.ts'
import { onwardOf } from '../../machines/vocabulary/recipients.ts'
import { messageOf } from '../delivery/ids.ts'
import { weightiest } from '../telling/weightiest.ts'
import { Recent } from './recent.ts'
import type { Told } from './sessions.ts'
import { type Attributes, attemptPlace, deliveryPlace, messagePlace, type Place, type Span } from './span.ts'

type Attempt = {
  readonly nth: number
  readonly startedAt: number
  readonly destination: string
  route: RouteKind | null
  host: RemoteHost | null
  tls: TlsFacts | null
  isReused: boolean
  passedOver: number
}
type Delivery = { readonly queuedAt: number; attempts: number; attempt: Attempt | null }

const nothing: readonly Span[] = []

/** Something of it leaves. */
export const goesOn = ({ recipients }: Pick<MessageAccepted, 'recipients'>): boolean =>
  onwardOf(recipients).length > 0

/** The first span of a message's trace. `from`: what brought it. */
export const messageSpan = (
  message: MessageAccepted,
  {
    at,
    session,
    from,
  }: { readonly at: number; readonly session: string | null; readonly from: readonly Place[] },
): Span => ({
  place: messagePlace(message.message),
  parent: null,
  ...{ name: 'message', kind: 'producer', startedAt: at, endedAt: at, links: from, fault: null },
  attributes: {
    'fsmtp.message.id': message.message,
    'fsmtp.session.id': session ?? undefined,
    'fsmtp.origin': message.cause === undefined ? 'client' : 'notice',
    'fsmtp.message.size': message.size,
    'fsmtp.recipients.accepted': message.recipients.length,
    'fsmtp.deliveries': onwardOf(message.recipients).length,
  },
})

export class Deliveries {
  readonly #open: Recent<Delivery>

  constructor(most: number) {
    this.#open = new Recent(most)
  }

  /** The spans that have ended with this. */
  tell(id: string, { type, data, at }: Told): readonly Span[] {
    switch (type) {
      case 'DeliveryQueued':
        this.#open.set(id, { queuedAt: at, attempts: 0, attempt: null })
        return nothing
      case 'AttemptStarted':
        return this.#started(id, data)
      case 'RouteResolved':
      case 'Connected':
      case 'HostSecured':
      case 'HostPassedOver':
        return this.#onItsWay(id, { type, data, at } as Told)
      case 'Delivered':
        return this.#ended(id, { ...data, outcome: 'delivered', reason: null, isOver: true })
      case 'Deferred':
        return this.#ended(id, { ...data, outcome: 'deferred', isOver: data.noted?.act === 'cancel' })
      case 'Failed':
        return this.#ended(id, { ...data, outcome: 'failed', isOver: true })
      case 'Expired':
        return this.#ended(id, { ...data, outcome: 'expired', isOver: true })
      case 'AttemptLost':
        return this.#lost(id, data)
      case 'Cancelled':
        return this.#over(id, { at, outcome: 'cancelled', reason: data.reason })
      default:
        return nothing
    }
  }

  #started(id: string, { startedAt, destination, attempt }: AttemptStarted): readonly Span[] {
    const delivery = this.#open.get(id) ?? { queuedAt: beginningOf(id), attempts: 0, attempt: null }
    delivery.attempts = attempt
    delivery.attempt = {
      ...{ nth: attempt, startedAt, destination, route: null, host: null, tls: null },
      ...{ isReused: false, passedOver: 0 },
    }
    this.#open.set(id, delivery)
    return nothing
  }

  #onItsWay(id: string, { type, data }: Told): readonly Span[] {
    const attempt = this.#open.get(id)?.attempt
    if (attempt == null) return nothing
    if (type === 'RouteResolved') attempt.route = data.route.kind
    if (type === 'HostSecured') attempt.tls = data.tls
    if (type === 'HostPassedOver') {
      attempt.passedOver++
      attempt.host = data.host
    }
    if (type === 'Connected') {
      attempt.host = data.host
      attempt.tls = data.tls
      attempt.isReused = data.reused
    }
    return nothing
  }

  #ended(id: string, end: End): readonly Span[] {
    const attempt = this.#open.get(id)?.attempt ?? null
    const { endedAt: at, outcome, reason, isOver } = end
    const spans = attempt === null ? nothing : [attemptSpan(id, attempt, { at, outcome, reason, end })]
    if (isOver) return [...spans, ...this.#over(id, { at, outcome, reason })]
    this.#rest(id)
    return spans
  }

  /** Of one that another process began nothing is known here but that it is over. */
  #lost(id: string, { foundAt: at, noted }: AttemptLost): readonly Span[] {
    const attempt = this.#open.get(id)?.attempt ?? null
    const end = { at, outcome: 'lost', reason: 'lost' } as const
    const spans = attempt === null ? nothing : [attemptSpan(id, attempt, { ...end, end: null })]
    if (noted?.act === 'cancel')
      return [...spans, ...this.#over(id, { at, outcome: 'cancelled', reason: null })]
    this.#rest(id)
    return spans
  }

  #rest(id: string): void {
    const delivery = this.#open.get(id)
    if (delivery !== undefined) delivery.attempt = null
  }

  #over(id: string, { at, outcome, reason }: Over): readonly Span[] {
    const delivery = this.#open.get(id)
    this.#open.delete(id)
    return [
      {
        place: deliveryPlace(id),
        parent: messagePlace(messageOf(id)).span,
        ...{ name: 'delivery', kind: 'internal', links: [] },
        ...{ startedAt: delivery?.queuedAt ?? beginningOf(id), endedAt: at },
        fault: outcome === 'failed' || outcome === 'expired' ? (reason ?? outcome) : null,
        attributes: {
          ...idsOf(id),
          'fsmtp.outcome': outcome,
          'fsmtp.reason': reason ?? undefined,
          'fsmtp.attempts': delivery?.attempts,
        },
      },
    ]
  }
}

type Over = { readonly at: number; readonly outcome: string; readonly reason: string | null }
type End = AttemptEnded & Omit<Over, 'at'> & { readonly isOver: boolean }

const idsOf = (delivery: string): Attributes => ({
  'fsmtp.delivery.id': delivery,
  'fsmtp.message.id': messageOf(delivery),
})

const attemptSpan = (
  id: string,
  attempt: Attempt,
  { at, outcome, reason, end }: Over & { readonly end: End | null },
): Span => {
  const { nth, startedAt, destination, route, host, tls, isReused, passedOver } = attempt
  // Its words are left out: they name people.
  const reply = end === null ? null : weightiest(end)
  return {
    place: attemptPlace(id, nth),
    parent: deliveryPlace(id).span,
    ...{ name: 'attempt', kind: 'client', startedAt, endedAt: Math.max(at, startedAt), links: [] },
    fault: outcome === 'delivered' ? null : (end?.fault?.kind ?? reason ?? outcome),
    attributes: {
      ...idsOf(id),
      'fsmtp.attempt': nth,
      'fsmtp.outcome': outcome,
      'fsmtp.reason': reason ?? undefined,
      'fsmtp.fault': end?.fault?.kind,
      'fsmtp.next_hop': destination,
      'fsmtp.route': route ?? undefined,
      'server.address': host?.name,
      'server.port': host?.port,
      'network.peer.address': host?.address,
      'tls.protocol.version': tls?.version.replace(/^TLSv/, ''),
      'fsmtp.connection.reused': host === null ? undefined : isReused,
      'fsmtp.hosts.passed_over': passedOver,
      'fsmtp.reply.code': reply?.code,
      'fsmtp.reply.enhanced': reply?.enhanced || undefined,
    },
  }
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** Where nobody remembers when it was queued: when its message began to come in, which its id begins with. Milliseconds since 1970. */
const beginningOf = (delivery: string): number =>
  [...delivery.slice(0, 10)].reduce((time, letter) => time * 32 + alphabet.indexOf(letter), 0)
