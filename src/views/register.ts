/**
 * Which generations of which views there are, as the `views` table says: making, switching and dropping them. Every
 * function here runs inside its caller's transaction.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Projection } from '../../projections/projection.ts'
import { allRows } from './database.ts'
import type { Role } from './generation.ts'
import { createTables, dropTables, showTables } from './tables.ts'

/** A row of `views`. */
export type Registered = {
  readonly name: string
  readonly generation: number
  readonly version: number
  readonly role: Role
  readonly position: number
  readonly error: string | null
  readonly errorPosition: number | null
}

const everyGeneration = `
  SELECT name, generation, version, role, position, error, errorPosition FROM views ORDER BY name, generation
`
const nextNumber = `SELECT coalesce(max(generation), 0) + 1 AS number FROM views`
const addGeneration = `
  INSERT INTO views (name, generation, version, role) VALUES (:name, :generation, :version, :role)
`
const forgetGeneration = `DELETE FROM views WHERE name = :name AND generation = :generation`
const makeLive = `UPDATE views SET role = 'live' WHERE name = :name AND generation = :generation`
const everyRequest = `SELECT id, name FROM requests ORDER BY id`
const addRequest = `INSERT INTO requests (name) VALUES (:name)`
const forgetRequests = `DELETE FROM requests`
const forgiveErrors = `UPDATE views SET error = NULL, errorPosition = NULL`

export const registered = (db: DatabaseSync): readonly Registered[] =>
  allRows<Registered>(db, everyGeneration)

const create = (db: DatabaseSync, projection: Projection, role: Role): void => {
  const { number } = db.prepare(nextNumber).get() as { number: number }
  const { name, version } = projection
  db.prepare(addGeneration).run({ name, generation: number, version, role })
  createTables(db, projection, number)
  if (role === 'live') showTables(db, projection, number)
}

const drop = (db: DatabaseSync, { name, generation }: Registered): void => {
  dropTables(db, generation)
  db.prepare(forgetGeneration).run({ name, generation })
}

/** Asks whoever runs the views to build this one again. */
export const requestRebuild = (db: DatabaseSync, name: string): void => {
  db.prepare(addRequest).run({ name })
}

/** Rebuilds asked for that nobody has taken up yet. */
export const requestsWaiting = (db: DatabaseSync): number => allRows(db, everyRequest).length

/** The names asked for since the last time, each once. */
const takeRequests = (db: DatabaseSync): ReadonlySet<string> => {
  const names = db
    .prepare(everyRequest)
    .all()
    .map(({ name }) => String(name))
  if (names.length > 0) db.prepare(forgetRequests).run()
  return new Set(names)
}

/** Makes what one projection lacks, and drops what is of no use to it any more. */
const settleOne = (
  db: DatabaseSync,
  projection: Projection,
  found: readonly Registered[],
  rebuild: boolean,
): void => {
  const live = found.find(({ role }) => role === 'live')
  if (live === undefined) {
    for (const generation of found) drop(db, generation)
    create(db, projection, 'live')
    return
  }
  const next = found.filter(({ role }) => role === 'next')
  const useful = next.filter(({ version }) => version === projection.version && !rebuild)
  for (const generation of next) if (!useful.includes(generation)) drop(db, generation)
  const isNeeded = rebuild || live.version !== projection.version
  if (isNeeded && useful.length === 0) create(db, projection, 'next')
}

/**
 * Brings the register in line with the projections of this release and the rebuilds asked for. A view of another version
 * stays readable, and its successor is built beside it.
 */
export const settle = (db: DatabaseSync, projections: readonly Projection[]): void => {
  const requests = takeRequests(db)
  const found = registered(db)
  for (const projection of projections) {
    const own = found.filter(({ name }) => name === projection.name)
    settleOne(db, projection, own, requests.has(projection.name))
  }
  const names = new Set(projections.map(({ name }) => name))
  for (const generation of found) if (!names.has(generation.name)) drop(db, generation)
}

/** Lets stopped views try again: whoever starts may have a fold that understands more. */
export const forgive = (db: DatabaseSync): void => {
  db.prepare(forgiveErrors).run()
}

/** Readers see `next` from now on; what they saw before is dropped. */
export const switchTo = (
  db: DatabaseSync,
  projection: Projection,
  next: Registered,
  live: Registered,
): void => {
  showTables(db, projection, next.generation)
  db.prepare(makeLive).run({ name: next.name, generation: next.generation })
  drop(db, live)
}

/**
 * Whether `next` may take over: it has come as far as `live`, or, where that one stands still (stopped, or of a version
 * whose fold is gone), to the end of the log.
 */
export const isReady = (next: Registered, live: Registered, tail: number): boolean => {
  if (next.error !== null) return false
  const standsStill = live.error !== null || live.version !== next.version
  return next.position >= (standsStill ? tail : live.position)
}
