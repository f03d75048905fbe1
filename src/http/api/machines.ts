/** The machines, in every format they are drawn in. */
import { z } from 'zod'
import { draw, type Overlay, toDot, toJson, toMermaid, toScxml } from '../../../machines/drawing/index.ts'
import { machines as modules } from '../../../machines/index.ts'
import { picture } from '../../drawing/beside.ts'
import { countNotes } from '../../drawing/counts.ts'
import { flows, machine } from '../../shapes/machine.ts'
import { aboutMachine, countsOf } from '../../telling/machines.ts'
import { countedPeriod } from '../../views/answers/flow.ts'
import { Problem } from '../problem.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { idIn, paging, since, until, yes } from './fields.ts'
import { wholeOf } from './lists.ts'

const tag = 'Machines'
const formats = ['json', 'svg', 'mermaid', 'dot', 'scxml'] as const

const list = endpoint({
  ...{ method: 'GET', path: '/machines', name: 'listMachines', tag, role: 'look' },
  about: 'The state machines',
  answers: {
    200: { about: 'All of them', shape: wholeOf(machine, 'Machines') },
  },
  answer: () => ({ items: modules.map(aboutMachine), next: null }),
})

const moduleOf = (name: string) => {
  const module = modules.find((one) => one.name === name)
  if (module !== undefined) return module
  throw new Problem(
    404,
    `there is no machine ${name}; there are ${modules.map((one) => one.name).join(', ')}`,
  )
}

const period = { since: since('Counted from then on'), until: until('Counted up to then') }

const types = {
  json: 'application/json; charset=utf-8',
  svg: 'image/svg+xml',
  mermaid: 'text/plain; charset=utf-8',
  dot: 'text/plain; charset=utf-8',
  scxml: 'application/xml; charset=utf-8',
} as const

const one = endpoint({
  ...{ method: 'GET', path: '/machines/{name}', name: 'getMachine', tag, role: 'look' },
  about: 'A machine, drawn or as data',
  params: { name: idIn('session, delivery') },
  query: {
    format: z
      .enum(formats, `give one of ${formats.join(', ')}`)
      .describe('How it is written')
      .default('json'),
    counts: yes('How often each way was taken, and after what mean time; for svg, mermaid and dot'),
    ...period,
  },
  answers: {
    200: {
      about: 'The machine',
      media: {
        'application/json': 'States with their sentences, and transitions',
        'image/svg+xml': 'A picture',
        'text/plain': 'Mermaid, or DOT',
        'application/xml': 'SCXML',
      },
    },
  },
  problems: { 404: 'There is no such machine' },
  answer: async ({ params: { name }, query: { format, counts = false, ...asked }, rooms, reply }) => {
    const drawing = draw(moduleOf(name).machine)
    if (counts && (format === 'json' || format === 'scxml'))
      throw new Problem(
        400,
        `counts are laid over pictures (svg, mermaid, dot); /machines/${name}/flow has them as data`,
      )
    if (!counts && (asked.since ?? asked.until) !== undefined)
      throw new Problem(400, 'since and until are about counts: ask for counts=true')
    const taken = counts ? countsOf(await rooms.desk('flow', name, asked)) : null
    const overlay: Overlay = taken === null ? {} : { note: countNotes(drawing, taken) }
    reply.type(types[format])
    switch (format) {
      case 'svg':
        return picture({ name, counts: taken, period: countedPeriod(asked) })
      case 'mermaid':
        return toMermaid(drawing, overlay)
      case 'dot':
        return toDot(drawing, overlay)
      case 'scxml':
        return toScxml(drawing)
      default:
        return toJson(drawing)
    }
  },
})

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

const flow = endpoint({
  ...{ method: 'GET', path: '/machines/{name}/flow', name: 'getMachineFlow', tag, role: 'look' },
  about:
    'How often each way through a machine was taken, and after what mean time, ever or in a period; and how many actors are in each state now',
  params: { name: idIn('session, delivery') },
  query: { ...period, position: paging.position },
  answers: { 200: { about: 'One for each way', shape: flows } },
  problems: { 404: 'There is no such machine' },
  answer: async ({ params: { name }, query: { position, ...asked }, rooms }) => {
    moduleOf(name)
    if (position !== undefined) await rooms.until(position)
    const counted = countedPeriod(asked)
    return {
      ...{ since: iso(counted.since), until: iso(counted.until) },
      items: countsOf(await rooms.desk('flow', name, asked)),
      next: null,
      states: await rooms.desk('inStates', name),
    }
  },
})

export const machineRows: readonly Endpoint[] = [list, one, flow]
