/** Deliveries: where mail for other hosts stands. */
import { z } from 'zod'
import { attemptsOf } from '../../history/attempts.ts'
import { delivery, deliveryDetails } from '../../shapes/delivery.ts'
import { deliveryStatuses } from '../../shapes/words.ts'
import { streamEvents } from '../../telling/message-trace.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { idIn, paging, since, text, until } from './fields.ts'
import { historyRows } from './histories.ts'
import { filterOf, listOf, pageOf } from './lists.ts'

const tag = 'Deliveries'

/** The filters of deliveries, which those that list them and those that act on them share. */
export const deliveryFilters = {
  status: z
    .enum(deliveryStatuses, `give one of ${deliveryStatuses.join(', ')}`)
    .describe('Where it stands')
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
  about: 'Deliveries to other hosts. In addresses and domains * stands for anything',
  query: { ...deliveryFilters, ...paging },
  answers: { 200: { about: 'A page of deliveries', shape: listOf(delivery, 'Deliveries') } },
  answer: ({ query, rooms }) =>
    pageOf('deliveries', query, {
      rooms,
      ask: (page) => rooms.desk('deliveries', filterOf(query), page),
      at: ({ queuedAt }) => queuedAt,
    }),
})

const one = endpoint({
  ...{ method: 'GET', path: '/deliveries/{id}', name: 'getDelivery', tag, role: 'look' },
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
