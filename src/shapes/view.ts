/** How the views are. */
import { z } from 'zod'
import { count, type Shape } from './shape.ts'

export const view = z
  .object({
    name: z.string(),
    version: z.int(),
    generation: z.int().describe('Grows with every rebuild'),
    position: z.int(),
    lag: z.int().describe('Events in the log that it has not seen'),
    state: z
      .enum(['live', 'stopped', 'rebuilding'])
      .describe(
        'stopped: at an event it cannot fold; rebuilding: readable as it was, a new one is built beside it',
      ),
    error: z.string().nullable(),
    errorPosition: z.int().nullable().describe('The event it stopped in front of'),
    rebuilt: z.int().nullable().describe('How far the one that is built beside it has come'),
    rows: count
      .nullable()
      .describe(
        'Null where it was not asked for, and for a view of another release, until its successor takes over',
      ),
    checksum: z.string().nullable().describe('Of all its rows; null as with `rows`'),
  })
  .meta({ id: 'View' })
export type ViewStatus = Shape<typeof view>
