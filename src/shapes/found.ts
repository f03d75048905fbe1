/** What an id stands for. */
import { z } from 'zod'
import { id, type Shape } from './shape.ts'

export const found = z
  .object({
    kind: z.enum(['session', 'message', 'delivery']),
    id,
    about: z.string().describe('What tells it from others whose ids look alike'),
  })
  .meta({ id: 'Found' })
export type Found = Shape<typeof found>
