/** The log itself, as the outside sees an event. */
import { z } from 'zod'
import { count, type Shape, time } from './shape.ts'

export const event = z
  .object({
    position: z.int().describe('Its place in the log; ascends, with holes'),
    id: z.string(),
    stream: z.string(),
    revision: count.describe('Its place in its stream'),
    type: z.string(),
    version: z.int(),
    at: time,
    data: z.record(z.string(), z.unknown()),
    meta: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Event' })

export type Event = Shape<typeof event>
