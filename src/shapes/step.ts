/** A step of a replayed history. */
import { z } from 'zod'
import type { Step } from '../history/steps.ts'
import { count, shapeOf, time } from './shape.ts'

const operation = z.union([
  z.object({ op: z.enum(['add', 'replace']), path: z.string(), value: z.unknown() }),
  z.object({ op: z.literal('remove'), path: z.string() }),
])

export const step = shapeOf<Step>()(
  z.object({
    revision: count,
    at: time,
    input: z.string().describe('The machine event'),
    event: z.string().describe('The fact'),
    from: z.string(),
    to: z.string(),
    transition: z
      .object({ from: z.string(), event: z.string(), guard: z.string().nullable() })
      .nullable()
      .describe('The transition that was taken; null where it is not known'),
    effects: z.array(z.string()),
    reason: z.string().nullable().describe('Code of the reason; null where nothing was decided'),
    facts: z.record(z.string(), z.unknown()),
    changes: z
      .array(operation)
      .describe('What the machine’s memory became, as a JSON Patch of its context (RFC 6902)'),
    next: z.array(z.string()).describe('Machine events that could have come next'),
    dialogue: z.array(z.string()).describe('Lines said since the step before: C: ..., S: ...'),
    diverged: z.string().nullable().describe('Why today’s machine does not do the same; null where it does'),
  }),
).meta({ id: 'Step' })

export const transcriptLine = z
  .object({ at: time, line: z.string().describe('C: what the client said, S: what the server said') })
  .meta({ id: 'TranscriptLine' })
