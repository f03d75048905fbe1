/** What happened to a delivery, in words: sentences for each fact of it, as a message's trace tells them. */
import type {
  AttemptLost,
  DeliveryHeld,
  DeliveryQueued,
  EventOf,
  TlsFacts,
} from '../../machines/vocabulary/events.ts'
import { sendingText } from '../reputation/sending.ts'
import { faultText, hostText, notedText, outcomeText } from './attempt-text.ts'
import { deliveryReasonText } from './delivery-reasons.ts'
import { attemptWhy } from './fates.ts'

const iso = (at: number): string => new Date(at).toISOString()

const secured = (tls: TlsFacts | null): string =>
  tls === null ? 'in clear' : `with ${tls.version}, ${tls.cipher}`

type Ended = EventOf & { readonly type: 'Delivered' | 'Deferred' | 'Failed' | 'Expired' }

const ends = {
  Delivered: 'delivered',
  Deferred: 'deferred',
  Failed: 'failed for good',
  Expired: 'given up',
} as const

const statuses = { Deferred: 'deferred', Failed: 'failed', Expired: 'expired' } as const

const because = (event: Ended): string => {
  if (event.type === 'Delivered') return ''
  const { fault, reason, outcomes } = event.data
  const status = statuses[event.type]
  const wrong = fault === null ? null : faultText(fault)
  if (wrong !== null && !outcomes.some(({ result }) => result === 'failed')) return `: ${wrong}`
  return `: ${attemptWhy(status, { reason, outcomes, fault: wrong }).replace(/\.$/, '')}`
}

const next = ({ type, data }: Ended): string => {
  if (type !== 'Expired' && data.noted !== undefined)
    return `; ${notedText(data.noted.act, type === 'Deferred')}`
  return type === 'Deferred' && data.nextAttemptAt !== null
    ? `; next attempt at ${iso(data.nextAttemptAt)}`
    : ''
}

const endingOf = (event: Ended, nextHop: string): readonly string[] => [
  ...event.data.outcomes.map(outcomeText),
  `Delivery to ${nextHop} ${ends[event.type]}${because(event)}${next(event)}`,
  ...(event.data.uncertain ? ['The line broke before the answer: the host may have the mail'] : []),
]

const lostText = ({ uncertain, noted }: AttemptLost): string => {
  const what = uncertain ? ': the host may have the mail' : '; nothing had been sent'
  return `The attempt was cut off${what}${noted === undefined ? '' : `; ${notedText(noted.act, true)}`}`
}

const queuedText = ({ recipients, forwarder, sender }: DeliveryQueued): string => {
  const named = recipients.map(({ address }) => `<${address}>`).join(', ')
  return forwarder === undefined ? named : `<${forwarder}> -> ${named}, with the sender <${sender}>`
}

const holderText = ({ by, reason, sending }: DeliveryHeld): string => {
  if (reason === undefined) return `by ${by}`
  return `by a limit: ${sending === undefined ? deliveryReasonText(reason).replace(/\.$/, '') : sendingText(sending)}`
}

/** Nothing for facts that say nothing of a delivery. */
export const deliverySentences = (event: EventOf, nextHop: string): readonly string[] => {
  const to = `delivery to ${nextHop}`
  switch (event.type) {
    case 'DeliveryQueued':
      return [`Queued for ${to}: ${queuedText(event.data)}`]
    case 'AttemptStarted':
      return [`Attempt ${event.data.attempt} of the ${to} began on ${event.data.node}`]
    case 'RouteResolved':
      return [`The way to ${nextHop}: ${event.data.route.hosts.map(hostText).join(', ')}`]
    case 'Connected': {
      const { host, tls, securing, reused } = event.data
      const how = securing ? 'TLS follows' : secured(tls)
      return [`${reused ? 'Used the connection to' : 'Connected to'} ${hostText(host)}, ${how}`]
    }
    case 'HostSecured':
      return [`The line was secured ${secured(event.data.tls)}`]
    case 'HostPassedOver':
      return [`${hostText(event.data.host)} passed over: ${faultText(event.data.fault)}`]
    case 'Delivered':
    case 'Deferred':
    case 'Failed':
    case 'Expired':
      return endingOf(event, nextHop)
    case 'AttemptLost':
      return [lostText(event.data)]
    case 'Postponed': {
      const { destination, restingUntil, nextAttemptAt } = event.data
      return [
        `The ${to} was put off: ${destination} is left alone until ${iso(restingUntil)}; next turn at ${iso(nextAttemptAt)}`,
      ]
    }
    case 'Held':
      return [`The ${to} was held ${holderText(event.data)}`]
    case 'Released':
      return [`The ${to} was released by ${event.data.by}`]
    case 'RetryRequested':
      return [`${event.data.by} asked to try the ${to} now`]
    case 'Cancelled':
      return [`The ${to} was cancelled by ${event.data.by}; nobody is told`]
    case 'ActNoted':
      return [`${event.data.by} asked to ${event.data.act} the ${to} when its attempt has ended`]
    case 'ActTakenBack':
      return [`${event.data.by} took back the ${event.data.act} of the ${to}`]
    case 'ActRefused':
      return [
        `${event.data.by} asked to ${event.data.act} the ${to}, refused: ${deliveryReasonText(event.data.reason)}`,
      ]
    default:
      return []
  }
}
