/** How sessions are found. */
import { isIP } from 'node:net'
import type { DatabaseSync } from 'node:sqlite'
import { ruleReasons } from '../../../machines/vocabulary/rule-reasons.ts'
import { exactly, leadersBy, type Question, questionBy, sometime, waysOf } from './leading.ts'
import { patternOf } from './pattern.ts'
import type { SessionFilter } from './sessions.ts'

/** Each on its own passes where nothing was asked. */
const chosen = `
    AND (:since IS NULL OR openedAt >= :since)
    AND (:until IS NULL OR openedAt <= :until)
    AND (:peer IS NULL OR peerAddress LIKE :peer ESCAPE '\\' OR peerName LIKE :peer ESCAPE '\\')
    AND (:helo IS NULL OR helo LIKE :helo ESCAPE '\\')
    AND (:user IS NULL OR user LIKE :user ESCAPE '\\')
    AND (:outcome IS NULL OR outcome = :outcome)
    AND (:reason IS NULL OR reason = :reason)
    AND (:rule IS NULL OR rule LIKE :rule ESCAPE '\\')
    AND (:sender IS NULL OR EXISTS (
      SELECT 1 FROM session_addresses
      WHERE session = s.id AND role = 'sender' AND address LIKE :sender ESCAPE '\\'))
    AND (:recipient IS NULL OR EXISTS (
      SELECT 1 FROM session_addresses
      WHERE session = s.id AND role = 'recipient' AND address LIKE :recipient ESCAPE '\\'))
    AND (:tag IS NULL OR EXISTS (
      SELECT 1 FROM session_tags WHERE session = s.id AND tag LIKE :tag ESCAPE '\\'))
`

/** Rules of the policy say no, and nothing else. */
const isByRule = ({ rule, reason }: SessionFilter): boolean =>
  rule !== undefined || (reason !== undefined && Object.hasOwn(ruleReasons, reason))

/** Those that are accepted are nearly all, and have no index. */
const unusual = (asked: SessionFilter): string | null => {
  const { outcome = isByRule(asked) ? 'refused' : null } = asked
  return outcome === 'accepted' ? null : outcome
}

/** What is an address is nobody's name. */
const addressOf = ({ peer = '' }: SessionFilter): string | null =>
  isIP(peer) === 0 ? null : peer.toLowerCase()

/** Sessions with these `columns` among theirs. */
export const sessionQuestions = (columns: string) => {
  const at = 's.openedAt'
  const { everything, column, time } = waysOf({
    ...{ select: columns, from: 'sessions AS s', id: 's.id', at, chosen },
  })
  const ledBy = leadersBy(at)<SessionFilter>
  const leaders = [
    ledBy(({ user }) => exactly(user), column('s.userKey')),
    ledBy(addressOf, column('s.peerAddress')),
    ledBy(unusual, column('s.unusual')),
    ledBy(({ tag }) => (tag === undefined ? null : 'yes'), column('s.suspicious')),
    ledBy(sometime, time),
  ]
  return (db: DatabaseSync, asked: SessionFilter): Question => {
    const { paged, filter } = questionBy(db, asked, { leaders, everything })
    return {
      paged,
      filter: {
        ...filter,
        since: asked.since ?? null,
        until: asked.until ?? null,
        peer: patternOf(asked.peer),
        helo: patternOf(asked.helo),
        user: patternOf(asked.user),
        sender: patternOf(asked.sender),
        recipient: patternOf(asked.recipient),
        outcome: asked.outcome ?? null,
        reason: asked.reason ?? null,
        rule: patternOf(asked.rule),
        tag: patternOf(asked.tag),
      },
    }
  }
}
