/**
 * Which log the views were computed from: the ids of its first event and of the last one folded. A log that was replaced (by an
 * older backup, say) has another event there, and then no row can be believed; unless it was forgotten there, and the log says so.
 */
import type { DatabaseSync } from 'node:sqlite'
import { categoryOf, type LogReader, type StoredEvent } from '../log/port.ts'
import { forgottenStreams } from '../retention/remembered.ts'
import { allRows } from './database.ts'

const readOrigin = `SELECT position, id, stream, revision FROM origin`
const keepFirst = `
  INSERT INTO origin (place, position, id, stream, revision) VALUES ('first', :position, :id, :stream, :revision)
  ON CONFLICT (place) DO NOTHING
`
const keepLast = `
  INSERT INTO origin (place, position, id, stream, revision) VALUES ('last', :position, :id, :stream, :revision)
  ON CONFLICT (place) DO UPDATE SET
    position = excluded.position, id = excluded.id, stream = excluded.stream, revision = excluded.revision
  WHERE excluded.position > origin.position
`
type Origin = Pick<StoredEvent, 'position' | 'id' | 'stream' | 'revision'>

const originOf = ({ position, id, stream, revision }: StoredEvent): Origin => ({
  ...{ position, id, stream, revision },
})

export const rememberOrigin = (db: DatabaseSync, events: readonly StoredEvent[]): void => {
  // Of servers' words that they live only the last ones are kept.
  const lasting = ({ stream }: StoredEvent): boolean => categoryOf(stream) !== 'node'
  const first = events.find(lasting)
  const last = events.findLast(lasting)
  if (first === undefined || last === undefined) return
  db.prepare(keepFirst).run(originOf(first))
  db.prepare(keepLast).run(originOf(last))
}

/** Found by its place in its stream: positions of a log that was replaced mean nothing in another. */
const isThere = async (log: LogReader, { position, id, stream, revision }: Origin): Promise<boolean> => {
  for await (const [event] of log.readStream(stream, { from: revision, limit: 1 }))
    return event?.id === id && event.position === position
  return false
}

export const isSameLog = async (db: DatabaseSync, log: LogReader): Promise<boolean> => {
  for (const origin of allRows<Origin>(db, readOrigin))
    if (!(await isThere(log, origin)) && !(await forgottenStreams(log)).has(origin.stream)) return false
  return true
}
