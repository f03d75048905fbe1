/** What is done to deliveries: to one by its id, to many by the filters of the list. */
import { z } from 'zod'
import type { Acted } from '../../control.ts'
import { told } from '../../shapes/delivery.ts'
import { actNames } from '../../shapes/words.ts'
import { type ActName, doings, fits, type Told } from '../../telling/act-words.ts'
import { foretold, type Served, toldOf } from '../../telling/acted.ts'
import type { Delivery, DeliveryFilter } from '../../views/answers/deliveries.ts'
import { atTheTop, type Place } from '../../views/answers/pages.ts'
import type { House } from '../house.ts'
import { Problem } from '../problem.ts'
import { deliveryFilters } from './deliveries.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { idIn } from './fields.ts'
import type { Rooms } from './rooms.ts'

const tag = 'Deliveries'
const doing = (name: ActName): Served => ({ ...doings[name], served: true })

/** So many at a time: between them the server does other things. */
const batch = 100
/** Deliveries of one request; who means more asks again. */
const most = 10_000

const perform = async (
  { acts }: House,
  name: ActName,
  { found, by }: { readonly found: readonly Delivery[]; readonly by: string },
): Promise<readonly Told[]> => {
  if (acts === null) throw new Problem(409, 'nothing leaves this server: there are no deliveries to act upon')
  const acted: Acted[] = []
  for (let at = 0; at < found.length; at += batch) {
    const ids = found.slice(at, at + batch).map(({ id }) => id)
    acted.push(...(await acts({ act: doings[name].act, ids, by })))
  }
  const noted = new Map(found.map((one) => [one.id, one.noted]))
  return acted.map((one) => toldOf(one, doing(name), noted.get(one.id) ?? null))
}

const by = ({ caller }: { readonly caller: { readonly name: string } | null }): string =>
  caller?.name ?? 'operator'

const summaries: Readonly<Record<ActName, string>> = {
  retry: 'Tries one waiting delivery now',
  hold: 'Holds one delivery',
  release: 'Releases one held delivery, to be tried now',
  cancel: 'Cancels one delivery',
}
const besides: Readonly<Partial<Record<ActName, string>>> = {
  hold: ': it is not tried until somebody releases or cancels it',
  cancel: ': it ends, and nobody is told',
}

const one = (name: ActName): Endpoint =>
  endpoint({
    ...{ method: 'POST', path: `/deliveries/{id}/${name}`, name: `${name}Delivery`, tag, role: 'act' },
    summary: summaries[name],
    about: `${summaries[name]}${besides[name] ?? ''}`,
    params: { id: idIn('The delivery’s id') },
    answers: { 200: { about: 'It was done, or is noted for the end of the attempt under way', shape: told } },
    problems: {
      404: 'There is no such delivery',
      409: 'Its status does not allow it; the detail says what would',
    },
    answer: async ({ params: { id }, rooms, house, request }) => {
      const found = await rooms.found(`delivery ${id}`, () => rooms.desk('delivery', id))
      const [done] = await perform(house, name, { found: [found], by: by(request) })
      if (done?.done) return done
      throw new Problem(409, `delivery ${id}: ${done?.reason ?? 'nothing was done'}`)
    },
  })

/** Everything that filters find, page by page. @throws Problem where that is too much */
const allFound = async (rooms: Rooms, filter: DeliveryFilter): Promise<readonly Delivery[]> => {
  const found: Delivery[] = []
  for (let before: Place = atTheTop; ; ) {
    const page = await rooms.desk('deliveriesFound', filter, { limit: 1_000, before })
    const last = page.at(-1)
    if (last === undefined) return found
    found.push(...page)
    if (found.length > most) throw new Problem(400, `more than ${most} deliveries fit: narrow the filter`)
    before = { at: Date.parse(last.queuedAt), id: last.id }
  }
}

const bulk = endpoint({
  ...{ method: 'POST', path: '/deliveries/actions', name: 'actOnDeliveries', tag, role: 'act' },
  summary: 'Retries, holds, releases or cancels many deliveries',
  about: 'Does something to all deliveries that filters find; with `dryRun` it only says to which',
  body: z
    .strictObject({
      action: z.enum(actNames, `give one of ${actNames.join(', ')}`),
      filter: z
        .strictObject(deliveryFilters)
        .refine((filter) => Object.values(filter).some((value) => value !== undefined), {
          message: 'names nothing: everything is never meant',
        })
        .describe('As of the list; those found whose status does not allow it are left alone'),
      dryRun: z.boolean().optional(),
    })
    .meta({ id: 'DeliveryAction' }),
  answers: {
    200: {
      about: 'Of each what was done, or would be',
      shape: z
        .object({
          count: z.int().describe('To how many it was done, or would be'),
          left: z.int().describe('Found, and left alone: not in a state where this can be done'),
          dryRun: z.boolean(),
          items: z.array(told),
        })
        .meta({ id: 'DeliveryActions' }),
    },
  },
  answer: async ({ body: { action, filter, dryRun = false }, rooms, house, request }) => {
    const found = await allFound(rooms, filter)
    const fitting = found.filter((delivery) => fits(doings[action], delivery))
    const items = dryRun
      ? fitting.map((delivery) => foretold(delivery, doing(action)))
      : await perform(house, action, { found: fitting, by: by(request) })
    const count = items.filter(({ done }) => done).length
    return { count, left: found.length - count, dryRun, items }
  },
})

export const actRows: readonly Endpoint[] = [bulk, ...actNames.map(one)]
