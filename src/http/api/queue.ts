/** The queue at a glance: how much mail for other hosts is not done with, and how the hosts fare. */
import { z } from 'zod'
import { deliveryStatus } from '../../shapes/delivery.ts'
import { count, time } from '../../shapes/shape.ts'
import { type Endpoint, endpoint } from './endpoint.ts'

const tag = 'Deliveries'

const standing = z
  .object({
    status: deliveryStatus,
    count,
    oldestAt: time.nullable().describe('When the oldest of them was queued'),
  })
  .meta({ id: 'QueueStatus' })

const destination = z
  .object({
    name: z.string(),
    active: count.describe('Attempts under way'),
    attempts: count,
    delivered: count,
    deferred: count,
    failed: count,
    failures: count.describe('Attempts in a row that it did not answer'),
    lastTriedAt: time.nullable(),
    lastAnsweredAt: time.nullable(),
    lastReply: z.string().nullable(),
    lastFault: z.string().nullable(),
  })
  .meta({ id: 'Destination' })

/** Destinations of an answer, those tried last first. */
const most = 500

const queue = endpoint({
  ...{ method: 'GET', path: '/queue', name: 'getQueue', tag, role: 'look' },
  about: 'Deliveries that are not over, by status',
  answers: {
    200: {
      about: 'One for each status',
      shape: z.object({ items: z.array(standing) }).meta({ id: 'Queue' }),
    },
  },
  answer: async ({ rooms }) => ({
    items: (await rooms.desk('queue')).map(({ oldestAt, ...row }) => ({
      ...row,
      oldestAt: oldestAt === null ? null : new Date(oldestAt).toISOString(),
    })),
  }),
})

const destinations = endpoint({
  ...{ method: 'GET', path: '/destinations', name: 'listDestinations', tag, role: 'look' },
  about: `How other hosts fare: attempts, and what came of them. The ${most} tried last`,
  answers: {
    200: {
      about: 'Those tried last first',
      shape: z.object({ items: z.array(destination) }).meta({ id: 'Destinations' }),
    },
  },
  answer: async ({ rooms }) => {
    const found = await rooms.desk('destinations')
    const newest = found.toSorted((one, other) =>
      (other.lastTriedAt ?? '').localeCompare(one.lastTriedAt ?? ''),
    )
    return {
      items: newest.slice(0, most).map(({ lost, connections, reused, answers, failedAt, ...shown }) => shown),
    }
  },
})

export const queueRows: readonly Endpoint[] = [queue, destinations]
