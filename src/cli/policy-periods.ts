/** From when to when which policy was in force, as `PolicyChanged` facts tell it. */
import type { Service } from '../../machines/vocabulary/events.ts'
import type { PolicyChange } from '../views/answers/policy-changes.ts'
import { freshViews, type Reading } from './open.ts'

export type Period = {
  readonly service: Service
  readonly node: string
  /** Hash of the policy. */
  readonly policy: string
  /** Milliseconds since 1970. */
  readonly since: number
  /** When another one took its place; null while none did. */
  readonly until: number | null
}

/** In the order in which they began, each server's own. A start with the policy that was in force before begins nothing. */
export const periodsOf = (changes: readonly PolicyChange[]): readonly Period[] => {
  const periods: Period[] = []
  const last = new Map<string, number>()
  for (const { service, node, policy, at } of changes) {
    const where = `${service} ${node}`
    const before = last.get(where)
    if (before !== undefined && periods[before]!.policy === policy) continue
    if (before !== undefined) periods[before] = { ...periods[before]!, until: at }
    last.set(where, periods.push({ service, node, policy, since: at, until: null }) - 1)
  }
  return periods
}

/** Out of a view: in the log they are few among everything. */
export const knownPeriods = async (opened: Pick<Reading, 'views'>): Promise<readonly Period[]> => {
  const views = await freshViews(opened, ['policy-changes'])
  return periodsOf(views.policyChanges())
}

/** In force at that time, one for each server. */
export const inForceAt = (periods: readonly Period[], at: number): readonly Period[] =>
  periods.filter(({ since, until }) => since <= at && (until === null || at < until))
