/** The machines, and how often each way through them was taken. */
import { z } from 'zod'
import { count, type Shape, time } from './shape.ts'

export const machine = z
  .object({
    name: z.string(),
    version: z.int(),
    fingerprint: z.string().describe('Changes with every change of the machine'),
    states: count,
    transitions: count,
    description: z.string(),
  })
  .meta({ id: 'Machine' })
export type Machine = Shape<typeof machine>

export const flow = z
  .object({
    from: z.string(),
    to: z.string(),
    input: z.string(),
    count,
    meanMs: z.number().describe('Mean time spent in `from` before the move, milliseconds'),
  })
  .meta({ id: 'Flow' })
export type Flow = Shape<typeof flow>

export const inState = z
  .object({
    state: z.string(),
    count: count.describe('Actors that are in it now; of a final state, all that ever came to it'),
  })
  .meta({ id: 'InState' })

export const flows = z
  .object({
    since: time
      .nullable()
      .describe('Where what was counted begins: with one of the ten minutes of the clock'),
    until: time.nullable().describe('Where it ends; null: it goes on'),
    items: z.array(flow),
    next: z.null().describe('Always: this is all of it'),
    states: z.array(inState),
  })
  .meta({ id: 'Flows' })
export type Flows = Shape<typeof flows>
