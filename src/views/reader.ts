/** The views as commands and the web read them, whether or not a server is running. */
import { DatabaseSync } from 'node:sqlite'
import { projections as allProjections } from '../../projections/all.ts'
import type { Projection } from '../../projections/projection.ts'
import type { LogReader } from '../log/port.ts'
import {
  askDeliveries,
  askDelivery,
  askDeliveryIds,
  askDue,
  askNotices,
  askNoticesDue,
  askOpen,
  askRouted,
  askStandings,
  askUnrouted,
  type Delivery,
  type DeliveryFilter,
  type DueAsked,
  type DueDelivery,
  type Notice,
  type NoticeDue,
  type OpenDelivery,
  type Standing,
  type Unrouted,
} from './answers/deliveries.ts'
import {
  askDestination,
  askDestinationHours,
  askDestinations,
  type DestinationHour,
  type DestinationStatus,
} from './answers/destinations.ts'
import { askFlow, askInStates, type Flow, type InState, type Period } from './answers/flow.ts'
import { askLedger, type Ledger } from './answers/ledger.ts'
import {
  askMailbox,
  askMailboxes,
  type Mailbox,
  type MailboxAsked,
  type MailboxMessage,
} from './answers/mailboxes.ts'
import {
  askMessage,
  askMessageIds,
  askMessages,
  askReceiptsDue,
  type Message,
  type MessageFilter,
  type ReceiptDue,
} from './answers/messages.ts'
import { askPolicyChanges, type PolicyChange } from './answers/policy-changes.ts'
import { askQueue, type QueueStatus } from './answers/queue.ts'
import {
  type Acquainted,
  askAcquaintances,
  askNetworkDays,
  askNetworks,
  type NetworkDay,
} from './answers/reputation.ts'
import { askEndedSessions, askOldMessages, type EndedSession, type OldMessage } from './answers/retention.ts'
import {
  askSession,
  askSessionIds,
  askSessions,
  type Session,
  type SessionFilter,
} from './answers/sessions.ts'
import { askChecked, askStatus, type ViewStatus } from './answers/status.ts'
import { askSuppression, askSuppressions, type Suppression } from './answers/suppressions.ts'
import { type CatchUpOptions, type CaughtUp, catchUp } from './catch-up.ts'
import { damageAware } from './damage.ts'
import { deleteViews, inTransaction, viewsFile } from './database.ts'
import { requestRebuild } from './register.ts'

export type ViewReader = {
  /**
   * Resolves when the views hold everything the log held at the time of the call, or the time-out is over. Call it before
   * asking anything. Where no server runs, it folds what is missing itself; a damaged file is made anew.
   */
  caughtUp(options?: CatchUpOptions): Promise<CaughtUp>
  /** In the order they were opened. */
  sessions(filter?: SessionFilter): Iterable<Session>
  session(id: string): Session | null
  /** A few ids that begin or end with `part`. */
  sessionIds(part: string): readonly string[]
  messages(filter?: MessageFilter): Iterable<Message>
  message(id: string): Message | null
  /** A few ids that begin or end with `part`. */
  messageIds(part: string): readonly string[]
  mailboxes(): readonly Mailbox[]
  /** Oldest first; null when there is no such mailbox. */
  mailbox(name: string, asked?: MailboxAsked): readonly MailboxMessage[] | null
  /** In the order in which their messages were accepted. */
  deliveries(filter?: DeliveryFilter): Iterable<Delivery>
  delivery(id: string): Delivery | null
  /** A few ids that begin or end with `part`. */
  deliveryIds(part: string): readonly string[]
  deliveriesOf(message: string): readonly Delivery[]
  /** The earliest that are due at or before a time, milliseconds since 1970. */
  dueDeliveries(before: number, asked: DueAsked): readonly DueDelivery[]
  /** In the order of their names. */
  destinations(): readonly DestinationStatus[]
  destination(name: string): DestinationStatus | null
  /** `since` in milliseconds since 1970. */
  destinationHours(name: string, since: number): readonly DestinationHour[]
  /** In the middle of an attempt. */
  openDeliveries(): readonly OpenDelivery[]
  /** Next hops of accepted messages for which no delivery was queued. */
  unrouted(limit: number): readonly Unrouted[]
  /** What the recipients elsewhere of these messages have come to; nothing for those without any. */
  standingsOf(messages: readonly string[]): ReadonlyMap<string, readonly Standing[]>
  /** Every next hop of a message has its delivery. */
  isRouted(message: string): boolean
  /** Reports that somebody wants and nobody has composed yet. */
  noticesDue(limit: number): readonly NoticeDue[]
  /** Receipts that senders are owed and nobody has composed yet, the oldest first. */
  receiptsDue(limit: number): readonly ReceiptDue[]
  /** Reports on a delivery that were composed. */
  notices(delivery: string): readonly Notice[]
  /** Sessions after this id, the oldest first, as far as retention has to know them. */
  endedSessions(after: string, limit: number): readonly EndedSession[]
  /** Messages after this id whose bodies were not forgotten, the oldest first. */
  oldMessages(after: string, limit: number): readonly OldMessage[]
  /** What each network did, day by day. */
  networks(): ReadonlyMap<string, readonly NetworkDay[]>
  networkDays(network: string): readonly NetworkDay[]
  /** The newest first. */
  acquaintances(network: string, limit: number): readonly Acquainted[]
  /** Addresses elsewhere that failed for good, or were put on the list; the newest first. */
  suppressions(): readonly Suppression[]
  policyChanges(): readonly PolicyChange[]
  /** `address` as `addressKey` has it. */
  suppression(address: string): Suppression | null
  flow(machine?: string, period?: Period): readonly Flow[]
  /** How many actors are in each state of a machine. */
  inStates(machine: string): readonly InState[]
  ledger(): Ledger
  /** Deliveries that are not over, by status. */
  queue(): readonly QueueStatus[]
  status(): Promise<readonly ViewStatus[]>
  /** Reads all rows. */
  checked(): Promise<readonly ViewStatus[]>
  /** Builds these views again (all without names) beside the ones that are read meanwhile, and waits until they took over. */
  rebuild(names: readonly string[], options?: CatchUpOptions): Promise<CaughtUp>
  close(): void
}

export type ReaderOptions = {
  readonly directory: string
  readonly log: LogReader
  readonly projections?: readonly Projection[]
  /** Lines for the operator. */
  readonly notice?: (line: string) => void
}

/** Opens nothing yet: `caughtUp` makes the file where there is none. */
export const openViews = ({
  directory,
  log,
  projections = allProjections,
  notice = () => {},
}: ReaderOptions): ViewReader => {
  let opened: DatabaseSync | null = null
  const db = (): DatabaseSync => {
    opened ??= new DatabaseSync(viewsFile(directory), { readOnly: true, timeout: 10_000 })
    return opened
  }
  const close = (): void => {
    opened?.close()
    opened = null
  }
  const caughtUp = async (options: CatchUpOptions = {}): Promise<CaughtUp> => {
    // The file may be replaced while we wait.
    close()
    return catchUp({ directory, log, projections, notice }, options)
  }
  const asking = damageAware(() => {
    close()
    deleteViews(directory)
  })
  return {
    caughtUp,
    sessions: (filter) => asking.each(() => askSessions(db(), filter)),
    session: (id) => asking.once(() => askSession(db(), id)),
    sessionIds: (part) => asking.once(() => askSessionIds(db(), part)),
    messages: (filter) => asking.each(() => askMessages(db(), filter)),
    message: (id) => asking.once(() => askMessage(db(), id)),
    messageIds: (part) => asking.once(() => askMessageIds(db(), part)),
    mailboxes: () => asking.once(() => askMailboxes(db())),
    mailbox: (name, asked) => asking.once(() => askMailbox(db(), name, asked)),
    deliveries: (filter) => asking.each(() => askDeliveries(db(), filter)),
    delivery: (id) => asking.once(() => askDelivery(db(), id)),
    deliveryIds: (part) => asking.once(() => askDeliveryIds(db(), part)),
    deliveriesOf: (message) => asking.once(() => [...askDeliveries(db(), { message })]),
    dueDeliveries: (before, asked) => asking.once(() => askDue(db(), before, asked)),
    destinations: () => asking.once(() => askDestinations(db())),
    destination: (name) => asking.once(() => askDestination(db(), name)),
    destinationHours: (name, since) => asking.once(() => askDestinationHours(db(), name, since)),
    openDeliveries: () => asking.once(() => askOpen(db())),
    unrouted: (limit) => asking.once(() => askUnrouted(db(), limit)),
    standingsOf: (messages) => asking.once(() => askStandings(db(), messages)),
    isRouted: (message) => asking.once(() => askRouted(db(), message)),
    noticesDue: (limit) => asking.once(() => askNoticesDue(db(), limit)),
    receiptsDue: (limit) => asking.once(() => askReceiptsDue(db(), limit)),
    notices: (delivery) => asking.once(() => askNotices(db(), delivery)),
    endedSessions: (after, limit) => asking.once(() => askEndedSessions(db(), after, limit)),
    oldMessages: (after, limit) => asking.once(() => askOldMessages(db(), after, limit)),
    networks: () => asking.once(() => askNetworks(db())),
    networkDays: (network) => asking.once(() => askNetworkDays(db(), network)),
    acquaintances: (network, limit) => asking.once(() => askAcquaintances(db(), network, limit)),
    suppressions: () => asking.once(() => askSuppressions(db())),
    policyChanges: () => asking.once(() => askPolicyChanges(db())),
    suppression: (address) => asking.once(() => askSuppression(db(), address)),
    inStates: (machine) => asking.once(() => askInStates(db(), machine)),
    flow: (machine, period) => asking.once(() => askFlow(db(), machine, period)),
    ledger: () => asking.once(() => askLedger(db())),
    queue: () => asking.once(() => askQueue(db())),
    status: async () => {
      const tail = await log.tail()
      return asking.once(() => askStatus(db(), tail))
    },
    checked: async () => {
      const tail = await log.tail()
      return asking.once(() => askChecked(db(), projections, tail))
    },
    rebuild: async (names, options = {}) => {
      await caughtUp(options)
      const known = projections.map(({ name }) => name)
      requestRebuilds(directory, names.length === 0 ? known : names)
      return caughtUp({ ...options, rebuilt: true })
    },
    close,
  }
}

const requestRebuilds = (directory: string, names: readonly string[]): void => {
  const db = new DatabaseSync(viewsFile(directory), { timeout: 10_000 })
  try {
    inTransaction(db, () => {
      for (const name of names) requestRebuild(db, name)
    })
  } finally {
    db.close()
  }
}
