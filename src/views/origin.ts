/**
 * Which log the views were computed from: the ids of its first event and of the last one folded. A log that was replaced (by an
 * older backup, say) has another event there, and then no row can be believed.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { LogReader, StoredEvent } from '../log/port.ts'
import { allRows } from './database.ts'

const readOrigin = `SELECT position, id FROM origin`
const keepFirst = `
  INSERT INTO origin (place, position, id) VALUES ('first', :position, :id) ON CONFLICT (place) DO NOTHING
`
const keepLast = `
  INSERT INTO origin (place, position, id) VALUES ('last', :position, :id)
  ON CONFLICT (place) DO UPDATE SET position = excluded.position, id = excluded.id
  WHERE excluded.position > origin.position
`

export const rememberOrigin = (db: DatabaseSync, events: readonly StoredEvent[]): void => {
  const first = events[0]
  const last = events.at(-1)
  if (first === undefined || last === undefined) return
  if (first.position === 1) db.prepare(keepFirst).run({ position: 1, id: first.id })
  db.prepare(keepLast).run({ position: last.position, id: last.id })
}

const idAt = async (log: LogReader, position: number): Promise<string | null> => {
  for await (const [event] of log.readAll(position - 1, { limit: 1 }))
    if (event !== undefined) return event.position === position ? event.id : null
  return null
}

export const isSameLog = async (db: DatabaseSync, log: LogReader): Promise<boolean> => {
  const places = allRows<{ position: number; id: string }>(db, readOrigin)
  for (const { position, id } of places) if ((await idAt(log, position)) !== id) return false
  return true
}
