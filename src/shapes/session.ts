/** A session: who talked to us, how far they got, how it ended. */
import { z } from 'zod'
import { count, id, type Shape, time } from './shape.ts'
import { outcomes } from './words.ts'

export const session = z
  .object({
    id,
    openedAt: time,
    closedAt: time.nullable(),
    listener: z.string().describe('The service of the listener: mx, submission, submissions'),
    node: z
      .string()
      .nullable()
      .describe('The server it came to, where several share a log; null where that was not recorded'),
    peer: z.object({ address: z.string(), port: z.int(), name: z.string().nullable() }),
    helo: z.string().nullable().describe('What the client called itself'),
    tls: z.object({ version: z.string(), cipher: z.string() }).nullable(),
    user: z.string().nullable().describe('The account it logged in to'),
    tried: z
      .string()
      .nullable()
      .describe('The name of the login that failed last; null where none failed, or it named nobody'),
    state: z.string().describe('Of the session machine'),
    outcome: z.enum(outcomes),
    reason: z
      .string()
      .nullable()
      .describe(
        'Why: the last refusal of a refused session, for others how the line ended; null while it is open',
      ),
    rule: z
      .string()
      .nullable()
      .describe('The rule of the policy by which it was refused (spf.fail); null where none decided'),
    deferred: z
      .boolean()
      .describe('It was refused for now only, with 4xx: greylisted, or put off by another rule'),
    ended: z.string().nullable().describe('How the line ended: quit, disconnected, timeout ...'),
    messages: z.array(id).describe('The messages accepted in it; in a list of the Web API the first hundred'),
    accepted: count.describe('How many messages were accepted in it'),
    refusals: count.describe('How often something was refused'),
    refusal: z
      .string()
      .nullable()
      .describe('Why something was refused last, whatever the session came to; null where nothing was'),
    tagged: count.describe('Messages accepted in it that the policy put into Junk'),
    transitions: count,
  })
  .meta({ id: 'Session' })

export type Session = Shape<typeof session>
