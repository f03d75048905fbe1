/**
 * Who talked to us, how far did they get, and how did it end? One row for each session, refused and dropped ones
 * included, and one for each address it named, so that sessions are found by senders and recipients we refused too.
 */
import type {
  ClientRenamed,
  EventOf,
  MessageAccepted,
  Peer,
  SessionClosed,
  TlsFacts,
} from '../machines/vocabulary/events.ts'
import { nothing, type Projection, type RowChange, sessionOf, type Value } from './projection.ts'

type Changes = {
  /** Where the conversation stands after this fact; absent when it stays where it was. */
  readonly stage?: Stage
  readonly set?: Readonly<Record<string, Value>>
  readonly add?: Readonly<Record<string, number>>
  readonly senders?: readonly string[]
  readonly recipients?: readonly string[]
  /** Rules by which a message of it is Junk. */
  readonly tags?: readonly string[]
}
/** The session's states by name, but `waiting`: between transactions, which is `greeted` before EHLO and `identified` after. */
type Stage = 'waiting' | 'securing' | 'authenticating' | 'addressing' | 'addressed' | 'receiving' | 'closed'

const unchanged: Changes = {}
const one = { refused: 1 }
const noCounts = {}

/** Ends that were our answer to something the client did, and so refusals. */
const refusingEnds: ReadonlySet<string> = new Set([
  'talked-too-soon',
  'too-many-errors',
  'too-many-idle-commands',
  'too-many-login-failures',
  'too-many-messages',
  'not-smtp',
  'endless-line',
])

const tlsColumns = (tls: TlsFacts) => ({ tlsVersion: tls.version, tlsCipher: tls.cipher })
const peerColumns = (peer: Peer) => ({ peerAddress: peer.address, peerPort: peer.port, peerName: peer.name })

/** What a trusted proxy told us of the client; what it did not tell stays. */
const renamed = ({ peer, helo, user }: ClientRenamed['renamed']): Readonly<Record<string, Value>> => ({
  identified: 0,
  ...peerColumns(peer),
  ...(helo === null ? {} : { helo }),
  ...(user === null ? {} : { user }),
})

type Refused = { readonly reason: string; readonly rule?: string; readonly code?: number }

/** Something was refused, and why: by which rule of the policy, where one decided; with 4xx for now only. */
const refusedFor = ({ reason, rule, code }: Refused): Changes => ({
  set: { refusal: reason, refusalRule: rule ?? null, refusalCode: code ?? null },
  add: one,
})

const closed = (at: number, { reason, during }: SessionClosed): Changes => {
  const set = { closedAt: at, ended: reason, during }
  return refusingEnds.has(reason)
    ? { stage: 'closed', set: { ...set, refusal: reason, refusalRule: null, refusalCode: null }, add: one }
    : { stage: 'closed', set }
}

const acceptedBy = ({ tags = [] }: Pick<MessageAccepted, 'tags'>): Changes =>
  tags.length === 0
    ? { stage: 'waiting', add: { accepted: 1 } }
    : { stage: 'waiting', add: { accepted: 1, tagged: 1 }, tags }

/** What each fact says about its session, in the order of the dialogue. */
const changesOf = (event: EventOf): Changes => {
  switch (event.type) {
    case 'ClientIdentified':
      return { stage: 'waiting', set: { helo: event.data.helo, identified: 1 } }
    case 'ClientRenamed':
      return { stage: 'waiting', set: renamed(event.data.renamed) }
    case 'TlsRequested':
      return { stage: 'securing' }
    case 'TlsStarted':
      // RFC 3207 §4.2: what was said before the handshake is forgotten, so the client has to say who it is again.
      return { stage: 'waiting', set: { identified: 0, ...tlsColumns(event.data.tls) } }
    case 'AuthenticationStarted':
      return { stage: 'authenticating' }
    case 'ClientAuthenticated':
      return { stage: 'waiting', set: { user: event.data.user } }
    case 'AuthenticationFailed':
      return { stage: 'waiting', ...refusedFor(event.data) }
    case 'SenderAccepted':
      return { stage: 'addressing', senders: [event.data.sender] }
    case 'SenderRefused':
      return { ...refusedFor(event.data), senders: [event.data.sender] }
    case 'RecipientAccepted':
      return { stage: 'addressed', recipients: [event.data.recipient] }
    case 'RecipientRefused':
      return { ...refusedFor(event.data), recipients: [event.data.recipient] }
    case 'ContentStarted':
      return { stage: 'receiving' }
    case 'MessageAccepted':
      return acceptedBy(event.data)
    case 'MessageRefused':
      return { stage: 'waiting', ...refusedFor(event.data) }
    case 'TransactionReset':
      return { stage: 'waiting' }
    case 'CommandRefused':
      return { set: { fault: event.data.reason }, add: one }
    case 'SessionClosed':
      return closed(event.at, event.data)
    default:
      return unchanged
  }
}

/** A session refused at the door opens and closes in one fact. */
const doorColumns = (at: number, door: string): Readonly<Record<string, Value>> =>
  door === 'open'
    ? { closedAt: null, stage: 'waiting' }
    : { closedAt: at, stage: 'closed', ended: door, refusal: door, refused: 1 }

const opened = (session: string, event: EventOf & { type: 'SessionOpened' }): RowChange => {
  const { service, local, peer, tls, node, door } = event.data
  const set = {
    openedAt: event.at,
    listener: service,
    node: node ?? null,
    localAddress: local.address,
    localPort: local.port,
    ...peerColumns(peer),
    ...(tls === null ? {} : tlsColumns(tls)),
    ...doorColumns(event.at, door),
    transitions: event.revision + 1,
  }
  return { kind: 'insert', table: 'sessions', key: [session], set }
}

const tagged = (session: string, tags: readonly string[] = []): RowChange[] =>
  tags.map((tag) => ({ kind: 'insert', table: 'session_tags', key: [session, tag] }))

const named = (session: string, role: string, addresses: readonly string[] = []): RowChange[] =>
  addresses.map((address) => ({ kind: 'insert', table: 'session_addresses', key: [session, role, address] }))

/** `retention` has taken these away. */
const forgotten = (streams: readonly string[]): readonly RowChange[] =>
  streams.flatMap((stream): RowChange[] => {
    const session = sessionOf(stream)
    if (session === null) return []
    return [
      { kind: 'delete', table: 'sessions', key: [session] },
      { kind: 'deleteAll', table: 'session_addresses', beginning: [session] },
      { kind: 'deleteAll', table: 'session_tags', beginning: [session] },
    ]
  })

const fold = (event: EventOf): readonly RowChange[] => {
  if (event.type === 'HistoryForgotten') return forgotten(event.data.streams)
  const session = sessionOf(event.stream)
  if (session === null) return nothing
  if (event.type === 'SessionOpened') return [opened(session, event)]
  const { stage, set, add = noCounts, senders, recipients, tags } = changesOf(event)
  const columns: Record<string, Value> = { ...set, transitions: event.revision + 1 }
  if (stage !== undefined) columns.stage = stage
  const row: RowChange = { kind: 'upsert', table: 'sessions', key: [session], set: columns, add }
  if (senders === undefined && recipients === undefined && tags === undefined) return [row]
  return [
    row,
    ...named(session, 'sender', senders),
    ...named(session, 'recipient', recipients),
    ...tagged(session, tags),
  ]
}

/**
 * How it ended, from what was counted. A message accepted outweighs a refusal, a refusal outweighs the way the line
 * ended; a client that dropped or fell silent after it had spoken broke off, one that said nothing (or QUIT) was idle.
 */
const outcome = `CASE
  WHEN closedAt IS NULL THEN 'open'
  WHEN accepted > 0 THEN 'accepted'
  WHEN refused > 0 THEN 'refused'
  WHEN ended <> 'quit' AND transitions > 2 THEN 'aborted'
  ELSE 'idle'
END`

const state = `CASE WHEN stage <> 'waiting' THEN stage WHEN identified = 1 THEN 'identified' ELSE 'greeted' END`

/**
 * Why. Of a session that was refused: its last refusal, where a refused command counts only when nothing else was refused
 * (DATA after a refused recipient is no news). Of others: how the line ended.
 */
const reason = `CASE WHEN outcome = 'refused' THEN coalesce(refusal, fault) ELSE ended END`

/** It may come back: greylisted, or put off by another rule. */
const deferred = `CASE WHEN outcome = 'refused' AND refusalCode BETWEEN 400 AND 499 THEN 1 ELSE 0 END`

const rule = `CASE WHEN outcome = 'refused' THEN refusalRule END`

export const sessions: Projection = {
  name: 'sessions',
  version: 6,
  tables: {
    sessions: {
      key: ['id'],
      columns: {
        id: 'text',
        openedAt: 'number',
        closedAt: 'number',
        listener: 'text',
        node: 'text',
        localAddress: 'text',
        localPort: 'number',
        peerAddress: 'text',
        peerPort: 'number',
        peerName: 'text',
        helo: 'text',
        tlsVersion: 'text',
        tlsCipher: 'text',
        user: 'text',
        stage: 'text',
        identified: 'count',
        ended: 'text',
        refusal: 'text',
        /** The rule of the policy by which `refusal` came about. */
        refusalRule: 'text',
        refusalCode: 'number',
        fault: 'text',
        during: 'text',
        accepted: 'count',
        refused: 'count',
        /** Messages of it that are Junk. */
        tagged: 'count',
        transitions: 'count',
      },
      computed: {
        ...{ state, outcome, reason, rule, deferred },
        userKey: 'lower(user)',
        /** Nearly all mail comes in sessions that are accepted: an index has the others. */
        unusual: `nullif(outcome, 'accepted')`,
        suspicious: `CASE WHEN tagged > 0 THEN 'yes' END`,
      },
      indexes: [['openedAt'], ['peerAddress', 'openedAt']],
      sparse: [
        ['unusual', 'openedAt'],
        ['userKey', 'openedAt'],
        ['suspicious', 'openedAt'],
      ],
    },
    session_addresses: {
      key: ['session', 'role', 'address'],
      columns: { session: 'text', role: 'text', address: 'text' },
    },
    session_tags: {
      key: ['session', 'tag'],
      columns: { session: 'text', tag: 'text' },
    },
  },
  fold,
}
