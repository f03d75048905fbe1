/** Deliveries: where mail for other hosts stands. */
import { z } from 'zod'
import { attemptsOf } from '../../history/attempts.ts'
import { delivery, deliveryDetails } from '../../shapes/delivery.ts'
import { deliveryStandings } from '../../shapes/words.ts'
import { streamEvents } from '../../telling/message-trace.ts'
import type { DeliveryFilter } from '../../views/answers/deliveries.ts'
import { cursorFor } from './cursor.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { idIn, paging, since, text, until, usualLimit } from './fields.ts'
import { historyRows } from './histories.ts'
import { filterOf, listOf, type Paged, pageOf, placeOf } from './lists.ts'
import type { Rooms } from './rooms.ts'

const tag = 'Deliveries'

/** The filters of deliveries, which those that list them and those that act on them share. */
export const deliveryFilters = {
  status: z
    .enum(deliveryStandings, `give one of ${deliveryStandings.join(', ')}`)
    .describe('Where it stands; unfinished: what is not over yet')
    .optional(),
  recipient: text('One of its recipients, or the alias it is forwarded for').optional(),
  domain: text('Of its recipients, or of that alias').optional(),
  sender: text(
    'The envelope’s sender, of forwarded mail also the first one; <> for the null sender',
  ).optional(),
  message: text('The id of the message').optional(),
  since: since('Queued at or after'),
  until: until('Queued at or before'),
}

const list = endpoint({
  ...{ method: 'GET', path: '/deliveries', name: 'listDeliveries', tag, role: 'look' },
  summary: 'Lists deliveries to other hosts',
  about:
    'Deliveries to other hosts, as they stand or as they stood at a time. In addresses and domains * stands for anything',
  query: { ...deliveryFilters, asOf: until('As they stood then'), ...paging },
  answers: {
    200: {
      about: 'A page of deliveries; of a time that is over it may be shorter, with more after it',
      shape: listOf(delivery, 'Deliveries'),
    },
  },
  answer: ({ query: { asOf, ...query }, rooms }) =>
    asOf === undefined
      ? pageOf('deliveries', query, {
          rooms,
          ask: (desk, page) => desk('deliveries', filterOf(query), page),
        })
      : asOfPage({ ...query, asOf }, rooms),
})

type AsOf = Paged & DeliveryFilter & { readonly asOf: number }

const asOfPage = async ({ asOf, ...query }: AsOf, rooms: Rooms) => {
  const asked = { ...query, asOf }
  const { limit = usualLimit, position } = query
  if (position !== undefined) await rooms.until(position)
  const { items, next } = await rooms.desk('deliveriesThen', filterOf(query), {
    ...{ at: asOf, limit, before: placeOf('deliveries', asked) },
  })
  return { items, next: next === null ? null : cursorFor('deliveries', asked, [next.at, next.id]) }
}

const one = endpoint({
  ...{ method: 'GET', path: '/deliveries/{id}', name: 'getDelivery', tag, role: 'look' },
  summary: 'Shows one delivery and each of its attempts',
  about: 'One delivery, each attempt with what was said, and what was done to it',
  params: { id: idIn('The delivery’s id') },
  answers: { 200: { about: 'The delivery', shape: deliveryDetails } },
  problems: { 404: 'There is no such delivery' },
  answer: async ({ params: { id }, rooms, house }) => {
    const found = await rooms.found(`delivery ${id}`, () => rooms.desk('delivery', id))
    const history = attemptsOf(await streamEvents(house.log, `delivery-${id}`))
    return { ...found, history, notices: await rooms.desk('notices', id) }
  },
})

export const deliveryRows: readonly Endpoint[] = [
  list,
  one,
  ...historyRows({
    ...{ plural: 'deliveries', name: 'Delivery', what: 'delivery', category: 'delivery', tag },
  }),
]
