/** The machines, in every format they are drawn in. */
import { z } from 'zod'
import { draw, type Overlay, toDot, toJson, toMermaid, toScxml } from '../../../machines/drawing/index.ts'
import { machines as modules } from '../../../machines/index.ts'
import { picture } from '../../drawing/beside.ts'
import { countNotes } from '../../drawing/counts.ts'
import { type Flows, flows, machine } from '../../shapes/machine.ts'
import { aboutMachine, countsOf, flowsOf } from '../../telling/machines.ts'
import { countedPeriod, type Period } from '../../views/answers/flow.ts'
import { Problem } from '../problem.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { idIn, paging, since, until, yes } from './fields.ts'
import { wholeOf } from './lists.ts'
import type { Rooms } from './rooms.ts'

const tag = 'Machines'
const formats = ['json', 'svg', 'mermaid', 'dot', 'scxml'] as const

const list = endpoint({
  ...{ method: 'GET', path: '/machines', name: 'listMachines', tag, role: 'look' },
  summary: 'Lists the state machines',
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

const flowsIn = async ({ desk }: Rooms, name: string, period: Period): Promise<Flows> =>
  flowsOf({ flow: await desk('flow', name, period), states: await desk('inStates', name), period })

const one = endpoint({
  ...{ method: 'GET', path: '/machines/{name}', name: 'getMachine', tag, role: 'look' },
  summary: 'Draws a machine, or gives it as data',
  about: 'A machine, drawn or as data',
  params: { name: idIn('session, delivery') },
  query: {
    format: z
      .enum(formats, `give one of ${formats.join(', ')}`)
      .describe('How it is written')
      .default('json'),
    counts: yes(
      'How often each way was taken, and after what mean time: over svg, mermaid and dot, and in json as `flow`',
    ),
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
    if (counts && format === 'scxml')
      throw new Problem(400, `SCXML has no place for counts: ask for json, svg, mermaid or dot`)
    if (!counts && (asked.since ?? asked.until) !== undefined)
      throw new Problem(400, 'since and until are about counts: ask for counts=true')
    const isLaidOver = counts && format !== 'json'
    const taken = isLaidOver ? countsOf(await rooms.desk('flow', name, asked)) : null
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
        return toJson(drawing, counts ? { flow: await flowsIn(rooms, name, asked) } : {})
    }
  },
})

const flow = endpoint({
  ...{ method: 'GET', path: '/machines/{name}/flow', name: 'getMachineFlow', tag, role: 'look' },
  summary: 'Counts how often each way through a machine was taken',
  about:
    'How often each way through a machine was taken, and after what mean time, ever or in a period; and how many actors are in each state now',
  params: { name: idIn('session, delivery') },
  query: { ...period, position: paging.position },
  answers: { 200: { about: 'One for each way', shape: flows } },
  problems: { 404: 'There is no such machine' },
  answer: async ({ params: { name }, query: { position, ...asked }, rooms }) => {
    moduleOf(name)
    if (position !== undefined) await rooms.until(position)
    return flowsIn(rooms, name, asked)
  },
})

export const machineRows: readonly Endpoint[] = [list, one, flow]
