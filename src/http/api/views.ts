/** How far the views are, and building them again. */
import { z } from 'zod'
import { projections } from '../../../projections/all.ts'
import { view } from '../../shapes/view.ts'
import { Problem } from '../problem.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { idIn, yes } from './fields.ts'
import { wholeOf } from './lists.ts'

const tag = 'Views'
const names = projections.map(({ name }) => name)

const list = endpoint({
  ...{ method: 'GET', path: '/views', name: 'listViews', tag, role: 'look' },
  summary: 'Tells how far each view is behind the log',
  about: 'How far each view is behind the log, and what stopped it',
  answers: {
    200: { about: 'All of them', shape: wholeOf(view, 'Views') },
  },
  query: { checked: yes('With `rows` and `checksum` of each: all is read for them') },
  answer: async ({ query: { checked = false }, rooms, house }) => ({
    items: await rooms.desk(checked ? 'checked' : 'status', await house.log.tail()),
    next: null,
  }),
})

const rebuild = endpoint({
  ...{ method: 'POST', path: '/views/{name}/rebuild', name: 'rebuildView', tag, role: 'administer' },
  summary: 'Builds a view again from the log',
  about:
    'Builds a view again from the log, beside the one that is read meanwhile; GET /views says how far it is',
  params: { name: idIn(names.join(', ')) },
  answers: {
    202: { about: 'It was begun', shape: z.object({ name: z.string() }).meta({ id: 'Rebuilding' }) },
  },
  problems: { 404: 'There is no such view', 503: 'Nobody keeps the views' },
  answer: ({ params: { name }, house, reply }) => {
    if (!names.includes(name))
      throw new Problem(404, `there is no view ${name}; there are ${names.join(', ')}`)
    if (!house.views.isKept()) throw new Problem(503, 'the thread that keeps the views has ended')
    house.views.rebuild(name)
    return reply.code(202).send({ name })
  },
})

export const viewRows: readonly Endpoint[] = [list, rebuild]
