/** What the tests of the log's faults have in common. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Append, type EventLog, kindOf, type LogReader, type NewEvent } from '../../src/log/port.ts'
import { openSqliteLog, type SqliteLogOptions } from '../../src/log/sqlite/index.ts'

const noted = kindOf('Noted', 1, { machine: 'test' })

const logs = new WeakMap<TestContext, EventLog[]>()

/** Hooks run in the order in which they were asked for, and not at all after one that failed: hence one for both. */
const endWith = (test: TestContext, directory: string): void => {
  logs.set(test, [])
  test.after(async () => {
    for (const log of logs.get(test) ?? []) await log.close()
    await rm(directory, { recursive: true, force: true })
  })
}

/** A directory of the test's own, removed when it ends. */
export const directoryFor = async (test: TestContext): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'fsmtp-log-'))
  if (logs.has(test)) test.after(() => rm(directory, { recursive: true, force: true }))
  else endWith(test, directory)
  return directory
}

/** A log that is closed when the test ends, before its directory (which came from `directoryFor`) is removed. */
export const openLogFor = async (test: TestContext, options: SqliteLogOptions): Promise<EventLog> => {
  const log = await openSqliteLog(options)
  const opened = logs.get(test)
  if (opened) opened.push(log)
  else test.after(() => log.close())
  return log
}

let last = 0
export const event = (data: object = {}): NewEvent => ({
  id: `00000000-0000-4000-8000-${String(++last).padStart(12, '0')}`,
  kind: noted,
  at: 1_700_000_000_000,
  data,
})
export const append = (
  stream: string,
  expected: number,
  events: readonly NewEvent[] = [event()],
): Append[] => [{ stream, expected, events }]

export const positionsIn = async (reader: LogReader): Promise<number[]> => {
  const positions: number[] = []
  for await (const page of reader.readAll(0)) positions.push(...page.map(({ position }) => position))
  return positions
}
export const upTo = (last: number): number[] => Array.from({ length: last }, (_, n) => n + 1)
