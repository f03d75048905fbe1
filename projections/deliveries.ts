/**
 * Where does each mail for another host stand? One row for each delivery, one for each of its recipients; beside them what is
 * still owed: next hops without a delivery (`unrouted`), and reports to senders (`notices_due`; those composed are in `notices`).
 *
 * A fact names the recipients the host answered for and no others. What became of the rest follows from how the delivery
 * ended, and is computed when read: a recipient that nobody refused shares the fate of its delivery.
 */
import type {
  AcceptedRecipient,
  AttemptFault,
  DeliveryQueued,
  DeliveryRecipient,
  EventOf,
  NoticeKind,
  RecipientOutcome,
  RemoteReply,
} from '../machines/vocabulary/events.ts'
import { deliveryOf, nothing, type Projection, type RowChange, type Value } from './projection.ts'

type Of<Name extends EventOf['type']> = EventOf & { readonly type: Name }
type Ending = 'Delivered' | 'Deferred' | 'Failed' | 'Expired'
type Columns = Readonly<Record<string, Value>>

const noHops: readonly string[] = Object.freeze([])

/** The next hops among the destinations, each once. */
export const nextHopsOf = (recipients: readonly AcceptedRecipient[]): readonly string[] => {
  // Most mail stays here.
  if (recipients.every(({ destination }) => destination.kind === 'mailbox')) return noHops
  const hops = new Set<string>()
  for (const { destination } of recipients) if (destination.kind === 'nextHop') hops.add(destination.nextHop)
  return [...hops]
}

/** `550 5.1.1 words`, as the host said it. */
export const remoteReplyText = ({ code, enhanced, text }: RemoteReply): string =>
  [String(code), enhanced, text].filter((part) => part !== '').join(' ')

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase()

// RFC 3461 §4.1: without NOTIFY the sender hears of failures, and may hear of delays.
const wants = ({ notify }: DeliveryRecipient, what: 'SUCCESS' | 'FAILURE' | 'DELAY'): number =>
  Number(notify === undefined ? what !== 'SUCCESS' : notify.includes(what))

/** Whom to tell of what. The null sender is told nothing (RFC 5321 §4.5.5). */
const tells = (sender: string, recipients: readonly DeliveryRecipient[]) => {
  const count = (what: 'SUCCESS' | 'FAILURE' | 'DELAY'): number =>
    sender === '' ? 0 : recipients.reduce((sum, recipient) => sum + wants(recipient, what), 0)
  return { tellFailed: count('FAILURE'), tellDelayed: count('DELAY'), tellDelivered: count('SUCCESS') }
}

const queued = (delivery: string, at: number, data: DeliveryQueued): readonly RowChange[] => {
  const { message, sender, nextHop, recipients, acceptedAt } = data
  const set = {
    ...{ message, sender, nextHop, acceptedAt },
    domain: domainOf(recipients[0]?.address ?? nextHop),
    status: 'queued',
    queuedAt: at,
    nextAttemptAt: acceptedAt,
    ...tells(sender, recipients),
  }
  return [
    { kind: 'insert', table: 'deliveries', key: [delivery], set },
    ...recipients.map((recipient, place): RowChange => {
      const row = { place, status: 'waiting', ...tells(sender, [recipient]) }
      return { kind: 'insert', table: 'delivery_recipients', key: [delivery, recipient.address], set: row }
    }),
    { kind: 'delete', table: 'unrouted', key: [message, nextHop] },
  ]
}

/** What the host said that matters most: a refusal before a deferral, both before a yes. */
const weightiest = (
  outcomes: readonly RecipientOutcome[],
  fault: AttemptFault | null,
): RemoteReply | null => {
  const said = (result: RecipientOutcome['result']) =>
    outcomes.find((outcome) => outcome.result === result && outcome.reply !== null)?.reply
  return said('failed') ?? said('deferred') ?? fault?.reply ?? said('delivered') ?? null
}

const replyColumns = (reply: RemoteReply | null): Columns =>
  reply === null ? {} : { lastReply: remoteReplyText(reply), lastReplyEnhanced: reply.enhanced }

const faultColumns = (fault: AttemptFault | null): Columns => ({
  fault: fault === null ? null : fault.text,
  faultReply: fault?.reply ? remoteReplyText(fault.reply) : null,
  faultEnhanced: fault?.reply ? fault.reply.enhanced : null,
})

const atRest = { node: null, leaseUntil: null, nextAttemptAt: null }

const endings = {
  Delivered: 'delivered',
  Deferred: 'deferred',
  Failed: 'failed',
  Expired: 'expired',
} as const

const notice = (delivery: string, kind: NoticeKind, at: number, columns: readonly string[]): RowChange => ({
  kind: 'insert',
  table: 'notices_due',
  key: [delivery, kind],
  set: { at },
  when: { table: 'deliveries', key: [delivery], columns },
})

const noticesOf = (delivery: string, event: Of<Ending>): readonly RowChange[] => {
  const { type, data, at } = event
  if (type === 'Deferred') return data.warned ? [notice(delivery, 'delayed', at, ['tellDelayed'])] : []
  // RFC 3461 §5.2.2: a host that offers DSN was asked to report, and we are not to report as well.
  const success = notice(delivery, 'delivered', at, ['tellDelivered', 'reportsHere'])
  return type === 'Delivered' ? [success] : [notice(delivery, 'failed', at, ['tellFailed']), success]
}

const outcomeRow = (delivery: string, revision: number, outcome: RecipientOutcome): RowChange => {
  const { address, result, reply } = outcome
  const said = reply === null ? null : remoteReplyText(reply)
  const set = { status: result, reply: said, enhancedCode: reply?.enhanced || null, answeredIn: revision }
  return { kind: 'upsert', table: 'delivery_recipients', key: [delivery, address], set }
}

const attemptEnded = (delivery: string, event: Of<Ending>): readonly RowChange[] => {
  const { type, data, revision } = event
  const { endedAt, outcomes, fault, uncertain } = data
  const set = {
    status: endings[type],
    ...atRest,
    ...(type === 'Deferred' ? { nextAttemptAt: data.nextAttemptAt } : { finishedAt: endedAt }),
    reason: type === 'Delivered' ? null : data.reason,
    ...replyColumns(weightiest(outcomes, fault)),
    ...faultColumns(fault),
    endedIn: revision,
  }
  const add = { warned: Number(type === 'Deferred' && data.warned), uncertain: Number(uncertain) }
  return [
    { kind: 'upsert', table: 'deliveries', key: [delivery], set, add },
    ...outcomes.map((outcome) => outcomeRow(delivery, revision, outcome)),
    ...noticesOf(delivery, event),
  ]
}

const offersReports = (extensions: readonly string[]): boolean =>
  extensions.some((keyword) => /^DSN\b/i.test(keyword))

/** What other facts say of the delivery's row. */
const columnsOf = (event: EventOf): Columns | null => {
  switch (event.type) {
    case 'AttemptStarted': {
      const { attempt, node, leaseUntil } = event.data
      return { ...atRest, status: 'active', attempts: attempt, node, leaseUntil }
    }
    case 'Connected':
      // What is offered before TLS says nothing yet.
      return event.data.securing || offersReports(event.data.extensions) ? null : { reportsHere: 1 }
    case 'HostSecured':
      return offersReports(event.data.extensions) ? null : { reportsHere: 1 }
    case 'HostPassedOver':
      return { ...replyColumns(event.data.fault.reply), fault: event.data.fault.text }
    case 'AttemptLost':
      return {
        ...atRest,
        status: 'deferred',
        nextAttemptAt: event.data.nextAttemptAt,
        reason: 'attempt-lost',
      }
    case 'Held':
      return { ...atRest, status: 'held' }
    case 'Released':
      return { status: 'deferred', nextAttemptAt: event.data.nextAttemptAt }
    case 'RetryRequested':
      return { nextAttemptAt: event.data.nextAttemptAt }
    case 'Cancelled': {
      const { actedAt, reason } = event.data
      return { ...atRest, status: 'cancelled', finishedAt: actedAt, reason }
    }
    default:
      return null
  }
}

const ofDelivery = (delivery: string, event: EventOf): readonly RowChange[] => {
  switch (event.type) {
    case 'DeliveryQueued':
      return queued(delivery, event.at, event.data)
    case 'Delivered':
    case 'Deferred':
    case 'Failed':
    case 'Expired':
      return attemptEnded(delivery, event)
    default: {
      const set = columnsOf(event)
      if (set === null) return nothing
      const add = { uncertain: Number(event.type === 'AttemptLost' && event.data.uncertain) }
      return [{ kind: 'upsert', table: 'deliveries', key: [delivery], set, add }]
    }
  }
}

/** What the router owes for it, and the report that it is. */
const accepted = ({ at, stream, revision, data }: Of<'MessageAccepted'>): readonly RowChange[] => {
  const { message, recipients, cause } = data
  const hops = nextHopsOf(recipients).map((nextHop): RowChange => {
    const set = { acceptedAt: at, stream, revision }
    return { kind: 'insert', table: 'unrouted', key: [message, nextHop], set }
  })
  if (cause === undefined) return hops
  const key = [cause.delivery, cause.kind]
  return [
    ...hops,
    { kind: 'delete', table: 'notices_due', key },
    { kind: 'insert', table: 'notices', key, set: { message, at } },
  ]
}

const fold = (event: EventOf): readonly RowChange[] => {
  if (event.type === 'MessageAccepted') return accepted(event)
  const delivery = deliveryOf(event.stream)
  return delivery === null ? nothing : ofDelivery(delivery, event)
}

export const deliveries: Projection = {
  name: 'deliveries',
  version: 2,
  tables: {
    deliveries: {
      key: ['id'],
      columns: {
        id: 'text',
        message: 'text',
        sender: 'text',
        nextHop: 'text',
        domain: 'text',
        status: 'text',
        queuedAt: 'number',
        acceptedAt: 'number',
        attempts: 'count',
        // Null unless a time is set at which it is tried: what is due is found by this column alone.
        nextAttemptAt: 'number',
        finishedAt: 'number',
        lastReply: 'text',
        lastReplyEnhanced: 'text',
        reason: 'text',
        fault: 'text',
        faultReply: 'text',
        faultEnhanced: 'text',
        endedIn: 'number',
        node: 'text',
        leaseUntil: 'number',
        warned: 'count',
        uncertain: 'count',
        tellFailed: 'count',
        tellDelayed: 'count',
        tellDelivered: 'count',
        /** 1 once it came to a host that will not report to the sender. */
        reportsHere: 'count',
      },
      computed: { senderKey: 'lower(sender)' },
      indexes: [
        ['status', 'queuedAt'],
        ['domain', 'queuedAt'],
        ['senderKey', 'queuedAt'],
        ['queuedAt'],
        ['nextAttemptAt'],
        ['message'],
      ],
    },
    delivery_recipients: {
      key: ['delivery', 'address'],
      columns: {
        delivery: 'text',
        address: 'text',
        place: 'number',
        status: 'text',
        reply: 'text',
        enhancedCode: 'text',
        answeredIn: 'number',
        tellFailed: 'count',
        tellDelayed: 'count',
        tellDelivered: 'count',
      },
      computed: { addressKey: 'lower(address)' },
      indexes: [['addressKey']],
    },
    unrouted: {
      key: ['message', 'nextHop'],
      columns: {
        message: 'text',
        nextHop: 'text',
        acceptedAt: 'number',
        stream: 'text',
        revision: 'number',
      },
    },
    notices_due: {
      key: ['delivery', 'kind'],
      columns: { delivery: 'text', kind: 'text', at: 'number' },
    },
    notices: {
      key: ['delivery', 'kind'],
      columns: { delivery: 'text', kind: 'text', message: 'text', at: 'number' },
    },
  },
  fold,
}
