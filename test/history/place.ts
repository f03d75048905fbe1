/** A data directory of a test's own, with a log in it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { EventLog } from '../../src/log/port.ts'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'

export const placeFor = async (test: TestContext): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'fsmtp-history-'))
  test.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** An empty log, closed after the test. */
export const logFor = async (test: TestContext): Promise<EventLog> => {
  const log = await openSqliteLog({ directory: await placeFor(test) })
  test.after(() => log.close())
  return log
}
