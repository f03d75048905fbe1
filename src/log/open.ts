/** Which engine keeps the log: the one the configuration names. The data directory is this process's own either way. */
import { withContents } from '../content/beside.ts'
import { bodiesOf } from '../content/open.ts'
import { around } from './around.ts'
import { isKurrentAddress, openKurrentLog } from './kurrent/index.ts'
import { DirectoryInUse, type DirectoryLock, lockDirectory } from './lock.ts'
import type { EventLog, LogReader } from './port.ts'
import { isMade, openSqliteLog, openSqliteReader } from './sqlite/index.ts'

/** Of a configuration: the data directory, `sqlite` or the address of a database, and where bodies are beside a database. */
export type LogPlace = { readonly data: string; readonly log: string; readonly content?: string }

/** Whether there is something to read. A database is asked when it is opened. */
export const hasLog = ({ data, log }: LogPlace): boolean => isKurrentAddress(log) || isMade(data)

/**
 * Opens the log for a server, which holds the data directory as long.
 * @throws DirectoryInUse, LogDamaged, LogUnavailable
 */
export const openLog = async (place: LogPlace): Promise<EventLog> => {
  const { data, log } = place
  if (!isKurrentAddress(log)) return openSqliteLog({ directory: data })
  const lock = lockDirectory(data)
  try {
    return releasing(await openDatabase(place), lock)
  } catch (error) {
    lock.release()
    throw error
  }
}

/**
 * Opens the log for a command that appends where no server takes its request. In a database it may append beside a server;
 * without one it holds the directory, or a server that starts meanwhile would sweep away bodies whose events are still to come.
 * @throws DirectoryInUse where the log is in the directory, LogDamaged, LogUnavailable
 */
export const openLogBeside = async (place: LogPlace): Promise<EventLog> => {
  try {
    return await openLog(place)
  } catch (error) {
    if (error instanceof DirectoryInUse && isKurrentAddress(place.log)) return openDatabase(place)
    throw error
  }
}

/** Opens the log for reading only, whether or not a server is at work. @throws LogUnavailable */
export const openLogReader = async (place: LogPlace): Promise<LogReader> =>
  isKurrentAddress(place.log) ? openDatabase(place) : openSqliteReader({ directory: place.data })

const openDatabase = async ({ data, log, content = 'files' }: LogPlace): Promise<EventLog> =>
  withContents(await openKurrentLog({ url: log }), { bodies: bodiesOf({ data, content }) })

const releasing = (log: EventLog, lock: DirectoryLock): EventLog =>
  around(log, {
    close: async () => {
      await log.close()
      lock.release()
    },
  })
