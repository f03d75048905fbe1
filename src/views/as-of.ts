/** A view as it was at a time: the log folded up to then, through the same projection, into a database in memory. */
import { DatabaseSync } from 'node:sqlite'
import type { Projection } from '../../projections/projection.ts'
import type { LogReader, ReadFilter } from '../log/port.ts'
import { bookkeeping } from './database.ts'
import { Generation } from './generation.ts'
import { registered, settle } from './register.ts'

export type AsOf = {
  readonly log: Pick<LogReader, 'readAll'>
  readonly projection: Projection
  /** Milliseconds since 1970: events up to then. */
  readonly at: number
  /** What the projection listens to, where that is less than everything. */
  readonly filter?: ReadFilter
  /** Called with the position reached. */
  readonly progress?: (position: number) => void
}

/** A view in memory, with nothing folded into it yet; to be closed by the caller. */
export const emptyView = (projection: Projection): { db: DatabaseSync; generation: Generation } => {
  const db = new DatabaseSync(':memory:')
  db.exec(bookkeeping)
  settle(db, [projection])
  const number = registered(db)[0]!.generation
  return { db, generation: new Generation(db, projection, { number, role: 'live', position: 0 }) }
}

/** To be closed by the caller. Asked like the views on disk. */
export const viewAsOf = async ({ log, projection, at, filter, progress }: AsOf): Promise<DatabaseSync> => {
  const { db, generation } = emptyView(projection)
  for await (const page of log.readAll(0, filter === undefined ? {} : { filter })) {
    const last = page.at(-1)
    db.exec('BEGIN')
    // Imported events may be older than what stands before them: each is asked for its own time.
    generation.take(page.filter((event) => event.at <= at))
    db.exec('COMMIT')
    if (generation.stopped !== null) {
      db.close()
      throw new Error(
        `the view ${projection.name} cannot take position ${generation.stopped.position}: ${generation.stopped.error}`,
      )
    }
    if (last !== undefined) progress?.(last.position)
  }
  while (!generation.isIndexed) generation.makeIndex()
  return db
}
