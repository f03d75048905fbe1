import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteLog, openSqliteReader } from '../../src/log/sqlite/index.ts'
import { eventLogContract, type OpenedLog } from './event-log.ts'

const open = async (): Promise<OpenedLog> => {
  const directory = await mkdtemp(join(tmpdir(), 'fsmtp-log-'))
  let log = await openSqliteLog({ directory })
  return {
    log,
    reopen: async () => {
      await log.close()
      log = await openSqliteLog({ directory })
      return log
    },
    reader: async () => openSqliteReader({ directory, pollEvery: 5 }),
    dispose: async () => {
      await log.close()
      await rm(directory, { recursive: true })
    },
  }
}

eventLogContract({
  name: 'SQLite',
  keeps: 'for the next opening',
  readableBy: 'every process',
  positions: 'dense',
  forgets: 'at once',
  several: 'all or none',
  open,
})
