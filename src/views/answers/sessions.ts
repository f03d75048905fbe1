/** The sessions, as people ask for them. */
import type { DatabaseSync } from 'node:sqlite'
import type { Session } from '../../shapes/session.ts'
import { allRows } from '../database.ts'
import { idsLike } from './ids.ts'
import { type Place, pagesOf } from './pages.ts'
import { isoOf, isoTime } from './pattern.ts'
import { sessionQuestions } from './session-questions.ts'

export type { Session }
export type Outcome = Session['outcome']

/** Times in milliseconds since 1970; in texts `*` stands for anything. */
export type SessionFilter = {
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** What this account logged in for, and nothing else. */
  readonly account?: string | undefined
  /** Address or name. */
  readonly peer?: string | undefined
  readonly helo?: string | undefined
  /** The account it logged in to, or a name that was tried. */
  readonly user?: string | undefined
  /** Any sender or recipient the client named, refused ones too. */
  readonly sender?: string | undefined
  readonly recipient?: string | undefined
  readonly outcome?: Outcome | undefined
  /** Code of the reason, or of anything that was refused in it: `spf-fail`. */
  readonly reason?: string | undefined
  /** A rule of the policy by which something was refused. */
  readonly rule?: string | undefined
  /** A rule of the policy by which a message of it is Junk; `*` for any. */
  readonly tag?: string | undefined
  /** The newest so many. */
  readonly limit?: number | undefined
  /** So many that come behind this place, the newest first. */
  readonly before?: Place | undefined
}

const columns = `id, openedAt, closedAt, listener, node, peerAddress, peerPort, peerName, helo, tlsVersion, tlsCipher, user, tried,
    state, outcome, reason, rule, lastRefusal, deferred, ended, accepted, refused, tagged, transitions`
const questionFor = sessionQuestions(columns)
const one = `SELECT ${columns} FROM sessions WHERE id = :id`
const exact = `SELECT id FROM sessions WHERE id = :part`
const starting = `SELECT id FROM sessions WHERE id >= :part AND id < :part || '~' LIMIT 3`
const ending = `SELECT id FROM sessions WHERE substr(id, -length(:part)) = :part LIMIT 3`
const messagesOfSessions = `
  SELECT value AS session, (
    SELECT json_group_array(id) FROM (
      SELECT id FROM messages WHERE session = json_each.value ORDER BY acceptedAt, id LIMIT :most)) AS ids
  FROM json_each(:sessions)
`
/** Messages named with a session on a page: hundreds of each of fifty would be a page of nothing else. */
const mostOnPage = 100
/** What LIMIT takes for no limit. */
const all = -1

type Row = {
  id: string
  openedAt: number
  closedAt: number | null
  listener: string
  node: string | null
  peerAddress: string
  peerPort: number
  peerName: string | null
  helo: string | null
  tlsVersion: string | null
  tlsCipher: string | null
  user: string | null
  tried: string | null
  state: string
  outcome: Outcome
  reason: string | null
  rule: string | null
  lastRefusal: string | null
  deferred: number
  ended: string | null
  accepted: number
  refused: number
  tagged: number
  transitions: number
}

const sessionOf = (row: Row, messages: readonly string[]): Session => ({
  id: row.id,
  openedAt: isoTime(row.openedAt),
  closedAt: isoOf(row.closedAt),
  listener: row.listener,
  node: row.node,
  peer: { address: row.peerAddress, port: row.peerPort, name: row.peerName },
  helo: row.helo,
  tls: row.tlsVersion === null ? null : { version: row.tlsVersion, cipher: row.tlsCipher ?? '' },
  user: row.user,
  tried: row.tried,
  state: row.state,
  outcome: row.outcome,
  reason: row.reason,
  rule: row.rule,
  deferred: row.deferred === 1,
  ended: row.ended,
  messages,
  accepted: row.accepted,
  refusals: row.refused,
  refusal: row.lastRefusal,
  tagged: row.tagged,
  transitions: row.transitions,
})

/** The ids of the messages of these sessions, of each the first so many. */
const messagesOf = (
  db: DatabaseSync,
  sessions: readonly Row[],
  most: number,
): ReadonlyMap<string, readonly string[]> => {
  const accepting = sessions.filter(({ accepted }) => accepted > 0).map(({ id }) => id)
  if (accepting.length === 0) return new Map()
  const asked = { sessions: JSON.stringify(accepting), most }
  const found = allRows<{ session: string; ids: string }>(db, messagesOfSessions, asked)
  return new Map(found.map(({ session, ids }) => [session, JSON.parse(ids) as string[]]))
}

/** Sessions in the order they were opened. */
export function* askSessions(db: DatabaseSync, asked: SessionFilter = {}): Generator<Session> {
  const { paged, filter } = questionFor(db, asked)
  for (const page of pagesOf<Row>(db, paged, { filter, limit: asked.limit, before: asked.before })) {
    const messages = messagesOf(db, page, asked.before === undefined ? all : mostOnPage)
    for (const row of page) yield sessionOf(row, messages.get(row.id) ?? [])
  }
}

export const askSession = (db: DatabaseSync, id: string): Session | null => {
  const [row] = allRows<Row>(db, one, { id })
  return row === undefined ? null : sessionOf(row, messagesOf(db, [row], all).get(id) ?? [])
}

/** Ids that begin or end with `part`, a few of them: to complete what people type. */
export const askSessionIds = (db: DatabaseSync, part: string): readonly string[] =>
  idsLike(db, { exact, starting, ending }, part)
