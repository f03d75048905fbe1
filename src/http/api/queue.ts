/** The queue at a glance: how much mail for other hosts is not done with, and how the hosts fare. */
import { z } from 'zod'
import { deliveryStatus } from '../../shapes/delivery.ts'
import { destination } from '../../shapes/destination.ts'
import { count, time } from '../../shapes/shape.ts'
import { destinationAt } from '../../telling/destinations.ts'
import type { Glance } from '../../views/answers/glance.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { paging, until } from './fields.ts'
import { wholeOf } from './lists.ts'
import type { Rooms } from './rooms.ts'

const tag = 'Deliveries'

const standing = z
  .object({
    status: deliveryStatus,
    count,
    oldestAt: time.nullable().describe('When the oldest of them was queued'),
  })
  .meta({ id: 'QueueStatus' })

const aged = z
  .object({
    over: count.describe('Seconds it waits at least'),
    under: count.nullable().describe('Seconds it waits less than; null: no bound'),
    since: time.nullable().describe('Queued at or after; null: however long ago'),
    until: time.nullable().describe('Queued at or before'),
    count,
  })
  .meta({ id: 'QueueAge' })

const waiting = z.object({ domain: z.string(), count, oldestAt: time }).meta({ id: 'QueueDomain' })

const glance = z
  .object({
    asOf: time.nullable().describe('The time it is about; null: now'),
    items: z.array(standing),
    next: z.null().describe('Always: this is all of it'),
    uncounted: count.describe(
      'Was not over then either, but in which status was not looked at: there were too many',
    ),
    ages: z.array(aged).describe('How long it waits, the youngest first'),
    domains: z.array(waiting).describe('Of recipients: those that most waits for'),
    domainCount: count.describe('How many domains something waits for'),
  })
  .meta({ id: 'Queue' })

/** Destinations of an answer, those tried last first. */
const most = 500

const iso = (at: number): string => new Date(at).toISOString()
const isoOf = (at: number | null): string | null => (at === null ? null : iso(at))

/** Counting a great many takes a while. What was counted holds for so many times as long, however many look meanwhile. */
const holds = 4
type Counted = { readonly answer: Promise<Glance>; holdsUntil: number }
const counted = new WeakMap<Rooms['desk'], Counted>()

export const glanceNow = ({ desk }: Pick<Rooms, 'desk'>): Promise<Glance> => {
  const known = counted.get(desk)
  const begun = performance.now()
  if (known !== undefined && begun < known.holdsUntil) return known.answer
  const counting: Counted = { answer: desk('glance', Date.now()), holdsUntil: Number.POSITIVE_INFINITY }
  const settle = (): void => {
    const end = performance.now()
    counting.holdsUntil = end + holds * (end - begun)
  }
  const fail = (): void => {
    counting.holdsUntil = 0
  }
  counting.answer.then(settle, fail)
  counted.set(desk, counting)
  return counting.answer
}

const queue = endpoint({
  ...{ method: 'GET', path: '/queue', name: 'getQueue', tag, role: 'look' },
  summary: 'Counts deliveries that are not over',
  about: 'Deliveries that are not over, by status, by age and by domain; now, or as it was at a time',
  query: { asOf: until('How it was then'), position: paging.position },
  answers: { 200: { about: 'The queue at a glance', shape: glance } },
  answer: async ({ query: { asOf, position }, rooms }) => {
    if (position !== undefined) await rooms.until(position)
    const lookAgain = (): Promise<Glance> => rooms.desk('glance', Date.now())
    const { statuses, uncounted, ages, domains, domainCount } = await (asOf !== undefined
      ? rooms.desk('glanceThen', asOf)
      : position === undefined
        ? glanceNow(rooms)
        : lookAgain())
    return {
      asOf: asOf === undefined ? null : iso(asOf),
      items: statuses.map((row) => ({ ...row, oldestAt: isoOf(row.oldestAt) })),
      next: null,
      ages: ages.map((age) => ({ ...age, since: isoOf(age.since), until: isoOf(age.until) })),
      domains: domains.map((one) => ({ ...one, oldestAt: iso(one.oldestAt) })),
      ...{ uncounted, domainCount },
    }
  },
})

const destinations = endpoint({
  ...{ method: 'GET', path: '/destinations', name: 'listDestinations', tag, role: 'look' },
  summary: 'Tells how other hosts fare',
  about: `How other hosts fare: attempts, what came of them, how hard they are tried, and who rests. The ${most} tried last`,
  answers: {
    200: {
      about: 'Those tried last first',
      shape: wholeOf(destination, 'Destinations'),
    },
  },
  answer: async ({ rooms, house }) => {
    const now = { most: house.perDestination(), at: Date.now() }
    const found = await rooms.desk('destinations')
    return { items: found.slice(0, most).map((status) => destinationAt(status, now)), next: null }
  },
})

export const queueRows: readonly Endpoint[] = [queue, destinations]
