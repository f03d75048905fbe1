/** A webhook: how far it is told, and what keeps it; and one that was moved. */
import { z } from 'zod'
import { count, type Shape, time } from './shape.ts'

const url = z.string().describe('Without password and query: receivers have secrets there')
const webhookId = z.string().describe('Of its URL')

export const webhook = z
  .object({
    id: webhookId,
    url,
    events: z.array(z.string()),
    state: z
      .enum(['new', 'telling', 'waiting', 'disabled'])
      .describe(
        'new: no server has begun with it; waiting: an event was not taken, and is tried again; disabled: it answered 410',
      ),
    position: count.nullable().describe('Up to which all is known to be told'),
    behind: count.describe('Events that are not told yet, as far as is written down; counted up to a bound'),
    behindIsMore: z.boolean(),
    oldestUnsentAt: time.nullable().describe('When the first of these was recorded'),
    node: z.string().nullable().describe('The server that tells it'),
    attempts: count.describe('Failures in a row'),
    failingSince: time.nullable(),
    nextAttemptAt: time.nullable(),
    error: z
      .string()
      .nullable()
      .describe('What keeps it; of a disabled one when, to which event, and what to do'),
  })
  .meta({ id: 'Webhook' })
export type WebhookState = Shape<typeof webhook>

export const webhookMoved = z
  .object({ url, id: webhookId, position: count.describe('What comes after it is told from now on') })
  .meta({ id: 'WebhookMoved' })
