/**
 * Where does each mail for another host stand? One row for each delivery, one for each of its recipients; beside them what is
 * still owed: next hops without a delivery (`unrouted`), and notices to senders (`notices_due`; those settled are in `notices`); and
 * the senders of mail that is forwarded (`forwarded`).
 *
 * A fact names the recipients the host answered for and no others. What became of the rest follows from how the delivery
 * ended, and is computed when read: a recipient that nobody refused shares the fate of its delivery.
 */
import type {
  AttemptFault,
  DeliveryCause,
  DeliveryQueued,
  EventOf,
  MessageAccepted,
  NoticeCause,
  NoticeOwed,
  RecipientOutcome,
  RemoteReply,
} from '../machines/vocabulary/events.ts'
import { isOfDelivery } from '../machines/vocabulary/notices.ts'
import { onwardOf } from '../machines/vocabulary/recipients.ts'
import { deliveryOf, nothing, type Projection, type RowChange, type Value } from './projection.ts'

type Of<Name extends EventOf['type']> = EventOf & { readonly type: Name }
type Ending = 'Delivered' | 'Deferred' | 'Failed' | 'Expired'
type Columns = Readonly<Record<string, Value>>

/** `550 5.1.1 words`, as the host said it; `not sent: words (5.6.7)` where no host said anything. */
export const remoteReplyText = ({ code, enhanced, text, own }: RemoteReply): string =>
  own
    ? `not sent: ${text} (${enhanced})`
    : [String(code), enhanced, text].filter((part) => part !== '').join(' ')

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase()

/** Only where an account submitted the mail is there a row to go by. */
const ofAccount = (delivery: string, message: string, queuedAt: number): RowChange => ({
  ...{ kind: 'insert', table: 'account_deliveries', key: [delivery], set: { queuedAt } },
  behind: { table: 'submitted', key: [message], columns: ['account'] },
})

const queued = (delivery: string, at: number, data: DeliveryQueued): readonly RowChange[] => {
  const { message, sender, nextHop, recipients, acceptedAt, forwarder = null } = data
  const set = {
    ...{ message, sender, nextHop, acceptedAt, forwarder },
    domain: domainOf(recipients[0]?.address ?? nextHop),
    sole: recipients.length === 1 ? recipients[0]!.address : null,
    status: 'queued',
    owner: data.node,
    queuedAt: at,
    changedAt: at,
    nextAttemptAt: acceptedAt,
  }
  return [
    { kind: 'insert', table: 'deliveries', key: [delivery], set },
    ...recipients.map((recipient, place): RowChange => {
      const row = { place, status: 'waiting' }
      return { kind: 'insert', table: 'delivery_recipients', key: [delivery, recipient.address], set: row }
    }),
    { kind: 'delete', table: 'unrouted', key: [message, nextHop, forwarder ?? ''] },
    ofAccount(delivery, message, at),
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

const atRest = { node: null, leaseUntil: null, nextAttemptAt: null, noted: null }

const granted = { hold: 'held', cancel: 'cancelled' } as const

/** Where a mail stands that waits after an attempt: for its next time, or for nothing, where somebody asked for that meanwhile. */
const waiting = (
  { noted, nextAttemptAt }: Pick<Of<'Deferred'>['data'], 'noted' | 'nextAttemptAt'>,
  { endedAt, reason }: { readonly endedAt: number; readonly reason: string },
): Columns => {
  const status = noted === undefined ? 'deferred' : granted[noted.act]
  const isOver = status === 'cancelled'
  const rest = { status, nextAttemptAt, reason: isOver ? 'cancelled' : reason }
  return isOver ? { ...rest, finishedAt: endedAt } : rest
}

const endings = {
  Delivered: 'delivered',
  Failed: 'failed',
  Expired: 'expired',
} as const

/** Of a notice, owed or settled. Those of old logs name no attempt. */
const noticeKey = ({ delivery, kind, attempt = 0 }: DeliveryCause) => [delivery, kind, attempt] as const

/** A notice that is owed from now on, and about whom, where it is about a failure. */
const owed = (delivery: string, { kind, attempt, recipients }: NoticeOwed, at: number): RowChange[] => [
  { kind: 'insert', table: 'notices_due', key: noticeKey({ delivery, kind, attempt }), set: { at } },
  ...(kind === 'failed' ? recipients : []).map(
    (address): RowChange => ({
      kind: 'upsert',
      table: 'delivery_recipients',
      key: [delivery, address],
      set: { toldAfter: attempt },
    }),
  ),
]

/** It was composed, or will never be: owed no longer. */
const settled = (cause: NoticeCause, set: Columns): readonly RowChange[] => {
  if (!isOfDelivery(cause)) return nothing
  const key = noticeKey(cause)
  return [
    { kind: 'delete', table: 'notices_due', key },
    { kind: 'insert', table: 'notices', key, set },
  ]
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
    ...atRest,
    ...(type === 'Deferred'
      ? waiting(data, data)
      : { status: endings[type], finishedAt: endedAt, reason: type === 'Delivered' ? null : data.reason }),
    ...replyColumns(weightiest(outcomes, fault)),
    ...faultColumns(fault),
    endedIn: revision,
    changedAt: event.at,
  }
  const add = { warned: Number(type === 'Deferred' && data.warned), uncertain: Number(uncertain) }
  return [
    { kind: 'upsert', table: 'deliveries', key: [delivery], set, add },
    ...outcomes.map((outcome) => outcomeRow(delivery, revision, outcome)),
    ...(data.notices ?? []).flatMap((notice) => owed(delivery, notice, event.at)),
  ]
}

/** What other facts say of the delivery's row. */
const columnsOf = (event: EventOf): Columns | null => {
  switch (event.type) {
    case 'AttemptStarted': {
      const { attempt, node, leaseUntil } = event.data
      return { ...atRest, status: 'active', attempts: attempt, node, owner: node, leaseUntil }
    }
    case 'HostPassedOver':
      return { ...replyColumns(event.data.fault.reply), fault: event.data.fault.text }
    case 'AttemptLost':
      return { ...atRest, ...waiting(event.data, { endedAt: event.data.foundAt, reason: 'attempt-lost' }) }
    case 'ActNoted':
      return { noted: event.data.act }
    case 'ActTakenBack':
      return { noted: null }
    case 'Postponed': {
      const { attempts, nextAttemptAt, reason } = event.data
      // Why the last attempt came to nothing says more.
      return { status: 'deferred', nextAttemptAt, ...(attempts === 0 && { reason }) }
    }
    case 'Held':
      return { ...atRest, status: 'held', heldFor: event.data.reason ?? null }
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
      const changed = { ...set, changedAt: event.at }
      return [{ kind: 'upsert', table: 'deliveries', key: [delivery], set: changed, add }]
    }
  }
}

/** Mail that is forwarded leaves with another sender; it is found by the first one, too. */
const firstSender = ({ message, sender }: MessageAccepted): RowChange => ({
  kind: 'insert',
  table: 'forwarded',
  key: [message],
  set: { sender },
})

/** Whose it is, for the deliveries that will be queued. */
const submittedBy = (message: string, account: string): RowChange => ({
  ...{ kind: 'insert', table: 'submitted', key: [message], set: { account } },
})

/** What the router owes for it, and the notice that it is. */
const accepted = ({ at, stream, revision, data }: Of<'MessageAccepted'>): readonly RowChange[] => {
  const { message, recipients, cause, user } = data
  const onward = onwardOf(recipients)
  const hops = onward.map(({ nextHop, forwarder }): RowChange => {
    const set = { acceptedAt: at, stream, revision }
    return { kind: 'insert', table: 'unrouted', key: [message, nextHop, forwarder ?? ''], set }
  })
  if (onward.some(({ forwarder }) => forwarder !== null)) hops.push(firstSender(data))
  if (onward.length > 0 && user !== null) hops.push(submittedBy(message, user))
  return cause === undefined ? hops : [...hops, ...settled(cause, { message, at })]
}

const fold = (event: EventOf): readonly RowChange[] => {
  if (event.type === 'MessageAccepted') return accepted(event)
  if (event.type === 'NoticeDropped')
    return settled(event.data.cause, { reason: event.data.reason, at: event.at })
  const delivery = deliveryOf(event.stream)
  return delivery === null ? nothing : ofDelivery(delivery, event)
}

export const deliveries: Projection = {
  name: 'deliveries',
  version: 10,
  tables: {
    deliveries: {
      key: ['id'],
      columns: {
        id: 'text',
        message: 'text',
        sender: 'text',
        nextHop: 'text',
        /** The alias for which it is forwarded. */
        forwarder: 'text',
        domain: 'text',
        /** Its recipient, where there is one and no more. */
        sole: 'text',
        status: 'text',
        queuedAt: 'number',
        acceptedAt: 'number',
        attempts: 'count',
        // Null unless a time is set at which it is tried: what is due is found by this column alone.
        nextAttemptAt: 'number',
        finishedAt: 'number',
        /** When the last of its facts was written down: at every time since it has stood as it does. */
        changedAt: 'number',
        lastReply: 'text',
        lastReplyEnhanced: 'text',
        reason: 'text',
        /** Why it was held when it was held last, where nobody asked for it. */
        heldFor: 'text',
        fault: 'text',
        faultReply: 'text',
        faultEnhanced: 'text',
        endedIn: 'number',
        node: 'text',
        /** The server that had it last; another may take it over only when that one lives no more. */
        owner: 'text',
        leaseUntil: 'number',
        /** What is to be done when the attempt under way has ended: `hold`, `cancel`. */
        noted: 'text',
        warned: 'count',
        uncertain: 'count',
      },
      computed: {
        senderKey: 'lower(sender)',
        /** Of those that are over, nothing. */
        waiting: `CASE WHEN finishedAt IS NULL THEN '' END`,
        forwarderKey: 'lower(forwarder)',
        /** What stands behind its last `@`. */
        forwarderDomain: `lower(substr(forwarder, length(rtrim(forwarder, replace(forwarder, '@', ''))) + 1))`,
      },
      indexes: [
        ['status', 'queuedAt'],
        ['domain', 'queuedAt'],
        ['senderKey', 'queuedAt'],
        // With what is looked for in the midst of it, so that who looks through all need not open the rows.
        ['queuedAt', 'id', 'domain', 'sender', 'sole', 'forwarder'],
        ['nextAttemptAt'],
        ['message'],
        // What was still to be delivered at a time is found behind it.
        ['finishedAt', 'queuedAt'],
      ],
      sparse: [
        ['waiting', 'queuedAt', 'domain'],
        ['forwarderKey', 'queuedAt'],
        ['forwarderDomain', 'queuedAt'],
      ],
    },
    forwarded: {
      key: ['message'],
      columns: { message: 'text', sender: 'text' },
      computed: { senderKey: 'lower(sender)' },
      indexes: [['senderKey']],
    },
    submitted: {
      key: ['message'],
      columns: { message: 'text', account: 'text' },
    },
    /** Deliveries of mail that an account submitted. */
    account_deliveries: {
      key: ['account', 'delivery'],
      columns: { account: 'text', delivery: 'text', queuedAt: 'number' },
      computed: { accountKey: 'lower(account)' },
      indexes: [['accountKey', 'queuedAt', 'delivery']],
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
        /** The attempt after which the sender was owed the notice that it failed. */
        toldAfter: 'number',
      },
      computed: { addressKey: 'lower(address)' },
      indexes: [['addressKey']],
    },
    unrouted: {
      key: ['message', 'nextHop', 'forwarder'],
      columns: {
        message: 'text',
        nextHop: 'text',
        /** The alias for which it is forwarded, '' for all other mail. */
        forwarder: 'text',
        acceptedAt: 'number',
        stream: 'text',
        revision: 'number',
      },
    },
    notices_due: {
      key: ['delivery', 'kind', 'attempt'],
      columns: { delivery: 'text', kind: 'text', attempt: 'number', at: 'number' },
    },
    notices: {
      key: ['delivery', 'kind', 'attempt'],
      columns: {
        delivery: 'text',
        kind: 'text',
        attempt: 'number',
        /** The notice; null where there is none, and `reason` says why. */
        message: 'text',
        reason: 'text',
        at: 'number',
      },
    },
  },
  fold,
}
