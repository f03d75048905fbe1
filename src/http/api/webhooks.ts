/** Webhooks: who is told what is recorded, and how far. */
import { z } from 'zod'
import { count, time } from '../../shapes/shape.ts'
import { type Endpoint, endpoint } from './endpoint.ts'

const webhook = z
  .object({
    id: z.string(),
    url: z.string().describe('Without password and query'),
    events: z.array(z.string()),
    state: z
      .enum(['new', 'telling', 'waiting', 'disabled'])
      .describe('waiting: an event was not taken, and is tried again; disabled: it answered 410'),
    position: count.nullable().describe('Up to which all is known to be told'),
    behind: count.describe('Events that are not told yet, counted up to a bound'),
    behindIsMore: z.boolean(),
    oldestUnsentAt: time.nullable().describe('When the first of these was recorded'),
    node: z.string().nullable().describe('The server that tells it'),
    attempts: count.describe('Failures in a row'),
    failingSince: time.nullable(),
    nextAttemptAt: time.nullable(),
    error: z.string().nullable(),
  })
  .meta({ id: 'Webhook' })

const list = endpoint({
  ...{ method: 'GET', path: '/webhooks', name: 'listWebhooks', tag: 'Events', role: 'look' },
  about: 'The webhooks of the configuration: how far each is told, and what keeps it',
  answers: {
    200: { about: 'All of them', shape: z.object({ items: z.array(webhook) }).meta({ id: 'Webhooks' }) },
  },
  answer: async ({ house }) => ({ items: await house.webhooks() }),
})

export const webhookRows: readonly Endpoint[] = [list]
