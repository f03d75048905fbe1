/** What can be asked of the views from another thread: names and plain values, no more rows than somebody wants to see. */
import type { DatabaseSync } from 'node:sqlite'
import {
  askDeliveries,
  askDelivery,
  askNotices,
  askStandings,
  type Delivery,
  type DeliveryFilter,
} from '../answers/deliveries.ts'
import { askDestinations } from '../answers/destinations.ts'
import { askFlow } from '../answers/flow.ts'
import {
  askMailboxes,
  askMailboxMessage,
  askMailboxMessages,
  type MailboxPage,
} from '../answers/mailboxes.ts'
import { askMessage, askMessages, type MessageFilter } from '../answers/messages.ts'
import type { Place } from '../answers/pages.ts'
import { askQueue } from '../answers/queue.ts'
import { askSession, askSessions, type SessionFilter } from '../answers/sessions.ts'
import { askStatus } from '../answers/status.ts'

/** So many rows behind a place, the newest first. */
export type Page = { readonly limit: number; readonly before: Place }

export const questions = {
  sessions: (db: DatabaseSync, filter: SessionFilter, page: Page) => [
    ...askSessions(db, { ...filter, ...page }),
  ],
  session: (db: DatabaseSync, id: string) => askSession(db, id),
  messages: (db: DatabaseSync, filter: MessageFilter, page: Page) => [
    ...askMessages(db, { ...filter, ...page }),
  ],
  message: (db: DatabaseSync, id: string) => askMessage(db, id),
  deliveries: (db: DatabaseSync, filter: DeliveryFilter, page: Page) => [
    ...askDeliveries(db, { ...filter, ...page }),
  ],
  delivery: (db: DatabaseSync, id: string) => askDelivery(db, id),
  deliveriesOf: (db: DatabaseSync, message: string): readonly Delivery[] => [
    ...askDeliveries(db, { message }),
  ],
  notices: (db: DatabaseSync, delivery: string) => askNotices(db, delivery),
  standings: (db: DatabaseSync, messages: readonly string[]) => askStandings(db, messages),
  mailboxes: (db: DatabaseSync) => askMailboxes(db),
  mailbox: (db: DatabaseSync, name: string, page: MailboxPage) => askMailboxMessages(db, name, page),
  mailboxMessage: (db: DatabaseSync, mailbox: string, id: string) => askMailboxMessage(db, mailbox, id),
  flow: (db: DatabaseSync, machine: string) => askFlow(db, machine),
  queue: (db: DatabaseSync) => askQueue(db),
  destinations: (db: DatabaseSync) => askDestinations(db),
  status: (db: DatabaseSync, tail: number) => askStatus(db, tail),
} as const

export type Questions = typeof questions
export type QuestionName = keyof Questions
/** What follows the database. */
export type Words<Name extends QuestionName> =
  Parameters<Questions[Name]> extends [DatabaseSync, ...infer Rest] ? Rest : never
export type AnswerTo<Name extends QuestionName> = ReturnType<Questions[Name]>

/** To the thread and back. */
export type Asked = {
  readonly number: number
  readonly name: QuestionName
  readonly words: readonly unknown[]
}
export type Answered = { readonly number: number } & (
  | { readonly answer: unknown }
  | { readonly fault: string; readonly isDamage: boolean }
)
