/** What retention asks: sessions and messages in the order of their ids, which is the order of time, a few at a time. */
import type { DatabaseSync } from 'node:sqlite'
import { allRows } from '../database.ts'

/** Times in milliseconds since 1970. */
export type EndedSession = {
  readonly id: string
  readonly openedAt: number
  readonly closedAt: number | null
  /** Messages accepted in it. */
  readonly accepted: number
  /** How often something was refused. */
  readonly refused: number
}
export type OldMessage = {
  readonly id: string
  readonly acceptedAt: number
  /** Where its `MessageAccepted` stands. */
  readonly stream: string
}

const sessions = `
  SELECT id, openedAt, closedAt, accepted, refused FROM sessions WHERE id > :after ORDER BY id LIMIT :limit
`
const messages = `
  SELECT id, acceptedAt, coalesce(stream, 'smtp_session-' || session) AS stream FROM messages
  WHERE id > :after AND contentForgottenAt IS NULL ORDER BY id LIMIT :limit
`

export const askEndedSessions = (db: DatabaseSync, after: string, limit: number): readonly EndedSession[] =>
  allRows<EndedSession>(db, sessions, { after, limit })

export const askOldMessages = (db: DatabaseSync, after: string, limit: number): readonly OldMessage[] =>
  allRows<OldMessage>(db, messages, { after, limit })
