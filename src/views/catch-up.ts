/**
 * Waiting for the views: until they hold what the log held when somebody asked. With a server up its thread does the work;
 * without one, whoever asks does it.
 */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import type { Projection } from '../../projections/projection.ts'
import type { LogReader } from '../log/port.ts'
import { deleteViews, isDamage, viewsFile } from './database.ts'
import { isServed } from './presence.ts'
import { type Registered, registered, requestsWaiting } from './register.ts'
import { Runner } from './runner.ts'

export type CatchUpOptions = {
  /** Milliseconds to wait for a server that is busy; default 30,000. */
  readonly timeout?: number
  /** Called now and then with the events folded so far and those there are. */
  readonly progress?: (done: number, all: number) => void
  /** Wait also until no view is being built again. */
  readonly rebuilt?: boolean
  /** Milliseconds to wait where another release's rows are in place; default: the time-out. */
  readonly foreignTimeout?: number
  /** The views that matter; all when absent. */
  readonly names?: readonly string[]
}

/** A view whose rows another release made: they may lack what this one asks for. */
export type Foreign = {
  readonly name: string
  readonly version: number
  /** How far this release's own is, built beside it; null where nobody builds it. */
  readonly built: number | null
}

export type CaughtUp = {
  /** Events the slowest view that goes on still lacks: 0 unless the time-out was over. */
  readonly behind: number
  /** Views that stopped at an event they could not fold: what they say ends there. */
  readonly stopped: readonly { readonly name: string; readonly position: number; readonly error: string }[]
  /** Views that must not be asked yet. */
  readonly foreign: readonly Foreign[]
}

export type Place = {
  readonly directory: string
  readonly log: LogReader
  readonly projections: readonly Projection[]
  readonly notice: (line: string) => void
}

const lookEvery = 10
const isServedEvery = 250

/** How far the views are, all together; null where there is no usable file (yet). */
type Standing = Omit<CaughtUp, 'behind'> & { readonly done: number; readonly isDone: boolean }

type Wanted = { readonly target: number; readonly rebuilt: boolean; readonly spacing: number }

const isGoing = ({ error }: Registered): boolean => error === null

/** Position of one view, or 0 when what can be read is of another version. */
const doneOf = (
  { version }: Projection,
  live: Registered,
  next: Registered | undefined,
  rebuilt: boolean,
): number => {
  if (live.version !== version) return 0
  return rebuilt && next !== undefined && isGoing(next)
    ? Math.min(live.position, next.position)
    : live.position
}

const standingOf = (
  rows: readonly Registered[],
  {
    projections,
    target,
    rebuilt,
    requests,
  }: { projections: readonly Projection[]; target: number; rebuilt: boolean; requests: number },
): Standing => {
  const going: number[] = []
  const stopped: { name: string; position: number; error: string }[] = []
  const foreign: Foreign[] = []
  let isBuilding = requests > 0
  for (const projection of projections) {
    const own = rows.filter(({ name }) => name === projection.name)
    const live = own.find(({ role }) => role === 'live')
    const next = own.find(({ role }) => role === 'next')
    if (next !== undefined && isGoing(next)) isBuilding = true
    const fault = own.find((row) => !isGoing(row))
    if (fault)
      stopped.push({ name: fault.name, position: fault.errorPosition ?? 0, error: fault.error ?? '' })
    if (live !== undefined && live.version !== projection.version)
      foreign.push({ name: live.name, version: live.version, built: next?.position ?? null })
    if (live === undefined) going.push(0)
    else if (isGoing(live)) going.push(doneOf(projection, live, next, rebuilt))
  }
  const done = going.length === 0 ? target : Math.min(...going)
  return { done, isDone: done >= target && !(rebuilt && isBuilding), stopped, foreign }
}

const look = (
  { directory, projections }: Place,
  { target, rebuilt }: { target: number; rebuilt: boolean },
): Standing | null => {
  if (!existsSync(viewsFile(directory))) return null
  const db = new DatabaseSync(viewsFile(directory), { readOnly: true, timeout: 10_000 })
  try {
    // One snapshot: a request that is taken up between two looks would be seen in neither.
    db.exec('BEGIN')
    return standingOf(registered(db), { projections, target, rebuilt, requests: requestsWaiting(db) })
  } finally {
    db.close()
  }
}

/** As `look`; a damaged file is deleted, and made anew by whoever keeps the views. */
const lookAnyhow = (place: Place, wanted: { target: number; rebuilt: boolean }): Standing | null => {
  try {
    return look(place, wanted)
  } catch (error) {
    if (isNotYetMade(error)) return null
    if (!isDamage(error)) throw error
    place.notice('views.sqlite is damaged; it is deleted and built again from the log')
    deleteViews(place.directory)
    return null
  }
}

/** Somebody is making the file at this moment. */
const isNotYetMade = (error: unknown): boolean =>
  error instanceof Error && /no such table|unable to open/.test(error.message)

/** Where positions are not dense, the number of events is an estimate, and 0 only when nothing is lacking. */
const behindOf = (standing: Standing | null, { target, spacing }: Wanted): CaughtUp => ({
  behind: Math.ceil(Math.max(0, target - (standing?.done ?? 0)) / spacing),
  stopped: standing?.stopped ?? [],
  foreign: standing?.foreign ?? [],
})

/** Folds what is missing in this process, where no server keeps the views. Should one start meanwhile, both take turns. */
const catchUpHere = async (
  place: Place,
  { target, rebuilt }: { target: number; rebuilt: boolean },
  progress: CatchUpOptions['progress'],
): Promise<void> => {
  const runner = await Runner.open(place)
  try {
    while (await runner.step()) {
      progress?.(runner.slowest(), target)
      if (!rebuilt && runner.position() >= target && !runner.isReplacing()) return
    }
  } finally {
    runner.close()
  }
}

/** @throws whatever keeps the log from being read */
export const catchUp = async (
  everything: Place,
  { timeout = 30_000, foreignTimeout = timeout, progress, rebuilt = false, names }: CatchUpOptions,
): Promise<CaughtUp> => {
  const projections = everything.projections.filter(({ name }) => names?.includes(name) ?? true)
  const place = { ...everything, projections }
  const wanted = { target: await place.log.tail(), rebuilt, spacing: place.log.spacing ?? 1 }
  const begun = performance.now()
  for (let nextProbe = 0; ; ) {
    const standing = lookAnyhow(place, wanted)
    if (standing?.isDone) return behindOf(standing, wanted)
    const time = performance.now()
    if (time >= nextProbe) {
      nextProbe = time + isServedEvery
      if (!(await isServed(place.directory))) {
        await catchUpHere(everything, wanted, progress)
        return behindOf(lookAnyhow(place, wanted), wanted)
      }
    }
    const isForeign = (standing?.foreign.length ?? 0) > 0
    if (time > begun + (isForeign ? foreignTimeout : timeout)) return behindOf(standing, wanted)
    progress?.(standing?.done ?? 0, wanted.target)
    await pause(lookEvery)
  }
}
