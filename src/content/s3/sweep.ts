/**
 * What crashes and silent buckets leave behind: uploads that were never finished, and objects whose event never came to be.
 * Several servers may keep their bodies in one bucket, with one log or with several, so an object is removed only when all of
 * this is so:
 *
 * - its key is one of ours, and it was written by the holder of this data directory: it carries its mark;
 * - it is more than a day old, by the bucket's own clock;
 * - no event in the whole log names it.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogReader } from '../../log/port.ts'
import { isMissing } from '../places.ts'
import type { SweepReport } from '../port.ts'
import { withoutEvent } from '../sweep.ts'
import type { Bucket } from './bucket.ts'
import type { Keys } from './keys.ts'

const day = 24 * 60 * 60 * 1000
/** Suspects looked for in the log at a time. */
const atATime = 20_000

/** What is remembered from one sweep to the next, in the data directory. */
type Memory = {
  /** Marks what this server writes. Never copied to another directory: a copy that is tried out must not sweep. */
  readonly writer: string
  /** Objects older than this, by the bucket's clock, were looked at. */
  readonly until: number
  /** Where the log ended when the sweep before began. */
  readonly position: number
}

export const readMemory = async (directory: string): Promise<Memory> => {
  const fresh = { writer: randomUUID(), until: 0, position: 0 }
  try {
    const found = JSON.parse(await readFile(fileIn(directory), 'utf8')) as Partial<Memory>
    const { writer = fresh.writer, until = 0, position = 0 } = found
    return { writer, until: Number(until), position: Number(position) }
  } catch (error) {
    if (!isMissing(error) && !(error instanceof SyntaxError)) throw error
    await writeMemory(directory, fresh)
    return fresh
  }
}

const fileIn = (directory: string): string => join(directory, 'content', 'bucket.json')

const writeMemory = async (directory: string, memory: Memory): Promise<void> => {
  const path = fileIn(directory)
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
  await writeFile(`${path}.new`, JSON.stringify(memory), { mode: 0o600 })
  await rename(`${path}.new`, path)
}

export type SweepOptions = {
  readonly bucket: Bucket
  readonly keys: Keys
  readonly log: LogReader
  readonly directory: string
  /** Milliseconds by the bucket's clock. */
  readonly now: number
  readonly signal: AbortSignal
}

export const sweep = async (options: SweepOptions): Promise<SweepReport> => {
  const { log, directory, now } = options
  const memory = await readMemory(directory)
  const position = await log.tail()
  const unfinished = await sweepUploads(options)
  let untold = 0
  for await (const suspects of suspected(options, memory))
    untold += await sweepObjects(options, suspects, memory)
  await writeMemory(directory, { ...memory, until: now - day, position })
  return { unfinished, untold }
}

/** No message takes a day to come in, whoever's it is. */
const sweepUploads = async ({ bucket, keys, now, signal }: SweepOptions): Promise<number> => {
  let removed = 0
  for await (const page of bucket.uploads(keys.root)) {
    signal.throwIfAborted()
    for (const upload of page) {
      if (keys.idOf(upload.key) === null || upload.begun > now - day) continue
      await bucket.abortUpload(upload)
      removed++
    }
  }
  return removed
}

/** Objects by id, a bounded number at a time. */
async function* suspected(
  { bucket, keys, now, signal }: SweepOptions,
  { until }: Memory,
): AsyncGenerator<ReadonlyMap<string, string>> {
  let suspects = new Map<string, string>()
  for await (const page of bucket.list(keys.root)) {
    signal.throwIfAborted()
    for (const { key, modified } of page) {
      const id = keys.idOf(key)
      // The bucket tells whole seconds.
      if (id !== null && modified <= now - day && modified >= until - 1000) suspects.set(id, key)
    }
    if (suspects.size < atATime) continue
    yield suspects
    suspects = new Map()
  }
  if (suspects.size > 0) yield suspects
}

const sweepObjects = async (
  { bucket, keys, log, signal }: SweepOptions,
  suspects: ReadonlyMap<string, string>,
  { writer, position }: Memory,
): Promise<number> => {
  let removed = 0
  for (const key of await withoutEvent(suspects, log, position)) {
    signal.throwIfAborted()
    const found = await bucket.head(key)
    if (found?.marks[keys.mark] !== writer) continue
    await bucket.remove(key)
    removed++
  }
  return removed
}
