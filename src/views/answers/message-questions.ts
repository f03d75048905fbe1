/** How messages are found. */
import type { DatabaseSync } from 'node:sqlite'
import {
  accountKey,
  asKey,
  exactly,
  leadersBy,
  type Question,
  questionBy,
  sometime,
  waysOf,
} from './leading.ts'
import type { MessageFilter } from './messages.ts'
import { patternOf } from './pattern.ts'
import { saysWords, wordValues } from './words.ts'

/** Each on its own passes where nothing was asked. */
const chosen = `
    AND (:account IS NULL OR userKey = :account)
    AND (:session IS NULL OR session = :session)
    AND (:since IS NULL OR acceptedAt >= :since)
    AND (:until IS NULL OR acceptedAt <= :until)
    AND (:sender IS NULL OR sender LIKE :sender ESCAPE '\\')
    AND ${saysWords('subject', 'subject')}
    AND (:recipient IS NULL OR EXISTS (
      SELECT 1 FROM message_recipients WHERE at = acceptedAt AND message = messages.id
        AND address LIKE :recipient ESCAPE '\\'))
    AND (:tag IS NULL OR EXISTS (SELECT 1 FROM json_each(messages.tags) WHERE value LIKE :tag ESCAPE '\\'))
`

/** So many words as are looked for beside the time, out of one index. */
const said = `(:sender IS NULL OR sender LIKE :sender ESCAPE '\\')
  AND ${saysWords('subject', 'subject')}`

/** Messages with these `columns` among theirs. */
export const messageQuestions = (columns: string) => {
  const at = 'acceptedAt'
  const { everything, column, time, along } = waysOf({
    ...{ select: columns, from: 'messages', id: 'id', at, chosen },
  })
  const { column: recipients } = waysOf({
    ...{ select: columns, from: 'message_recipients AS r CROSS JOIN messages ON id = r.message' },
    ...{ id: 'r.message', at: 'r.at', chosen },
  })
  const ledBy = leadersBy(at)<MessageFilter>
  const leaders = [
    ledBy(({ session }) => session ?? null, column('session')),
    ledBy(({ account }) => accountKey(account), column('userKey')),
    ledBy(({ tag }) => (tag === undefined ? null : 'junk'), column('place')),
    ledBy(({ sender }) => asKey(sender), column('senderKey')),
    ledBy(({ recipient }) => exactly(recipient), recipients('r.address')),
    ledBy(sometime, time),
  ]
  const walks = [
    {
      of: ({ recipient }: MessageFilter) => recipient !== undefined,
      walk: along({
        ...{ table: 'message_recipients', at: 'at', id: 'message', repeats: true },
        where: `address LIKE :recipient ESCAPE '\\'`,
      }),
    },
    {
      of: ({ sender, subject }: MessageFilter) => (sender ?? subject) !== undefined,
      walk: along({ table: 'messages', at: 'acceptedAt', id: 'id', where: said }),
    },
  ]
  return (db: DatabaseSync, asked: MessageFilter): Question => {
    const { paged, filter } = questionBy(db, asked, { leaders, walks, everything })
    return {
      paged,
      filter: {
        ...filter,
        since: asked.since ?? null,
        until: asked.until ?? null,
        account: accountKey(asked.account),
        sender: patternOf(asked.sender),
        recipient: patternOf(asked.recipient)?.toLowerCase() ?? null,
        session: asked.session ?? null,
        ...wordValues('subject', asked.subject),
        tag: patternOf(asked.tag),
      },
    }
  }
}
