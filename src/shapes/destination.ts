/** A destination: a next hop, or the host that stands in for it; how it fares, and how hard it is tried. */
import { z } from 'zod'
import { count, type Shape, time } from './shape.ts'

export const destination = z
  .object({
    name: z.string(),
    state: z
      .enum(['steady', 'failing', 'resting'])
      .describe('failing: it did not answer the last time; resting: it is left alone for a while'),
    limit: count.describe('Deliveries it may be tried by at a time, now'),
    restingUntil: time.nullable(),
    active: count.describe('Attempts under way'),
    attempts: count,
    delivered: count.describe('Attempts that came to this; so with the next two'),
    deferred: count,
    failed: count,
    lost: count.describe('Attempts cut off when a server ended'),
    connections: count.describe('Connections made'),
    reused: count.describe('How often one was used once more'),
    answers: count.describe('Attempts in a row that it answered as a mail host, whatever it said'),
    failures: count.describe('Attempts in a row that it did not answer'),
    lastTriedAt: time.nullable(),
    lastAnsweredAt: time.nullable(),
    lastFailedAt: time.nullable().describe('When the last of `failures` ended'),
    lastReply: z.string().nullable(),
    lastFault: z.string().nullable(),
  })
  .meta({ id: 'Destination' })
export type Destination = Shape<typeof destination>
