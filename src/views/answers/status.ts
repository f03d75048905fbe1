/** How the views themselves are: how far, which version, and what stopped them. */
import type { DatabaseSync } from 'node:sqlite'
import type { Projection } from '../../../projections/projection.ts'
import type { ViewStatus } from '../../shapes/view.ts'
import { checksumOf } from '../checksum.ts'
import { type Registered, registered } from '../register.ts'

export type { ViewStatus }

const unknown = { rows: null, checksum: null }

const statusOf = (live: Registered, next: Registered | undefined, tail: number): ViewStatus => {
  const stop = next?.error != null ? next : live
  return {
    name: live.name,
    version: live.version,
    generation: live.generation,
    position: live.position,
    lag: Math.max(0, tail - live.position),
    state: stop.error !== null ? 'stopped' : next !== undefined ? 'rebuilding' : 'live',
    error: stop.error,
    errorPosition: stop.errorPosition,
    rebuilt: next?.position ?? null,
    ...unknown,
  }
}

/** The live views by name; `tail` is the log's last position. */
export const askStatus = (db: DatabaseSync, tail: number): readonly ViewStatus[] => {
  const rows = registered(db)
  return rows
    .filter(({ role }) => role === 'live')
    .map((live) => {
      const next = rows.find(({ name, role }) => name === live.name && role === 'next')
      return statusOf(live, next, tail)
    })
}

/** The same with what the rows add up to, which takes a moment for a long log. */
export const askChecked = (
  db: DatabaseSync,
  projections: readonly Projection[],
  tail: number,
): readonly ViewStatus[] =>
  askStatus(db, tail).map((status) => {
    const projection = projections.find(
      ({ name, version }) => name === status.name && version === status.version,
    )
    return { ...status, ...(projection && checksumOf(db, projection)) }
  })
