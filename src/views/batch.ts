/** What one transaction folds: events after a position, up to a number, or the damage that lies there. */
import { LogDamaged, type LogReader, type StoredEvent } from '../log/port.ts'

export type Batch =
  | { readonly kind: 'events'; readonly events: readonly StoredEvent[] }
  | { readonly kind: 'damage'; readonly position: number; readonly error: string }

/** Events in front of a damaged place are a batch of their own; the damage is met again behind them. */
export const readBatch = async (log: LogReader, after: number, limit: number): Promise<Batch> => {
  const pages: (readonly StoredEvent[])[] = []
  let count = 0
  try {
    for await (const page of log.readAll(after, { limit })) {
      pages.push(page)
      count += page.length
      if (count >= limit) break
    }
  } catch (error) {
    if (!(error instanceof LogDamaged)) throw error
    if (count === 0) return { kind: 'damage', position: error.position, error: error.message }
  }
  return { kind: 'events', events: pages.length === 1 ? pages[0]! : pages.flat() }
}
