/** Sessions as traces: a span for each, and below it one for each transaction. */
import type {
  EventOf,
  MessageAccepted,
  SessionClosed,
  SessionOpened,
  TlsFacts,
} from '../../machines/vocabulary/events.ts'
import { goesOn } from './deliveries.ts'
import { Recent } from './recent.ts'
import { type Attributes, messagePlace, type Span, sessionPlace, transactionPlace } from './span.ts'

/** A fact as it goes to the log. */
export type Told = {
  readonly [Name in EventOf['type']]: Pick<EventOf<Name>, 'type' | 'data' | 'at'>
}[EventOf['type']]

type Refusal = {
  readonly reason: string
  readonly rule?: string
  readonly code?: number
  readonly enhanced?: string
}
type Transaction = {
  readonly nth: number
  readonly startedAt: number
  accepted: number
  refused: number
  refusal: Refusal | null
}
type Session = {
  readonly openedAt: number
  readonly service: string
  readonly port: number
  readonly isIpv6: boolean
  tls: TlsFacts | null
  isAuthenticated: boolean
  facts: number
  transactions: number
  messages: number
  refusals: number
  refusal: string | null
  transaction: Transaction | null
}

const nothing: readonly Span[] = []

export class Sessions {
  readonly #open: Recent<Session>

  /** So many are followed at a time. */
  constructor(most: number) {
    this.#open = new Recent(most)
  }

  /** The spans that have ended with this. */
  tell(id: string, told: Told): readonly Span[] {
    if (told.type === 'SessionOpened') return this.#opened(id, told.at, told.data)
    const session = this.#open.get(id)
    if (session === undefined) return nothing
    session.facts++
    return this.#goOn(id, session, told)
  }

  #opened(id: string, at: number, { service, local, peer, tls, door }: SessionOpened): readonly Span[] {
    const session: Session = {
      ...{ openedAt: at, service, port: local.port, isIpv6: peer.address.includes(':'), tls },
      ...{ isAuthenticated: false, facts: 1, transactions: 0, messages: 0, refusals: 0, refusal: null },
      transaction: null,
    }
    if (door === 'open') {
      this.#open.set(id, session)
      return nothing
    }
    return [sessionSpan(id, { ...session, refusals: 1, refusal: door }, { at, ended: door })]
  }

  #goOn(id: string, session: Session, { type, data, at }: Told): readonly Span[] {
    switch (type) {
      case 'TlsStarted':
        session.tls = data.tls
        return nothing
      case 'ClientAuthenticated':
        session.isAuthenticated = true
        return nothing
      case 'AuthenticationFailed':
      case 'CommandRefused':
        return refused(session, data.reason)
      case 'SenderAccepted':
        session.transaction = begun(session, at)
        return nothing
      case 'SenderRefused':
        refused(session, data.reason)
        return [transactionSpan(id, { ...begun(session, at), refusal: data }, { at, outcome: 'refused' })]
      case 'RecipientAccepted':
        if (session.transaction !== null) session.transaction.accepted++
        return nothing
      case 'RecipientRefused':
        if (session.transaction !== null) {
          session.transaction.refused++
          session.transaction.refusal = data
        }
        return refused(session, data.reason)
      case 'MessageAccepted':
        session.messages++
        return this.#transactionOver(id, session, { at, outcome: 'accepted', message: data })
      case 'MessageRefused':
        refused(session, data.reason)
        if (session.transaction !== null) session.transaction.refusal = data
        return this.#transactionOver(id, session, { at, outcome: 'refused' })
      // RFC 5321 §4.1.4: EHLO in the middle is RSET as well.
      case 'ClientIdentified':
      case 'ClientRenamed':
      case 'TransactionReset':
        return this.#transactionOver(id, session, { at })
      case 'SessionClosed':
        this.#open.delete(id)
        return this.#closed(id, session, { at, ...data })
      default:
        return nothing
    }
  }

  #closed(
    id: string,
    session: Session,
    { at, reason }: SessionClosed & { readonly at: number },
  ): readonly Span[] {
    const transactions = this.#transactionOver(id, session, { at })
    return [...transactions, sessionSpan(id, session, { at, ended: reason })]
  }

  #transactionOver(
    id: string,
    session: Session,
    end: Omit<TransactionEnd, 'outcome'> & { readonly outcome?: TransactionEnd['outcome'] },
  ): readonly Span[] {
    const { transaction } = session
    if (transaction === null) return nothing
    session.transaction = null
    const outcome = transaction.accepted === 0 && transaction.refused > 0 ? 'refused' : 'aborted'
    return [transactionSpan(id, transaction, { outcome, ...end })]
  }
}

const begun = (session: Session, at: number): Transaction => ({
  ...{ nth: ++session.transactions, startedAt: at, accepted: 0, refused: 0, refusal: null },
})

const refused = (session: Session, reason: string): readonly Span[] => {
  session.refusals++
  session.refusal = reason
  return nothing
}

type TransactionEnd = {
  readonly at: number
  readonly outcome: 'accepted' | 'refused' | 'aborted'
  readonly message?: MessageAccepted
}

const transactionSpan = (
  session: string,
  { nth, startedAt, accepted, refused, refusal }: Transaction,
  { at, outcome, message }: TransactionEnd,
): Span => ({
  place: transactionPlace(session, nth),
  parent: sessionPlace(session).span,
  ...{ name: 'transaction', kind: 'internal', startedAt, endedAt: at, fault: null },
  links: message !== undefined && goesOn(message) ? [messagePlace(message.message)] : [],
  attributes: {
    'fsmtp.session.id': session,
    'fsmtp.message.id': message?.message,
    'fsmtp.message.size': message?.size,
    'fsmtp.outcome': outcome,
    ...(outcome === 'accepted' ? { 'fsmtp.reply.code': 250 } : refusalAttributes(refusal)),
    'fsmtp.recipients.accepted': accepted,
    'fsmtp.recipients.refused': refused,
  },
})

const refusalAttributes = (refusal: Refusal | null): Attributes =>
  refusal === null
    ? {}
    : {
        'fsmtp.reason': refusal.reason,
        'fsmtp.rule': refusal.rule,
        'fsmtp.reply.code': refusal.code,
        'fsmtp.reply.enhanced': refusal.enhanced,
      }

const sessionSpan = (
  id: string,
  session: Session,
  { at, ended }: { readonly at: number; readonly ended: string },
): Span => {
  const outcome = outcomeOf(session, ended)
  return {
    place: sessionPlace(id),
    parent: null,
    ...{ name: `session ${session.service}`, kind: 'server', startedAt: session.openedAt, endedAt: at },
    ...{ links: [], fault: null },
    attributes: {
      'fsmtp.session.id': id,
      'fsmtp.service': session.service,
      'server.port': session.port,
      'network.transport': 'tcp',
      'network.type': session.isIpv6 ? 'ipv6' : 'ipv4',
      'tls.protocol.version': session.tls?.version.replace(/^TLSv/, ''),
      'fsmtp.authenticated': session.isAuthenticated,
      'fsmtp.outcome': outcome,
      'fsmtp.reason': outcome === 'refused' ? (session.refusal ?? ended) : ended,
      'fsmtp.messages': session.messages,
      'fsmtp.refusals': session.refusals,
    },
  }
}

/** As lists of sessions have it (`projections/sessions.ts`). */
const outcomeOf = ({ messages, refusals, facts }: Session, ended: string): string => {
  if (messages > 0) return 'accepted'
  if (refusals > 0) return 'refused'
  return ended !== 'quit' && facts > 2 ? 'aborted' : 'idle'
}
