/** How sessions are found. */
import { isIP } from 'node:net'
import type { DatabaseSync } from 'node:sqlite'
import { ruleReasons } from '../../../machines/vocabulary/rule-reasons.ts'
import { accountKey, exactly, leadersBy, type Question, questionBy, sometime, waysOf } from './leading.ts'
import { patternOf } from './pattern.ts'
import type { SessionFilter } from './sessions.ts'

/** Each on its own passes where nothing was asked. */
const chosen = `
    AND (:since IS NULL OR openedAt >= :since)
    AND (:until IS NULL OR openedAt <= :until)
    AND (:peer IS NULL OR peerAddress LIKE :peer ESCAPE '\\' OR peerName LIKE :peer ESCAPE '\\')
    AND (:helo IS NULL OR helo LIKE :helo ESCAPE '\\')
    AND (:account IS NULL OR userKey = :account)
    AND (:user IS NULL OR user LIKE :user ESCAPE '\\' OR tried IS NOT NULL AND EXISTS (
      SELECT 1 FROM session_tries WHERE session = s.id AND name LIKE :user ESCAPE '\\'))
    AND (:outcome IS NULL OR outcome = :outcome)
    AND (:reason IS NULL OR reason = :reason OR refused > 0 AND EXISTS (
      SELECT 1 FROM session_refusals WHERE session = s.id AND reason = :reason))
    AND (:rule IS NULL OR refused > 0 AND EXISTS (
      SELECT 1 FROM session_refusals WHERE session = s.id AND rule > '' AND rule LIKE :rule ESCAPE '\\'))
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
const unusual = ({ outcome = 'accepted' }: SessionFilter): string | null =>
  outcome === 'accepted' ? null : outcome

/** What is an address is nobody's name. */
const addressOf = ({ peer = '' }: SessionFilter): string | null =>
  isIP(peer) === 0 ? null : peer.toLowerCase()

/** Sessions with these `columns` among theirs. */
export const sessionQuestions = (columns: string) => {
  const at = 's.openedAt'
  const { everything, column, time } = waysOf({
    ...{ select: columns, from: 'sessions AS s', id: 's.id', at, chosen },
  })
  const { column: tries } = waysOf({
    ...{ select: columns, from: 'session_tries AS t CROSS JOIN sessions AS s ON s.id = t.session' },
    ...{ id: 't.session', at: 't.opened', chosen },
  })
  const ledBy = leadersBy(at)<SessionFilter>
  const leaders = [
    ledBy(({ account }) => accountKey(account), column('s.userKey')),
    ledBy(({ user }) => exactly(user), column('s.userKey'), tries('t.name')),
    ledBy(addressOf, column('s.peerAddress')),
    ledBy(unusual, column('s.unusual')),
    ledBy((asked) => (isByRule(asked) ? 'yes' : null), column('s.refusing')),
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
        account: accountKey(asked.account),
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
