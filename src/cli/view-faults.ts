/** Views that cannot be believed: those that stopped, and those that know more than the log. */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { WrongView } from '../history/findings.ts'
import type { LogReader } from '../log/port.ts'
import { viewsFile } from '../views/database.ts'
import { type Registered, registered } from '../views/register.ts'

/** Nothing where there is no file, or none that can be read: it is made anew. */
const liveViews = (directory: string): readonly Registered[] => {
  if (!existsSync(viewsFile(directory))) return []
  const database = new DatabaseSync(viewsFile(directory), { readOnly: true, timeout: 10_000 })
  try {
    return registered(database).filter(({ role }) => role === 'live')
  } catch {
    return []
  } finally {
    database.close()
  }
}

/** Views that folded events the log does not have any more: it lost its end. */
export const viewsAhead = async (
  directory: string,
  log: Pick<LogReader, 'tail'>,
): Promise<readonly WrongView[]> => {
  // The views first: a log that grows meanwhile is not taken for one that lost something.
  const views = liveViews(directory)
  const tail = await log.tail()
  return views
    .filter(({ position }) => position > tail)
    .map(({ name, position }) => ({
      ...{ kind: 'view', view: name, position },
      detail: `the log ends at position ${tail}: it lost what came after`,
    }))
}

export const viewsStopped = (directory: string): readonly WrongView[] =>
  liveViews(directory)
    .filter(({ error }) => error !== null)
    .map(({ name, error, errorPosition }) => ({
      ...{ kind: 'view', view: name, position: errorPosition ?? 0 },
      detail: `it stopped here and holds nothing of what came later: ${error}`,
    }))
