/** What webhooks have still to be told, for whoever would forget it. */
import type { Config } from '../config/schema.ts'
import type { LogReader, StoredEvent } from '../log/port.ts'
import { standingOf } from './standing.ts'

export type IsUntold = (event: Pick<StoredEvent, 'type' | 'position'>) => boolean

/**
 * Null where nothing can be. A webhook that no server has begun with is told what happens from then on, and one whose receiver wants no more
 * is owed nothing.
 */
export const untoldBy = async (
  log: Pick<LogReader, 'readStream'>,
  webhooks: Config['webhooks'],
): Promise<IsUntold | null> => {
  const standings = await Promise.all(
    webhooks.map(async ({ url, events }) => ({
      types: new Set(events),
      standing: await standingOf(log, url),
    })),
  )
  const waiting = standings.flatMap(({ types, standing }) =>
    standing === null || standing.isDisabled ? [] : [{ types, position: standing.position }],
  )
  if (waiting.length === 0) return null
  return ({ type, position }) => waiting.some((hook) => hook.types.has(type) && position > hook.position)
}
