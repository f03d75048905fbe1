/** The names of all facts, for those who type one. */
import type { FactName } from '../../machines/vocabulary/events.ts'
import { nearest } from '../config/words.ts'
import type { LogReader } from '../log/port.ts'
import { CommandFault } from './fault.ts'

/** In the order of the dialogue, as the vocabulary has them: the type checker misses one that is left out. */
const types: Readonly<Record<FactName, true>> = {
  SessionOpened: true,
  ClientIdentified: true,
  ClientRenamed: true,
  TlsRequested: true,
  TlsStarted: true,
  AuthenticationStarted: true,
  ClientAuthenticated: true,
  AuthenticationFailed: true,
  SenderAccepted: true,
  ClientExamined: true,
  SenderRefused: true,
  RecipientAccepted: true,
  RecipientRefused: true,
  ContentStarted: true,
  MessageAccepted: true,
  MessageRefused: true,
  TransactionReset: true,
  CommandAnswered: true,
  CommandRefused: true,
  SessionClosed: true,
  DeliveryQueued: true,
  AttemptStarted: true,
  RouteResolved: true,
  Connected: true,
  HostSecured: true,
  HostPassedOver: true,
  Delivered: true,
  Deferred: true,
  Failed: true,
  Expired: true,
  AttemptLost: true,
  Postponed: true,
  Held: true,
  Released: true,
  RetryRequested: true,
  Cancelled: true,
  ActRefused: true,
  ActNoted: true,
  ActTakenBack: true,
  NoticeDropped: true,
  AccountAdded: true,
  AccountPasswordChanged: true,
  AccountRemoved: true,
  DomainAdded: true,
  DomainRemoved: true,
  SuppressionAdded: true,
  SuppressionCleared: true,
  NodeAlive: true,
  NodeLeft: true,
  PolicyAdopted: true,
  PolicyChanged: true,
  HistoryForgotten: true,
  ContentForgotten: true,
}
const known = Object.keys(types)

/** Histories of other releases may have types that this one does not know. */
const isInLog = async (log: Pick<LogReader, 'readAll'>, type: string): Promise<boolean> => {
  for await (const page of log.readAll(0, { filter: { types: [type] }, limit: 1 }))
    if (page.length > 0) return true
  return false
}

/** @throws CommandFault for a type that this release does not know and the log does not have */
export const checkTypes = async (
  asked: readonly string[],
  log: Pick<LogReader, 'readAll'>,
): Promise<void> => {
  for (const type of asked) {
    if (Object.hasOwn(types, type) || (await isInLog(log, type))) continue
    const near = nearest(type, known)
    throw new CommandFault(
      `there is no event type ${type}; ${near === null ? `there are ${known.join(', ')}` : `did you mean ${near}?`}`,
    )
  }
}
