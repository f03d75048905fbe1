/** The machines, and how often each way through them was taken. */
import { z } from 'zod'
import { count, type Shape } from './shape.ts'

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
