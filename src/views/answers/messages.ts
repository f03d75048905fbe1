/** The accepted messages, as people ask for them. */
import type { DatabaseSync } from 'node:sqlite'
import { allRows } from '../database.ts'
import { idsLike } from './ids.ts'
import { pagesOf } from './pages.ts'
import { isoTime, patternOf } from './pattern.ts'

/** One `message` of the outside interface. */
export type Message = {
  readonly id: string
  readonly acceptedAt: string
  readonly session: string | null
  readonly sender: string
  readonly user: string | null
  readonly recipients: readonly string[]
  /** Bytes of the content as stored. */
  readonly size: number
  readonly sha256: string
  readonly subject: string | null
  readonly messageId: string | null
  readonly from: string | null
  /** Recipients whose mail waits for delivery to another host. */
  readonly waiting: number
  /** Mailboxes it was filed in. */
  readonly mailboxes: number
}

/** Times in milliseconds since 1970; in texts `*` stands for anything. */
export type MessageFilter = {
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly sender?: string | undefined
  readonly recipient?: string | undefined
  /** The id of the session it came in. */
  readonly session?: string | undefined
  /** Words that stand in the subject. */
  readonly subject?: string | undefined
  /** The newest so many. */
  readonly limit?: number | undefined
}

const chosen = `
  SELECT id, acceptedAt, session, sender, user, recipients, size, sha256, subject, messageId, "from", waiting, mailboxes
  FROM messages
  WHERE id > :after
    AND (:session IS NULL OR session = :session)
    AND (:since IS NULL OR acceptedAt >= :since)
    AND (:until IS NULL OR acceptedAt <= :until)
    AND (:sender IS NULL OR sender LIKE :sender ESCAPE '\\')
    AND (:subject IS NULL OR subject LIKE '%' || :subject || '%' ESCAPE '\\')
    AND (:recipient IS NULL OR EXISTS (
      SELECT 1 FROM json_each(messages.recipients) WHERE value LIKE :recipient ESCAPE '\\'))
`
const oldest = `${chosen} ORDER BY id LIMIT :limit`
const newest = `${chosen} ORDER BY id DESC LIMIT :limit`
const one = `
  SELECT id, acceptedAt, session, sender, user, recipients, size, sha256, subject, messageId, "from", waiting, mailboxes
  FROM messages WHERE id = :id
`
const exact = `SELECT id FROM messages WHERE id = :part`
const starting = `SELECT id FROM messages WHERE id >= :part AND id < :part || '~' LIMIT 3`
const ending = `SELECT id FROM messages WHERE substr(id, -length(:part)) = :part LIMIT 3`

type Row = {
  id: string
  acceptedAt: number
  session: string | null
  sender: string
  user: string | null
  recipients: string
  size: number
  sha256: string
  subject: string | null
  messageId: string | null
  from: string | null
  waiting: number
  mailboxes: number
}

const messageOf = (row: Row): Message => ({
  ...row,
  acceptedAt: isoTime(row.acceptedAt),
  recipients: JSON.parse(row.recipients) as string[],
})

/** Messages in the order of their ids, which is the order in which they began to come in. */
export function* askMessages(db: DatabaseSync, asked: MessageFilter = {}): Generator<Message> {
  const filter = {
    since: asked.since ?? null,
    until: asked.until ?? null,
    sender: patternOf(asked.sender),
    recipient: patternOf(asked.recipient),
    session: asked.session ?? null,
    subject: patternOf(asked.subject),
  }
  for (const page of pagesOf<Row>(db, { oldest, newest }, { filter, limit: asked.limit }))
    for (const row of page) yield messageOf(row)
}

export const askMessage = (db: DatabaseSync, id: string): Message | null => {
  const [row] = allRows<Row>(db, one, { id })
  return row === undefined ? null : messageOf(row)
}

/** Ids that begin or end with `part`, a few of them: to complete what people type. */
export const askMessageIds = (db: DatabaseSync, part: string): readonly string[] =>
  idsLike(db, { exact, starting, ending }, part)
