/** The accepted messages, as people ask for them. */
import type { DatabaseSync } from 'node:sqlite'
import type { NoticeCause, NoticeKind } from '../../../machines/vocabulary/events.ts'
import type { Message } from '../../shapes/message.ts'
import { allRows } from '../database.ts'
import { idsLike } from './ids.ts'
import { messageQuestions } from './message-questions.ts'
import { type Place, pagesOf } from './pages.ts'
import { isoOf, isoTime } from './pattern.ts'

export type { Message }

/** Times in milliseconds since 1970; in texts `*` stands for anything. */
export type MessageFilter = {
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** What this account submitted, and nothing else. */
  readonly account?: string | undefined
  readonly sender?: string | undefined
  readonly recipient?: string | undefined
  /** The id of the session it came in. */
  readonly session?: string | undefined
  /** Words each of which stands in the subject. */
  readonly subject?: string | undefined
  /** A rule of the policy by which it is Junk: `dmarc.quarantine`; `*` for any. */
  readonly tag?: string | undefined
  /** The newest so many. */
  readonly limit?: number | undefined
  /** So many that come behind this place, the newest first. */
  readonly before?: Place | undefined
}

/**
 * What was waiting, less what has been settled. Where nothing of the message is left to do it is nothing, whatever the counts:
 * of two recipients with one address there is only one mail.
 */
const waiting = `CASE
  WHEN waiting = 0 THEN 0
  WHEN EXISTS (SELECT 1 FROM deliveries WHERE message = messages.id)
    AND NOT EXISTS (SELECT 1 FROM deliveries WHERE message = messages.id AND finishedAt IS NULL)
    AND NOT EXISTS (SELECT 1 FROM unrouted WHERE message = messages.id) THEN 0
  ELSE max(1, waiting - (
    SELECT count(*) FROM deliveries AS d JOIN delivery_recipients AS r ON r.delivery = d.id
    WHERE d.message = messages.id AND (d.finishedAt IS NOT NULL OR r.status IN ('delivered', 'failed')))) END`
const columns = `id, acceptedAt, session, sender, user, recipients, size, sha256, subject, messageId, "from",
    ${waiting} AS waiting, mailboxes, stream, cause, causeKind, causeAttempt,
    causeMessage, contentForgottenAt, tags`
const questionFor = messageQuestions(columns)
const one = `
  SELECT ${columns}
  FROM messages WHERE id = :id
`
const receiptsDue = `SELECT message, stream, revision, at FROM receipts_due ORDER BY at, message LIMIT :limit`
const exact = `SELECT id FROM messages WHERE id = :part`
const starting = `SELECT id FROM messages WHERE id >= :part AND id < :part || '~' LIMIT 3`
const ending = `SELECT id FROM messages WHERE substr(id, -length(:part)) = :part LIMIT 3`

/** A message whose sender is to be told that it arrived, and where its `MessageAccepted` stands. */
export type ReceiptDue = {
  readonly message: string
  readonly stream: string
  readonly revision: number
  /** Milliseconds since 1970. */
  readonly at: number
}

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
  stream: string | null
  cause: string | null
  causeKind: NoticeKind | null
  causeAttempt: number | null
  causeMessage: string | null
  contentForgottenAt: number | null
  tags: string | null
}

const causeOf = ({
  cause,
  causeKind: kind,
  causeAttempt: attempt,
  causeMessage,
}: Pick<Row, 'cause' | 'causeKind' | 'causeAttempt' | 'causeMessage'>): NoticeCause | null => {
  if (causeMessage !== null) return { message: causeMessage, kind: 'delivered' }
  return cause === null || kind === null
    ? null
    : { delivery: cause, kind, ...(attempt !== null && { attempt }) }
}

const messageOf = ({
  causeKind,
  causeAttempt,
  causeMessage,
  contentForgottenAt,
  tags,
  ...row
}: Row): Message => ({
  ...row,
  contentForgottenAt: isoOf(contentForgottenAt),
  stream: row.stream ?? `smtp_session-${row.session}`,
  cause: causeOf({ causeKind, causeAttempt, causeMessage, cause: row.cause }),
  acceptedAt: isoTime(row.acceptedAt),
  recipients: JSON.parse(row.recipients) as string[],
  tags: tags === null ? [] : (JSON.parse(tags) as string[]),
})

/** Messages in the order of their ids, which is the order in which they began to come in. */
export function* askMessages(db: DatabaseSync, asked: MessageFilter = {}): Generator<Message> {
  const { paged, filter } = questionFor(db, asked)
  for (const page of pagesOf<Row>(db, paged, { filter, limit: asked.limit, before: asked.before }))
    for (const row of page) yield messageOf(row)
}

export const askMessage = (db: DatabaseSync, id: string): Message | null => {
  const [row] = allRows<Row>(db, one, { id })
  return row === undefined ? null : messageOf(row)
}

/** Receipts that senders are owed and nobody has composed yet, the oldest first. */
export const askReceiptsDue = (db: DatabaseSync, limit: number): readonly ReceiptDue[] =>
  allRows<ReceiptDue>(db, receiptsDue, { limit }).map((row) => ({ ...row }))

/** Ids that begin or end with `part`, a few of them: to complete what people type. */
export const askMessageIds = (db: DatabaseSync, part: string): readonly string[] =>
  idsLike(db, { exact, starting, ending }, part)
