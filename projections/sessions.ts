/**
 * Who talked to us, how far did they get, and how did it end? One row for each session, refused and dropped ones
 * included, and one for each address it named, so that sessions are found by senders and recipients we refused too.
 */
import type {
  AuthenticationFailed,
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
  /** Something was refused: why, and by which rule of the policy, where one decided. */
  readonly refused?: Pick<Refused, 'reason' | 'rule'>
  /** The name of a login that failed. */
  readonly tried?: string | null
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

const refusalColumns = ({ reason, rule, code }: Refused): Readonly<Record<string, Value>> => ({
  ...{ refusal: reason, refusalRule: rule ?? null, refusalCode: code ?? null },
})

/** Something was refused, and why: by which rule of the policy, where one decided; with 4xx for now only. */
const refusedFor = ({ reason, rule, code }: Refused): Changes => ({
  refused: { reason, ...(rule !== undefined && { rule }) },
  set: refusalColumns({ reason, ...(rule !== undefined && { rule }), ...(code !== undefined && { code }) }),
  add: one,
})

const closed = (at: number, { reason, during }: SessionClosed): Changes => {
  const set = { closedAt: at, ended: reason, during }
  return refusingEnds.has(reason)
    ? { stage: 'closed', ...refusedFor({ reason }), set: { ...set, ...refusalColumns({ reason }) } }
    : { stage: 'closed', set }
}

/** Who tried whose password is asked by the name they tried. */
const failedLogin = ({ user, reason }: AuthenticationFailed): Changes => {
  const refused = refusedFor({ reason })
  return user === null
    ? { stage: 'waiting', ...refused }
    : { stage: 'waiting', ...refused, set: { ...refused.set, tried: user }, tried: user }
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
      return failedLogin(event.data)
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
      return { set: { fault: event.data.reason }, add: one, refused: { reason: event.data.reason } }
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

const opened = (session: string, event: EventOf & { type: 'SessionOpened' }): readonly RowChange[] => {
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
  const row: RowChange = { kind: 'insert', table: 'sessions', key: [session], set }
  return door === 'open' ? [row] : [row, refusal(session, { reason: door })]
}

/** What was named in it, with its time in front: so that the newest come first out of an index. */
const beside = (session: string, table: string, key: readonly string[]): RowChange => ({
  ...{
    kind: 'insert',
    table,
    key,
    behind: { table: 'sessions', key: [session], columns: ['id', 'openedAt'] },
  },
})

/** The key of a refusal that no rule decided has an empty one. */
const refusal = (session: string, { reason, rule = '' }: Pick<Refused, 'reason' | 'rule'>): RowChange =>
  beside(session, 'session_refusals', [reason, rule])

const tried = (session: string, user: string): RowChange =>
  beside(session, 'session_tries', [user.toLowerCase()])

const tagged = (session: string, tags: readonly string[] = []): RowChange[] =>
  tags.map((tag) => ({ kind: 'insert', table: 'session_tags', key: [session, tag] }))

const named = (session: string, role: string, addresses: readonly string[] = []): RowChange[] =>
  addresses.map((address) => beside(session, 'session_addresses', [role, address.toLowerCase()]))

/** `retention` has taken these away. */
const forgotten = (streams: readonly string[]): readonly RowChange[] =>
  streams.flatMap((stream): RowChange[] => {
    const session = sessionOf(stream)
    if (session === null) return []
    return [
      { kind: 'delete', table: 'sessions', key: [session] },
      { kind: 'deleteAll', table: 'session_addresses', beginning: [session] },
      { kind: 'deleteAll', table: 'session_tags', beginning: [session] },
      { kind: 'deleteAll', table: 'session_refusals', beginning: [session] },
      { kind: 'deleteAll', table: 'session_tries', beginning: [session] },
    ]
  })

/** What is found by other tables: addresses, rules, reasons, names. */
const besideOf = (session: string, changes: Changes): readonly RowChange[] => [
  ...named(session, 'sender', changes.senders),
  ...named(session, 'recipient', changes.recipients),
  ...tagged(session, changes.tags),
  ...(changes.refused === undefined ? nothing : [refusal(session, changes.refused)]),
  ...(typeof changes.tried === 'string' ? [tried(session, changes.tried)] : nothing),
]

const fold = (event: EventOf): readonly RowChange[] => {
  if (event.type === 'HistoryForgotten') return forgotten(event.data.streams)
  const session = sessionOf(event.stream)
  if (session === null) return nothing
  if (event.type === 'SessionOpened') return opened(session, event)
  const changes = changesOf(event)
  const { stage, set, add = noCounts } = changes
  const columns: Record<string, Value> = { ...set, transitions: event.revision + 1 }
  if (stage !== undefined) columns.stage = stage
  const row: RowChange = { kind: 'upsert', table: 'sessions', key: [session], set: columns, add }
  const { senders, recipients, tags, refused } = changes
  if (senders === undefined && recipients === undefined && tags === undefined && refused === undefined)
    return [row]
  return [row, ...besideOf(session, changes)]
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
  version: 9,
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
        /** The name of the login that failed last. */
        tried: 'text',
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
        heloKey: 'lower(helo)',
        /** Most end with QUIT, and an index has the others. */
        unusualEnd: `nullif(ended, 'quit')`,
        /** Nearly all mail comes in sessions that are accepted: an index has the others. */
        unusual: `nullif(outcome, 'accepted')`,
        lastRefusal: 'coalesce(refusal, fault)',
        suspicious: `CASE WHEN tagged > 0 THEN 'yes' END`,
      },
      indexes: [
        // With what is looked for in the midst of it, so that who looks through all need not open the rows.
        ['openedAt', 'id', 'helo', 'peerName', 'peerAddress'],
        ['peerAddress', 'openedAt'],
      ],
      sparse: [
        ['heloKey', 'openedAt'],
        ['unusualEnd', 'openedAt'],
        ['unusual', 'openedAt'],
        ['userKey', 'openedAt'],
        ['suspicious', 'openedAt'],
      ],
    },
    /** Whom it named, in lower case; `role` is `sender` or `recipient`. */
    session_addresses: {
      key: ['session', 'opened', 'role', 'address'],
      columns: { session: 'text', opened: 'number', role: 'text', address: 'text' },
      indexes: [
        ['role', 'address', 'opened', 'session'],
        ['role', 'opened', 'session', 'address'],
      ],
    },
    session_tags: {
      key: ['session', 'tag'],
      columns: { session: 'text', tag: 'text' },
    },
    /** Whatever was refused in it, whether or not something else was accepted. */
    session_refusals: {
      key: ['session', 'opened', 'reason', 'rule'],
      columns: { session: 'text', opened: 'number', reason: 'text', rule: 'text' },
      indexes: [
        ['reason', 'opened', 'session'],
        ['opened', 'session', 'rule'],
      ],
    },
    /** Names of logins that failed in it, in lower case. */
    session_tries: {
      key: ['session', 'opened', 'name'],
      columns: { session: 'text', opened: 'number', name: 'text' },
      indexes: [['name', 'opened', 'session']],
    },
  },
  fold,
}
