/**
 * Runs the projections: reads the log in batches, folds each batch into every view that stands at its place, and writes rows
 * and positions in one transaction. Several processes may run the same file by turns: whoever finds that another one wrote
 * forgets what it has in memory and goes on from what is stored.
 */
import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { projections as allProjections } from '../../projections/all.ts'
import type { Projection } from '../../projections/projection.ts'
import type { LogReader, StoredEvent } from '../log/port.ts'
import { type Batch, readBatch } from './batch.ts'
import { deleteViews, inTransaction, isDamage, openDatabase, viewsFile } from './database.ts'
import { Generation } from './generation.ts'
import { isSameLog, rememberOrigin } from './origin.ts'
import {
  forgive,
  isReady,
  type Registered,
  registered,
  requestRebuild,
  settle,
  switchTo,
} from './register.ts'

export type RunnerOptions = {
  readonly directory: string
  readonly log: LogReader
  readonly projections?: readonly Projection[]
  /** Events folded in one transaction, at most. */
  readonly batch?: number
  /** A view that lacks so many events is far behind: several batches are written at once. */
  readonly far?: number
  /** Lines for the operator: a file was thrown away. */
  readonly notice?: (line: string) => void
  /** The line that says which view stopped, where and why. */
  readonly onStop?: (line: string) => void
}

/** What one transaction writes: `last`, and what was gathered before it, from `first` on. */
type Gathered = { readonly first: Batch; readonly last: Batch; readonly after: number }

const foldInto = (generations: readonly Generation[], { first, last, after }: Gathered, db: DatabaseSync) => {
  for (const generation of generations) {
    if (last.kind === 'damage') generation.stop(last)
    // One that went back is not at this place.
    else if (generation.position === after) generation.take(last.events)
  }
  for (const batch of [first, last]) if (batch.kind === 'events') rememberOrigin(db, batch.events)
}

/** Events that all views fold one after the other while they are still in the processor's cache. */
const slice = 200
function* slices(events: readonly StoredEvent[]): Generator<readonly StoredEvent[]> {
  for (let from = 0; from < events.length; from += slice) yield events.slice(from, from + slice)
}

/** Batches gathered for one transaction where a view is far behind: rows that change again meanwhile are written once. */
const together = 10

/**
 * Events a view may lack when its indexes are made. Up to there it does without: rows that are put into six orders one by one
 * take three times as long as rows that are sorted at the end.
 */
const nearEnd = 10_000

/** Another process changed the file since we looked. */
class OthersWrote extends Error {}

const readDataVersion = 'PRAGMA data_version'

/** A number that changes when another connection has committed. */
const dataVersion = (db: DatabaseSync): number => Number(db.prepare(readDataVersion).get()?.data_version)

export class Runner {
  readonly #directory: string
  readonly #log: LogReader
  readonly #projections: readonly Projection[]
  readonly #batch: number
  readonly #far: number
  readonly #notice: (line: string) => void
  readonly #onStop: (line: string) => void
  #db: DatabaseSync
  #inode = 0
  #dataVersion = -1
  #generations: readonly Generation[] = []
  #turn = 0

  private constructor({ directory, log, projections, batch, far, notice, onStop }: RunnerOptions) {
    this.#directory = directory
    this.#log = log
    this.#projections = projections ?? allProjections
    this.#batch = batch ?? 2_000
    this.#far = far ?? 40_000
    this.#notice = notice ?? (() => {})
    this.#onStop = onStop ?? (() => {})
    this.#db = openDatabase(directory, this.#notice)
  }

  /** Opens `views.sqlite`, or makes it; throws it away if it was computed from another log. */
  static async open(options: RunnerOptions): Promise<Runner> {
    const runner = new Runner(options)
    await runner.#begin()
    return runner
  }

  /** The position every live view has reached; one that has stopped counts only where all have. */
  position(): number {
    const live = this.#generations.filter(({ role }) => role === 'live')
    const going = live.filter(({ stopped }) => stopped === null)
    const counted = going.length > 0 ? going : live
    return counted.length > 0 ? Math.min(...counted.map(({ position }) => position)) : 0
  }

  /** How far the slowest view is, those built beside others included. */
  slowest(): number {
    const going = this.#generations.filter(({ stopped }) => stopped === null)
    return Math.min(this.position(), ...going.map(({ position }) => position))
  }

  /** A view of another version is being replaced: what can be read is not of this release. */
  isReplacing(): boolean {
    const live = new Set(
      this.#generations.filter(({ role }) => role === 'live').map(({ projection }) => projection.name),
    )
    return this.#projections.some(({ name }) => !live.has(name))
  }

  /**
   * Folds one batch into the views that stand at one place, if there is one; false when nothing is left to do.
   * A damaged file is thrown away and begun again.
   */
  async step(): Promise<boolean> {
    try {
      await this.#reopenIfGone()
      if (this.#othersWrote()) this.#load()
      return await this.#foldBatch(await this.#log.tail())
    } catch (error) {
      if (!isDamage(error)) throw error
      await this.#startOver(`views.sqlite is damaged (${(error as Error).message})`)
      return true
    }
  }

  /** Builds the view again from the beginning of the log, beside the one that is read meanwhile. */
  rebuild(name: string): void {
    inTransaction(this.#db, () => requestRebuild(this.#db, name))
    this.#load()
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close()
  }

  async #begin(): Promise<void> {
    this.#inode = statSync(viewsFile(this.#directory)).ino
    if (!(await isSameLog(this.#db, this.#log)))
      return this.#startOver('views.sqlite was computed from another log')
    inTransaction(this.#db, () => forgive(this.#db))
    this.#load()
  }

  async #startOver(why: string): Promise<void> {
    this.#notice(`${why}; it is deleted and built again from the log`)
    this.close()
    deleteViews(this.#directory)
    this.#db = openDatabase(this.#directory, this.#notice)
    await this.#begin()
  }

  /** Somebody may delete the file under us: it is only a view. */
  async #reopenIfGone(): Promise<void> {
    const found = statSync(viewsFile(this.#directory), { throwIfNoEntry: false })
    if (found?.ino === this.#inode) return
    this.#notice('views.sqlite was deleted; it is built again from the log')
    this.close()
    this.#db = openDatabase(this.#directory, this.#notice)
    await this.#begin()
  }

  #othersWrote(): boolean {
    return dataVersion(this.#db) !== this.#dataVersion
  }

  /** Takes up what the file says: which generations there are, how far they are, and what was asked for. */
  #load(): void {
    const rows = inTransaction(this.#db, () => {
      settle(this.#db, this.#projections)
      return registered(this.#db)
    })
    this.#dataVersion = dataVersion(this.#db)
    this.#generations = rows.flatMap((row) => this.#generation(row))
  }

  /** None for a generation of another version: its fold is not in this release. */
  #generation({ name, generation, version, role, position, error, errorPosition }: Registered): Generation[] {
    const projection = this.#projections.find((one) => one.name === name && one.version === version)
    if (projection === undefined) return []
    const made = new Generation(this.#db, projection, { number: generation, role, position })
    if (error !== null) made.stopped = { position: errorPosition ?? position, error }
    return [made]
  }

  async #foldBatch(tail: number): Promise<boolean> {
    const behind = this.#generations.filter(({ position, stopped }) => stopped === null && position < tail)
    const places = [...new Set(behind.map(({ position }) => position))]
    // A rebuild and the live views take turns, so that neither waits for the other.
    const place = places[this.#turn++ % places.length]
    if (place === undefined) return this.#makeIndexes(tail) || this.#switchReady(tail)
    const here = behind.filter(({ position }) => position === place)
    const gathered = await this.#gather(here, place, tail)
    if (gathered === null) return false
    // A rebuild that was asked for meanwhile has had everything taken up anew.
    if (!here.every((generation) => this.#generations.includes(generation))) return true
    this.#commit(here, () => foldInto(here, gathered, this.#db))
    this.#makeIndexes(tail)
    this.#switchReady(tail)
    return true
  }

  /** Null where there is nothing (yet). */
  async #gather(here: readonly Generation[], place: number, tail: number): Promise<Gathered | null> {
    const first = await readBatch(this.#log, place, this.#batch)
    if (first.kind === 'events' && first.events.length === 0) return null
    let [last, after] = [first, place]
    for (let count = 1; count < together && this.#mayGather(here, tail - after); count++) {
      if (last.kind === 'damage') break
      const standing = here.filter(({ position }) => position === after)
      for (const some of slices(last.events)) for (const generation of standing) generation.gather(some)
      after = last.events.at(-1)!.position
      const next = await readBatch(this.#log, after, this.#batch)
      // Damage is met again, when what stands before it is written.
      last = next.kind === 'damage' ? { kind: 'events', events: [] } : next
      if (last.events.length === 0) break
    }
    return { first, last, after }
  }

  #mayGather(here: readonly Generation[], lacking: number): boolean {
    return lacking > this.#far * (this.#log.spacing ?? 1) && here.every(({ gathers }) => gathers)
  }

  /** The one transaction for rows and positions. */
  #commit(generations: readonly Generation[], fold: () => void): void {
    try {
      inTransaction(this.#db, () => {
        if (this.#othersWrote()) throw new OthersWrote()
        fold()
      })
    } catch (error) {
      // What is in memory is ahead of what is stored: take up what is stored.
      this.#load()
      if (!(error instanceof OthersWrote)) throw error
      return
    }
    this.#reportStops(generations)
  }

  #reportStops(generations: readonly Generation[]): void {
    for (const { projection, stopped } of generations)
      if (stopped !== null)
        this.#onStop(`view ${projection.name} stopped at position ${stopped.position}: ${stopped.error}`)
  }

  /** One transaction for each index: nobody who wants to write waits for all of them. */
  #makeIndexes(tail: number): boolean {
    const isNear = ({ position, stopped }: Generation): boolean =>
      stopped !== null || tail - position <= nearEnd * (this.#log.spacing ?? 1)
    for (let made = false; ; made = true) {
      const bare = this.#generations.find((generation) => !generation.isIndexed && isNear(generation))
      if (bare === undefined) return made
      this.#commit([], () => bare.makeIndex())
    }
  }

  #switchReady(tail: number): boolean {
    if (this.#generations.every(({ role }) => role === 'live')) return false
    const switched = inTransaction(this.#db, () => this.#switchAll(tail))
    if (switched) this.#load()
    return switched
  }

  #isIndexed({ generation }: Registered): boolean {
    return this.#generations.some(({ number, isIndexed }) => number === generation && isIndexed)
  }

  #switchAll(tail: number): boolean {
    let switched = false
    const rows = registered(this.#db)
    for (const next of rows.filter(({ role }) => role === 'next')) {
      const live = rows.find(({ name, role }) => name === next.name && role === 'live')
      const projection = this.#projections.find(({ name }) => name === next.name)
      if (live === undefined || projection === undefined || !isReady(next, live, tail)) continue
      if (!this.#isIndexed(next)) continue
      switchTo(this.#db, projection, next, live)
      switched = true
    }
    return switched
  }
}
