/** Which stream somebody means who types an id: a session's, a message's, or a stream's whole name. */
import { machines } from '../../machines/index.ts'
import { idOf } from '../log/port.ts'
import { CommandFault } from './fault.ts'
import { completeId, freshViews, type Reading } from './open.ts'

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

/** @throws CommandFault when the id stands for nothing, or for several */
export const findHistory = async (opened: Reading, asked: string): Promise<FoundHistory> => {
  const stream = await exact(opened, asked)
  if (stream !== null) return { stream, message: null }
  const views = await freshViews(opened, ['sessions', 'messages'])
  const sessions = views.sessionIds(asked)
  const found = [...sessions, ...views.messageIds(asked)]
  const id = completeId(asked, [...new Set(found)], { what: 'session or message', list: 'sessions' })
  if (sessions.includes(id)) return { stream: `smtp_session-${id}`, message: null }
  const session = views.message(id)?.session
  if (session == null) throw new CommandFault(`message ${id} did not come in a session`)
  return { stream: `smtp_session-${session}`, message: id }
}

/** As `idOf`, for a line to a person. */
export const shortName = (stream: string): string =>
  machines.some(({ category }) => stream.startsWith(`${category}-`)) ? idOf(stream) : stream
