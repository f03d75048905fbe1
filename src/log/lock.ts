/**
 * One process for one data directory. The lock is an exclusive SQLite lock on the file `lock`, so the operating system
 * frees it however the holder ends. Who holds it is written beside it, in `lock.pid`, for people to read.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isBusy } from './sqlite/faults.ts'

export type DirectoryLock = {
  /** Lets the next process in. Calling it again does nothing. */
  release(): void
}

/** Another process works on this data. */
export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse'
  readonly directory: string
  /** Process id of the holder, as far as it is known. */
  readonly pid: number | null
  constructor(directory: string, pid: number | null) {
    const holder = pid === null ? 'another process' : `process ${pid}`
    super(`${directory} is in use by ${holder}; stop it, or choose another directory with --data`)
    this.directory = directory
    this.pid = pid
  }
}

/**
 * Takes the directory for this process; makes it, with mode 0700, where it is missing.
 *
 * The file `lock` must never be opened other than through SQLite: closing any descriptor of a file frees all locks the
 * process holds on it.
 * @throws DirectoryInUse
 */
export const lockDirectory = (directory: string): DirectoryLock => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  closeToOthers(directory)
  const pidFile = join(directory, 'lock.pid')
  const holder = takeLock(directory, pidFile)
  writePid(pidFile)
  return {
    release: () => {
      if (!holder.isOpen) return
      rmSync(pidFile, { force: true })
      holder.close()
    },
  }
}

/** Whether another process works on this data: asked without taking or making anything. @throws DirectoryInUse */
export const mustBeFree = (directory: string): void => {
  if (existsSync(join(directory, 'lock'))) takeLock(directory, join(directory, 'lock.pid')).close()
}

/** Passwords and mail lie here: a directory that was made by other hands is closed to others when it is ours. */
const closeToOthers = (directory: string): void => {
  const { uid, mode } = statSync(directory)
  if ((mode & 0o077) === 0 || process.getuid === undefined || uid !== process.getuid()) return
  chmodSync(directory, 0o700)
}

/** A file of our own in the place of whatever stands there, were it a link to somewhere else. */
const writePid = (pidFile: string): void => {
  rmSync(pidFile, { force: true })
  writeFileSync(pidFile, `${process.pid}\n`, { flag: 'wx', mode: 0o600 })
}

const takeLock = (directory: string, pidFile: string): DatabaseSync => {
  const holder = new DatabaseSync(join(directory, 'lock'), { timeout: 0 })
  try {
    // No journal: nothing is ever written, the lock is all there is.
    holder.exec('PRAGMA journal_mode = OFF')
    holder.exec('BEGIN EXCLUSIVE')
    return holder
  } catch (error) {
    holder.close()
    if (isBusy(error)) throw new DirectoryInUse(directory, readPid(pidFile))
    throw error
  }
}

const readPid = (pidFile: string): number | null => {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
    return Number.isNaN(pid) ? null : pid
  } catch {
    return null
  }
}
