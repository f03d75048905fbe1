/** A delivery's history, attempt by attempt. */
import { z } from 'zod'
import type { ActDone, Attempt, Postponement } from '../history/attempts.ts'
import { count, shapeOf, time } from './shape.ts'

const host = z.object({
  name: z.string(),
  address: z.string(),
  port: z.int(),
  preference: z.int().exactOptional(),
})

const reply = z.object({
  code: z.int(),
  enhanced: z.string().describe('5.1.1, or empty where the host gave none'),
  text: z.string(),
  command: z.string().describe('What it answered'),
  own: z.literal(true).exactOptional().describe('No host said it: what we decided ourselves'),
})

const fault = z.object({
  kind: z.string(),
  during: z.string(),
  text: z.string(),
  reply: reply.nullable(),
  temporary: z.boolean().describe('It may go better another time'),
})

const tls = z.object({
  version: z.string(),
  cipher: z.string(),
  servername: z.string().nullable(),
  certificate: z.string().exactOptional(),
})

const policy = z.object({
  kind: z.literal('mta-sts'),
  id: z.string(),
  mode: z.enum(['enforce', 'testing', 'none']),
  unmatched: z.array(z.string()).exactOptional(),
  fault: z.string().exactOptional(),
})

const route = z.object({
  kind: z.enum(['mx', 'route', 'smarthost', 'literal']),
  hosts: z.array(host),
  policy: policy.exactOptional(),
})

const tried = z.object({
  at: time,
  host: host.nullable(),
  greeting: z.string().nullable(),
  tls: tls.nullable(),
  reused: z.boolean().describe('The connection had carried another message before'),
  fault: fault.nullable().describe('Why it was passed over; null for the one that ended the attempt'),
})

export const attempt = shapeOf<Attempt>()(
  z.object({
    kind: z.literal('attempt'),
    number: count,
    startedAt: time,
    endedAt: time.nullable(),
    node: z.string(),
    route: route.nullable(),
    hosts: z.array(tried),
    result: z.enum(['delivered', 'deferred', 'failed', 'expired', 'lost', 'active']),
    outcomes: z.array(
      z.object({
        address: z.string(),
        result: z.enum(['delivered', 'deferred', 'failed']),
        reply: reply.nullable(),
      }),
    ),
    fault: fault.nullable(),
    reason: z.string().nullable(),
    uncertain: z
      .boolean()
      .describe('It was cut between the final dot and its answer: the host may have the mail'),
    nextAttemptAt: time.nullable(),
    noted: z.enum(['hold', 'cancel']).nullable(),
    transcript: z.array(z.string()).describe('C: what we said, S: what the host said'),
  }),
)

const postponement = shapeOf<Postponement>()(
  z.object({ kind: z.literal('postponement'), at: time, nextAttemptAt: time }),
)

const act = shapeOf<ActDone>()(
  z.object({
    kind: z.literal('act'),
    at: time,
    act: z.enum(['hold', 'release', 'retry', 'cancel']),
    by: z.string(),
    noted: z.boolean().describe('In the middle of an attempt, for its end'),
    refused: z.string().nullable().describe('Why it was refused; null where it was done'),
  }),
)

export const history = z.discriminatedUnion('kind', [attempt, postponement, act])
