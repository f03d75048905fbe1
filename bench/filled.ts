/**
 * A long log, quickly: one recorded session told again and again under new ids, through the log's own writer. The events are
 * what the server writes; the bodies of their mails are left out, so `verify` would miss them.
 */
import { newEventId, newId } from '../src/actors/identity.ts'
import type { Append, EventLog, NewEvent, StoredEvent } from '../src/log/port.ts'
import { categoryOf, kindOf } from '../src/log/port.ts'
import { openSqliteLog, openSqliteReader } from '../src/log/sqlite/index.ts'

const perAppend = 500
/** What varies from event to event; the rest of `meta` is the constant part. */
const particular = new Set(['dialogue', '$causationId'])

const parts = (meta: Readonly<Record<string, string>>, wanted: boolean): Record<string, string> =>
  Object.fromEntries(
    Object.entries(meta).filter(([key]) => particular.has(key) === wanted && key !== '$correlationId'),
  )

/** The first session of the log whose mail was accepted, with all its events. */
const recordedSession = async (directory: string): Promise<readonly StoredEvent[]> => {
  const reader = openSqliteReader({ directory })
  try {
    for (const stream of await reader.streams('smtp_session-', { limit: 20 })) {
      const events: StoredEvent[] = []
      for await (const page of reader.readStream(stream)) events.push(...page)
      if (events.some(({ type }) => type === 'MessageAccepted')) return events
    }
    throw new Error('the log holds no session with an accepted mail yet')
  } finally {
    await reader.close()
  }
}

/** The session again, as one that happens now. */
const retold = (session: readonly StoredEvent[]): Append => {
  const mail = newId()
  const events = session.map((event): NewEvent => {
    const data = 'message' in event.data ? { ...event.data, message: mail } : event.data
    const kind = kindOf(event.type, event.version, parts(event.meta, false))
    return { id: newEventId(event.at), kind, at: event.at, data, meta: parts(event.meta, true) }
  })
  return { stream: `${categoryOf(session[0]!.stream)}-${newId()}`, expected: -1, events }
}

const append = async (log: EventLog, session: readonly StoredEvent[], sessions: number): Promise<void> => {
  for (let left = sessions; left > 0; left -= perAppend)
    await log.append(Array.from({ length: Math.min(perAppend, left) }, () => retold(session)))
}

/** Adds at least `events` events to the log of a server that does not run and has taken one mail. */
export const fillLog = async (directory: string, events: number): Promise<void> => {
  const session = await recordedSession(directory)
  const log = await openSqliteLog({ directory })
  try {
    await append(log, session, Math.ceil(events / session.length))
  } finally {
    await log.close()
  }
}
