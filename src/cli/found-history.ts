/** Which stream somebody means who types an id: a session's, a message's, a delivery's, or a stream's whole name. */
import { machines } from '../../machines/index.ts'
import { subjectOf } from '../../machines/vocabulary/notices.ts'
import { idOf } from '../log/port.ts'
import { forgottenAt } from '../retention/remembered.ts'
import { completeId } from './completing.ts'
import { CommandFault } from './fault.ts'
import { freshViews, type Reading } from './open.ts'

export type FoundHistory = {
  readonly stream: string
  /** The message that was asked for, where it was one. */
  readonly message: string | null
}

const isThere = async ({ log }: Reading, stream: string): Promise<boolean> => {
  for await (const page of log.readStream(stream, { limit: 1 })) if (page.length > 0) return true
  return false
}

/** A whole name or a whole id: nothing but the log is asked. */
const exact = async (opened: Reading, asked: string): Promise<string | null> => {
  const names = [asked, ...machines.map(({ category }) => `${category}-${asked}`)]
  for (const name of names) if (name.includes('-') && (await isThere(opened, name))) return name
  return null
}

/** Shorter ones are the beginning of anything. */
const longEnough = 6

/** @throws CommandFault for a history that retention has taken away */
const refuseForgotten = async ({ log }: Reading, asked: string): Promise<void> => {
  const at = asked.length < longEnough ? null : await forgottenAt(log, asked)
  if (at === null) return
  throw new CommandFault(
    `the history of ${asked} was forgotten at ${new Date(at).toISOString()}, as \`retention\` asks`,
  )
}

/** @throws CommandFault when the id stands for nothing, or for several */
export const findHistory = async (opened: Reading, asked: string): Promise<FoundHistory> => {
  const stream = await exact(opened, asked)
  if (stream !== null) return { stream, message: null }
  const views = await freshViews(opened, ['sessions', 'messages', 'deliveries'])
  const sessions = views.sessionIds(asked)
  const found = [...sessions, ...views.messageIds(asked)]
  // A delivery's id begins with its message's: who typed no more than that means the message.
  const deliveries = found.length === 0 ? views.deliveryIds(asked) : []
  if (found.length + deliveries.length === 0) await refuseForgotten(opened, asked)
  const id = completeId(asked, [...new Set([...found, ...deliveries])], {
    views,
    what: 'session, message or delivery',
    list: 'sessions',
  })
  if (deliveries.includes(id)) return { stream: `delivery-${id}`, message: null }
  if (sessions.includes(id)) return { stream: `smtp_session-${id}`, message: null }
  const message = views.message(id)
  if (message?.session == null)
    throw new CommandFault(
      message?.cause == null
        ? `message ${id} did not come in a session`
        : `message ${id} did not come in a session: it is a report; \`fsmtp replay ${subjectOf(message.cause)}\` tells of what`,
    )
  return { stream: `smtp_session-${message.session}`, message: id }
}

/** As `idOf`, for a line to a person. */
export const shortName = (stream: string): string =>
  machines.some(({ category }) => stream.startsWith(`${category}-`)) ? idOf(stream) : stream
