/**
 * What a crash leaves behind: files in `incoming/` that were never finished, and finished files whose event never came
 * to be. Both are recognised when the store opens, before anything new can be among them.
 *
 * A finished file is garbage when it was there when the store opened and no event in the whole log names it. So as not
 * to read the whole log at each start, only files that came since the opening before are suspected, and first the
 * events since then are asked; both are kept in `content/opened.json`. The whole log is read only when a file would be
 * removed, since times of files say little after a copy or a restored backup.
 */
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogReader, StoredEvent } from '../log/port.ts'
import { isId, isMissing, type Places } from './places.ts'
import type { SweepReport } from './port.ts'
import { settleSuspects, suspectsIn } from './together/sweep.ts'

/** When the store was opened, and where the log ended then. */
type Opening = { readonly at: number; readonly position: number }
const never: Opening = { at: 0, position: 0 }
/** Clocks of file systems are coarser than ours. */
const clockTolerance = 10_000

/** Resolves once everything that may be swept is known; `swept` of it when it has been. */
export const beginSweep = async (
  places: Places,
  log: LogReader,
): Promise<{ swept: Promise<SweepReport> }> => {
  const last = await readOpening(places)
  const unfinished = await filesIn(places.incoming)
  const suspects = await finishedSince(places, last.at - clockTolerance)
  const together = suspectsIn(places.together)
  const now: Opening = { at: Date.now(), position: await log.tail() }
  const sweep = async (): Promise<SweepReport> => {
    for (const path of unfinished) await rm(path, { force: true })
    const untold = await withoutEvent(suspects, log, last.position)
    for (const path of untold) await rm(path, { force: true })
    const alone = await withoutEvent(together, log, last.position)
    settleSuspects(places.together, together, alone)
    await writeOpening(places, now)
    return { unfinished: unfinished.length, untold: untold.length + alone.length }
  }
  return { swept: sweep() }
}

/**
 * Of what lies under these ids, all that no event names. Events after a position are asked first; the whole log only where they
 * leave something.
 */
export const withoutEvent = async <Place>(
  suspects: ReadonlyMap<string, Place>,
  log: LogReader,
  after: number,
): Promise<readonly Place[]> => {
  const untold = new Map(suspects)
  await removeTold(untold, log.readAll(after, { filter: { types: ['MessageAccepted'] } }))
  await removeTold(untold, log.readAll(0))
  return [...untold.values()]
}

const removeTold = async (
  untold: Map<string, unknown>,
  pages: AsyncIterable<readonly StoredEvent[]>,
): Promise<void> => {
  if (untold.size === 0) return
  for await (const page of pages) {
    // A refusal names the message too, and wants none of its bytes.
    for (const { type, data } of page)
      if (type !== 'MessageRefused' && typeof data.message === 'string') untold.delete(data.message)
    if (untold.size === 0) return
  }
}

/** Files that came since a time, by id. A folder's own time tells whether any came into it. */
const finishedSince = async (places: Places, since: number): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>()
  for (const folder of await filesIn(places.root)) {
    if (folder === places.incoming || !(await cameSince(folder, since, 'folder'))) continue
    for (const file of await filesIn(folder)) {
      const id = file.slice(folder.length + 1)
      if (isId(id) && (await cameSince(file, since, 'file'))) found.set(id, file)
    }
  }
  return found
}

const cameSince = async (path: string, since: number, kind: 'file' | 'folder'): Promise<boolean> => {
  const found = await stat(path)
  return (
    (kind === 'folder' ? found.isDirectory() : found.isFile()) &&
    Math.max(found.mtimeMs, found.ctimeMs) >= since
  )
}

const filesIn = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder)).map((name) => join(folder, name))

const readOpening = async (places: Places): Promise<Opening> => {
  try {
    const found = JSON.parse(await readFile(join(places.root, 'opened.json'), 'utf8')) as Partial<Opening>
    return { at: Number(found.at ?? 0), position: Number(found.position ?? 0) }
  } catch (error) {
    // Half a file is as good as none: then everything is looked at.
    if (isMissing(error) || error instanceof SyntaxError) return never
    throw error
  }
}

const writeOpening = async (places: Places, opening: Opening): Promise<void> => {
  const path = join(places.root, 'opened.json')
  await writeFile(`${path}.new`, JSON.stringify(opening), { mode: 0o600 })
  await rename(`${path}.new`, path)
}
