/** From when to when which policy was in force, as `PolicyChanged` facts tell it. */
import type { EventOf, PolicyChanged, Service } from '../../machines/vocabulary/events.ts'
import type { LogReader, StoredEvent } from '../log/port.ts'

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

const isChange = (event: StoredEvent | EventOf): event is EventOf<'PolicyChanged'> =>
  event.type === 'PolicyChanged'

/** In the order in which they began, each server's own. A start with the policy that was in force before begins nothing. */
export const periodsOf = async (log: Pick<LogReader, 'readAll'>): Promise<readonly Period[]> => {
  const periods: Period[] = []
  const last = new Map<string, number>()
  const begin = ({ service, node, policy }: PolicyChanged, at: number): void => {
    const where = `${service} ${node}`
    const before = last.get(where)
    if (before !== undefined && periods[before]!.policy === policy) return
    if (before !== undefined) periods[before] = { ...periods[before]!, until: at }
    last.set(where, periods.push({ service, node, policy, since: at, until: null }) - 1)
  }
  for await (const page of log.readAll(0, { filter: { categories: ['policy_change'] } }))
    for (const event of page) if (isChange(event)) begin(event.data, event.at)
  return periods
}

/** In force at that time, one for each server. */
export const inForceAt = (periods: readonly Period[], at: number): readonly Period[] =>
  periods.filter(({ since, until }) => since <= at && (until === null || at < until))
