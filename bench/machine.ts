/** What the numbers were measured on. */
import { closeSync, fdatasyncSync, openSync, readFileSync, statfsSync, unlinkSync, writeSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { versionOf } from './fsmtp.ts'
import { postfixVersion } from './postfix.ts'
import { median } from './rounds.ts'

const tmpfs = 0x01021994
const syncs = 200
const syncBytes = 80 * 1024

/** Median milliseconds of an append of 80 KiB and its fdatasync, in this directory. */
export const measureSync = (directory: string): number => {
  const file = join(directory, 'sync')
  const bytes = Buffer.alloc(syncBytes, 7)
  const descriptor = openSync(file, 'w')
  const times = Array.from({ length: syncs }, () => {
    const startedAt = performance.now()
    writeSync(descriptor, bytes)
    fdatasyncSync(descriptor)
    return performance.now() - startedAt
  })
  closeSync(descriptor)
  unlinkSync(file)
  return median(times)
}

/** A file system in memory knows no fsync, and numbers from it would mean nothing. */
export const inMemory = (directory: string): boolean => statfsSync(directory).type === tmpfs

const sqliteVersion = (): string => {
  const database = new DatabaseSync(':memory:')
  const row = database.prepare('SELECT sqlite_version() AS version').get()
  database.close()
  return String(row?.version)
}

const busy = (): string => readFileSync('/proc/loadavg', 'latin1').split(' ')[0] ?? '?'

/** Lines for the head of the table. */
export const describe = (directory: string): readonly string[] => [
  `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, load before ${busy()}`,
  `Node ${process.versions.node}, SQLite ${sqliteVersion()}, xstate ${versionOf('xstate')}, smtp-server ${versionOf('smtp-server')}, Postfix ${postfixVersion() ?? 'not installed'}`,
  `fdatasync of an 80 KiB append in the data's directory: ${measureSync(directory).toFixed(2)} ms (median of ${syncs}); the log runs with synchronous=FULL`,
]
