/** How sessions are found. */
import { isIP } from 'node:net'
import type { DatabaseSync } from 'node:sqlite'
import {
  accountKey,
  asKey,
  eitherWay,
  exactly,
  leadersBy,
  type Question,
  questionBy,
  sometime,
  waysOf,
} from './leading.ts'
import { patternOf } from './pattern.ts'
import type { SessionFilter } from './sessions.ts'

/** Each on its own passes where nothing was asked. */
const chosen = `
    AND (:since IS NULL OR s.openedAt >= :since)
    AND (:until IS NULL OR s.openedAt <= :until)
    AND (:peer IS NULL OR s.peerAddress LIKE :peer ESCAPE '\\' OR s.peerName LIKE :peer ESCAPE '\\')
    AND (:helo IS NULL OR s.helo LIKE :helo ESCAPE '\\')
    AND (:account IS NULL OR s.userKey = :account)
    AND (:user IS NULL OR s.user LIKE :user ESCAPE '\\' OR s.tried IS NOT NULL AND EXISTS (
      SELECT 1 FROM session_tries WHERE session = s.id AND opened = s.openedAt AND name LIKE :tried ESCAPE '\\'))
    AND (:outcome IS NULL OR s.outcome = :outcome)
    AND (:reason IS NULL OR s.reason = :reason OR s.refused > 0 AND EXISTS (
      SELECT 1 FROM session_refusals WHERE session = s.id AND opened = s.openedAt AND reason = :reason))
    AND (:rule IS NULL OR s.refused > 0 AND EXISTS (
      SELECT 1 FROM session_refusals WHERE session = s.id AND opened = s.openedAt AND rule > '' AND rule LIKE :rule ESCAPE '\\'))
    AND (:sender IS NULL OR EXISTS (
      SELECT 1 FROM session_addresses
      WHERE session = s.id AND opened = s.openedAt AND role = 'sender' AND address LIKE :sender ESCAPE '\\'))
    AND (:recipient IS NULL OR EXISTS (
      SELECT 1 FROM session_addresses
      WHERE session = s.id AND opened = s.openedAt AND role = 'recipient' AND address LIKE :recipient ESCAPE '\\'))
    AND (:tag IS NULL OR EXISTS (
      SELECT 1 FROM session_tags WHERE session = s.id AND tag LIKE :tag ESCAPE '\\'))
`

/** Those that are accepted are nearly all, and have no index. */
const unusual = ({ outcome = 'accepted' }: SessionFilter): string | null =>
  outcome === 'accepted' ? null : outcome

/** What is an address is nobody's name. */
const addressOf = ({ peer = '' }: SessionFilter): string | null =>
  isIP(peer) === 0 ? null : peer.toLowerCase()

/** Nearly all end so, and have no index. */
const unusualReason = ({ reason = 'quit' }: SessionFilter): string | null =>
  reason === 'quit' ? null : reason

/** What is looked for beside the time, out of one index. */
const heard = `(:peer IS NULL OR peerAddress LIKE :peer ESCAPE '\\' OR peerName LIKE :peer ESCAPE '\\')
  AND (:helo IS NULL OR helo LIKE :helo ESCAPE '\\')`

/** Sessions with these `columns` among theirs. */
export const sessionQuestions = (columns: string) => {
  const at = 's.openedAt'
  const select = columns.replace(/\w+/g, 's.$&')
  const { everything, column, time, along } = waysOf({
    ...{ select, from: 'sessions AS s', id: 's.id', at, chosen },
  })
  /** By another table that has the time as well. */
  const by = (table: string, repeats = false) =>
    waysOf({
      ...{ select, from: `${table} AS t CROSS JOIN sessions AS s ON s.id = t.session` },
      ...{ id: 't.session', at: 't.opened', chosen, repeats },
    }).column
  const tries = by('session_tries')
  const addresses = by('session_addresses')
  const refusals = by('session_refusals', true)
  const ledBy = leadersBy(at)<SessionFilter>
  const leaders = [
    ledBy(({ account }) => accountKey(account), column('s.userKey')),
    ledBy(({ user }) => eitherWay(user), column('s.userKey'), tries('t.name')),
    ledBy(addressOf, column('s.peerAddress')),
    ledBy(({ helo }) => asKey(helo), column('s.heloKey')),
    ledBy(({ sender }) => exactly(sender), addresses(`t.role = 'sender' AND t.address`)),
    ledBy(({ recipient }) => exactly(recipient), addresses(`t.role = 'recipient' AND t.address`)),
    ledBy(unusual, column('s.unusual')),
    ledBy(unusualReason, refusals('t.reason'), column('s.unusualEnd')),
    ledBy(({ tag }) => (tag === undefined ? null : 'yes'), column('s.suspicious')),
    ledBy(sometime, time),
  ]
  const among = (table: string, where: string, part = '1') =>
    along({ table, part, at: 'opened', id: 'session', where, repeats: true, isById: true })
  const named = (role: 'sender' | 'recipient') => ({
    of: (asked: SessionFilter) => asked[role] !== undefined,
    walk: among('session_addresses', `address LIKE :${role} ESCAPE '\\'`, `role = '${role}'`),
  })
  const walks = [
    {
      of: ({ rule }: SessionFilter) => rule !== undefined,
      walk: among('session_refusals', `rule > '' AND rule LIKE :rule ESCAPE '\\'`),
    },
    named('sender'),
    named('recipient'),
    {
      of: ({ peer, helo }: SessionFilter) => (peer ?? helo) !== undefined,
      walk: along({ table: 'sessions', at: 'openedAt', id: 'id', where: heard }),
    },
  ]
  return (db: DatabaseSync, asked: SessionFilter): Question => {
    const { paged, filter } = questionBy(db, asked, { leaders, walks, everything })
    return {
      paged,
      filter: {
        ...filter,
        since: asked.since ?? null,
        until: asked.until ?? null,
        account: accountKey(asked.account),
        peer: patternOf(asked.peer),
        helo: patternOf(asked.helo),
        user: patternOf(asked.user),
        tried: patternOf(asked.user)?.toLowerCase() ?? null,
        sender: patternOf(asked.sender)?.toLowerCase() ?? null,
        recipient: patternOf(asked.recipient)?.toLowerCase() ?? null,
        outcome: asked.outcome ?? null,
        reason: asked.reason ?? null,
        rule: patternOf(asked.rule),
        tag: patternOf(asked.tag),
      },
    }
  }
}
