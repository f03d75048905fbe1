/**
 * A copy of a data directory that a server may be writing to meanwhile. The log is copied first, as it is at one moment;
 * the bodies after it, so that each body named by an event of the copy was finished before and is copied too. What came
 * later may be among the bodies; the next start on the copy sweeps it away.
 */
import { constants, existsSync } from 'node:fs'
import { copyFile, mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { backup as copyDatabase, DatabaseSync } from 'node:sqlite'
import { LogDamaged, LogUnavailable } from './port.ts'
import { openSqliteReader } from './sqlite/index.ts'
import { logFile } from './sqlite/tables.ts'

export type BackupOptions = {
  /** The data directory to copy. */
  readonly directory: string
  /** Where to: made if it is missing, refused if there is anything in it. */
  readonly target: string
  /** Parts done of parts in all: pages of the log, then files. */
  readonly progress?: (done: number, all: number) => void
}
export type Backup = {
  /** Events in the copy, each of them read there and compared with its sum. */
  readonly events: number
  /** Large bodies, files of `tls/`, and the key of return paths. */
  readonly files: number
  /** Null for a copy that is whole; else what is wrong in it, and in the original as well. */
  readonly damage: LogDamaged | null
}

/** There is something where the copy should go. */
export class TargetNotEmpty extends Error {
  override readonly name = 'TargetNotEmpty'
  constructor(target: string) {
    super(`${target} is not empty; choose a directory that is empty or does not exist`)
  }
}

/** Pages of the log copied at a time, so that progress can be told. */
const pagesAtATime = 1024
/**
 * What is copied beside the log. Views are computed again; `opened.json` and `bucket.json` tell of the original only: a copy that
 * is tried out must not sweep the original's bucket.
 */
const folders = ['content', 'tls'] as const
/** Without it, reports on mail that was forwarded could not be passed on. */
const singleFiles = ['srs.key'] as const
const leftOut = new Set([
  'content/incoming',
  ...['opened', 'bucket'].flatMap((name) => [`content/${name}.json`, `content/${name}.json.new`]),
])

/** @throws TargetNotEmpty, LogUnavailable where there is no log */
export const backup = async ({ directory, target, progress }: BackupOptions): Promise<Backup> => {
  const source = openSource(directory)
  try {
    await prepare(target)
    await copyLog({ source, target, progress })
  } finally {
    source.close()
  }
  const files: string[] = singleFiles.filter((file) => existsSync(join(directory, file)))
  for (const folder of folders) files.push(...(await filesUnder(directory, folder)))
  for (const [done, file] of files.entries()) {
    await copyOne(join(directory, file), join(target, file))
    progress?.(done + 1, files.length)
  }
  await syncFolders(target, files)
  return { ...(await readCopy(target)), files: files.length }
}

const prepare = async (target: string): Promise<void> => {
  await mkdir(target, { recursive: true, mode: 0o700 })
  if ((await readdir(target)).length > 0) throw new TargetNotEmpty(target)
}

type LogCopy = Pick<BackupOptions, 'target' | 'progress'> & { readonly source: DatabaseSync }
const copyLog = async ({ source, target, progress }: LogCopy): Promise<void> => {
  // An open reading keeps the moment: without it, each commit of the server would start the copying again.
  source.exec('BEGIN')
  source.prepare('SELECT max(position) FROM records').get()
  await copyDatabase(source, logFile(target), {
    rate: pagesAtATime,
    progress: ({ totalPages, remainingPages }) => progress?.(totalPages - remainingPages, totalPages),
  })
  await sync(logFile(target))
}

const openSource = (directory: string): DatabaseSync => {
  try {
    return new DatabaseSync(logFile(directory), { readOnly: true, timeout: 5000 })
  } catch (error) {
    throw new LogUnavailable(`there is no log in ${directory}`, { cause: error })
  }
}

/** Paths relative to the data directory; nothing for a folder that is not there. */
const filesUnder = async (directory: string, folder: string): Promise<readonly string[]> => {
  const entries = await readdir(join(directory, folder), { withFileTypes: true }).catch(() => [])
  const found: string[] = []
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (leftOut.has(path)) continue
    if (entry.isDirectory()) found.push(...(await filesUnder(directory, path)))
    else if (entry.isFile()) found.push(path)
  }
  return found
}

/** Shares blocks with the original where the file system can. */
const copyOne = async (from: string, to: string): Promise<void> => {
  await mkdir(join(to, '..'), { recursive: true, mode: 0o700 })
  await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
  await sync(to)
}

const syncFolders = async (target: string, files: readonly string[]): Promise<void> => {
  const touched = new Set([target])
  for (const file of files)
    for (let at = file.lastIndexOf('/'); at > 0; at = file.lastIndexOf('/', at - 1))
      touched.add(join(target, file.slice(0, at)))
  for (const folder of touched) await sync(folder)
}

const sync = async (path: string): Promise<void> => {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A copy nobody has read is a hope. */
const readCopy = async (target: string): Promise<Pick<Backup, 'events' | 'damage'>> => {
  const reader = openSqliteReader({ directory: target })
  let events = 0
  try {
    for await (const page of reader.readAll(0)) events += page.length
    return { events, damage: null }
  } catch (error) {
    if (error instanceof LogDamaged) return { events, damage: error }
    throw error
  } finally {
    await reader.close()
    for (const beside of ['-wal', '-shm']) await rm(`${logFile(target)}${beside}`, { force: true })
  }
}
