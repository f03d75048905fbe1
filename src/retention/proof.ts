/**
 * What may be forgotten is asked of the log itself: views are quick to ask, but may lag, and what is forgotten cannot be computed
 * again.
 */
import type { MessageAccepted, NoticeOwed, SessionOpened } from '../../machines/vocabulary/events.ts'
import { noticeStream, owesReceipt } from '../../machines/vocabulary/notices.ts'
import { onwardOf } from '../../machines/vocabulary/recipients.ts'
import { deliveryIds } from '../delivery/ids.ts'
import type { LogReader, StoredEvent } from '../log/port.ts'

type Log = Pick<LogReader, 'readStream'>

const eventsOf = async (log: Log, stream: string): Promise<readonly StoredEvent[]> => {
  const events: StoredEvent[] = []
  for await (const page of log.readStream(stream)) events.push(...page)
  return events
}

const isThere = async (log: Log, stream: string): Promise<boolean> => {
  for await (const _ of log.readStream(stream, { limit: 1 })) return true
  return false
}

/** It has its end, no later than this, and brought no mail. */
export const endedWithoutMail = async (log: Log, session: string, before: number): Promise<boolean> => {
  const events = await eventsOf(log, `smtp_session-${session}`)
  const last = events.at(-1)
  if (last === undefined || last.at >= before) return false
  if (events.some(({ type }) => type === 'MessageAccepted')) return false
  // Refused at the door: opened and closed in one fact.
  return last.type === 'SessionClosed' || (last.type === 'SessionOpened' && isShut(last))
}
/** Somebody has still to be told of something in it. */
export const hasUntold = async (
  log: Log,
  session: string,
  isUntold: (event: StoredEvent) => boolean,
): Promise<boolean> => {
  for await (const page of log.readStream(`smtp_session-${session}`)) if (page.some(isUntold)) return true
  return false
}
const isShut = ({ data }: StoredEvent): boolean => (data as SessionOpened).door !== 'open'

/** States of a delivery after which nothing is tried. */
const ended: ReadonlySet<string | undefined> = new Set(['delivered', 'failed', 'expired', 'cancelled'])

/** Nobody will want the body again: it is where it was to go, or given up, and whoever was to be told was told. */
export const isSettled = async (log: Log, { data }: StoredEvent): Promise<boolean> => {
  // A stored `MessageAccepted` is what the vocabulary says.
  const accepted = data as MessageAccepted
  const { message } = accepted
  if (owesReceipt(accepted) && !(await isThere(log, noticeStream({ message, kind: 'delivered' }))))
    return false
  for (const delivery of deliveryIds(message, onwardOf(accepted.recipients)))
    if (!(await hasEnded(log, delivery))) return false
  return true
}

const hasEnded = async (log: Log, delivery: string): Promise<boolean> => {
  const events = await eventsOf(log, `delivery-${delivery}`)
  if (!ended.has(events.at(-1)?.meta.to)) return false
  for (const { kind, attempt } of events.flatMap(noticesIn))
    if (!(await isThere(log, noticeStream({ delivery, kind, attempt })))) return false
  return true
}

const noticesIn = ({ data }: StoredEvent): readonly NoticeOwed[] =>
  Array.isArray(data.notices) ? (data.notices as NoticeOwed[]) : []

/** The `MessageAccepted` of a message, or null. */
export const acceptanceOf = async (
  log: Log,
  { stream, message }: { readonly stream: string; readonly message: string },
): Promise<StoredEvent | null> => {
  for await (const page of log.readStream(stream)) {
    const found = page.find(({ type, data }) => type === 'MessageAccepted' && data.message === message)
    if (found !== undefined) return found
  }
  return null
}
