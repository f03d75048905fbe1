/** The thread that copies from the write-ahead log into the database file, beside the writer. */
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { WriterOptions } from './messages.ts'
import { logFile } from './tables.ts'

const { directory, lockTimeout } = workerData as WriterOptions
const database = new DatabaseSync(logFile(directory), { timeout: lockTimeout })
database.exec('PRAGMA synchronous = FULL')
const copy = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')

parentPort!.on('message', () => {
  try {
    copy.get()
  } catch {
    // No room in the database file: what is committed stays in the write-ahead log, and the next call tries again.
  }
  parentPort!.postMessage('copied')
})
