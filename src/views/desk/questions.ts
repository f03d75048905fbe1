/** What can be asked of the views from another thread: names and plain values, no more rows than somebody wants to see. */
import type { DatabaseSync } from 'node:sqlite'
import { projections } from '../../../projections/all.ts'
import type { LogReader } from '../../log/port.ts'
import {
  askDeliveries,
  askDelivery,
  askNotices,
  askStandings,
  type Delivery,
  type DeliveryFilter,
} from '../answers/deliveries.ts'
import { askDeliveriesThen, type Past, type Then } from '../answers/deliveries-then.ts'
import { askDestinations } from '../answers/destinations.ts'
import { askFlow, askInStates, type Period } from '../answers/flow.ts'
import { askFound } from '../answers/found.ts'
import { askGlance, askGlanceThen } from '../answers/glance.ts'
import {
  askMailboxes,
  askMailboxMessage,
  askMailboxMessages,
  type MailboxPage,
} from '../answers/mailboxes.ts'
import { askMessage, askMessages, type MessageFilter } from '../answers/messages.ts'
import type { Behind, Place } from '../answers/pages.ts'
import { askSession, askSessions, type SessionFilter } from '../answers/sessions.ts'
import { askChecked, askStatus } from '../answers/status.ts'
import type { logQuestions } from './log-questions.ts'

/** So many rows behind a place, the newest first. */
export type Page = {
  readonly limit: number
  readonly before: Place
  /** Looks through so many rows at most. */
  readonly reach?: number
}
/** A page of a list, told already: whoever hands it on need not take it apart. */
export type TextPage = {
  /** Of its rows, JSON. */
  readonly items: string
  readonly count: number
  /** Where it ends, if something may come behind it. */
  readonly end: Place | null
  /** Where a search ended that found fewer than it might have; null where it came to its end. */
  readonly searched: Place | null
}

type Bounds = { readonly limit: number; readonly before: Behind }

/** One row more than was asked for tells whether another page comes. */
const textPage = <Item extends { readonly id: string }>(
  { limit, before, reach }: Page,
  ask: (page: Bounds) => Iterable<Item>,
  at: (item: Item) => string,
): TextPage => {
  let searched: Place | null = null
  const ended = (place: Place): void => {
    searched = place
  }
  const sought = reach === undefined ? null : { reach: { rows: reach, ended } }
  const found = [...ask({ limit: limit + 1, before: { ...before, ...sought } })]
  const items = found.slice(0, limit)
  const last = found.length > limit ? items.at(-1) : undefined
  const end = last === undefined ? searched : { at: Date.parse(at(last)), id: last.id }
  return { items: JSON.stringify(items), count: items.length, end, searched }
}

export const questions = {
  sessions: (db: DatabaseSync, filter: SessionFilter, page: Page) =>
    textPage(
      page,
      (bounds) => askSessions(db, { ...filter, ...bounds }),
      ({ openedAt }) => openedAt,
    ),
  session: (db: DatabaseSync, id: string) => askSession(db, id),
  messages: (db: DatabaseSync, filter: MessageFilter, page: Page) =>
    textPage(
      page,
      (bounds) => askMessages(db, { ...filter, ...bounds }),
      ({ acceptedAt }) => acceptedAt,
    ),
  message: (db: DatabaseSync, id: string) => askMessage(db, id),
  deliveries: (db: DatabaseSync, filter: DeliveryFilter, page: Page) =>
    textPage(
      page,
      (bounds) => askDeliveries(db, { ...filter, ...bounds }),
      ({ queuedAt }) => queuedAt,
    ),
  deliveriesFound: (db: DatabaseSync, filter: DeliveryFilter, page: Page): readonly Delivery[] => [
    ...askDeliveries(db, { ...filter, ...page }),
  ],
  delivery: (db: DatabaseSync, id: string) => askDelivery(db, id),
  deliveriesOf: (db: DatabaseSync, message: string): readonly Delivery[] => [
    ...askDeliveries(db, { message }),
  ],
  notices: (db: DatabaseSync, delivery: string) => askNotices(db, delivery),
  standings: (db: DatabaseSync, messages: readonly string[]) => askStandings(db, messages),
  found: (db: DatabaseSync, part: string) => askFound(db, part),
  mailboxes: (db: DatabaseSync) => askMailboxes(db),
  mailbox: (db: DatabaseSync, name: string, page: MailboxPage) => askMailboxMessages(db, name, page),
  mailboxMessage: (db: DatabaseSync, mailbox: string, id: string) => askMailboxMessage(db, mailbox, id),
  flow: (db: DatabaseSync, machine: string, period: Period = {}) => askFlow(db, machine, period),
  inStates: (db: DatabaseSync, machine: string) => askInStates(db, machine),
  glance: (db: DatabaseSync, at: number) => askGlance(db, at),
  destinations: (db: DatabaseSync) => askDestinations(db),
  status: (db: DatabaseSync, tail: number) => askStatus(db, tail),
  checked: (db: DatabaseSync, tail: number) => askChecked(db, projections, tail),
} as const

/** What cannot be answered without the log: how things stood at a time. */
export const pastQuestions = {
  deliveriesThen: (past: Past, filter: DeliveryFilter, then: Then) => askDeliveriesThen(past, filter, then),
  glanceThen: (past: Past, at: number) => askGlanceThen(past, at),
} as const

export type Questions = typeof questions & typeof pastQuestions & typeof logQuestions
export type QuestionName = keyof Questions
/** What follows the database, the past, or the log. */
export type Words<Name extends QuestionName> =
  Parameters<Questions[Name]> extends [DatabaseSync | Past | LogReader, ...infer Rest] ? Rest : never
export type AnswerTo<Name extends QuestionName> = Awaited<ReturnType<Questions[Name]>>

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
