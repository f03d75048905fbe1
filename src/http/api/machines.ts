/** The machines, in every format they are drawn in. */
import { z } from 'zod'
import { draw, type Overlay, toDot, toJson, toMermaid, toScxml } from '../../../machines/drawing/index.ts'
import { machines as modules } from '../../../machines/index.ts'
import { picture } from '../../drawing/beside.ts'
import { countNotes } from '../../drawing/counts.ts'
import { flow, machine } from '../../shapes/machine.ts'
import { aboutMachine, countsOf } from '../../telling/machines.ts'
import { Problem } from '../problem.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { idIn, yes } from './fields.ts'

const tag = 'Machines'
const formats = ['json', 'svg', 'mermaid', 'dot', 'scxml'] as const

const list = endpoint({
  ...{ method: 'GET', path: '/machines', name: 'listMachines', tag, role: 'look' },
  about: 'The state machines',
  answers: {
    200: {
      about: 'All of them',
      shape: z.object({ items: z.array(machine) }).meta({ id: 'Machines' }),
    },
  },
  answer: () => ({ items: modules.map(aboutMachine) }),
})

const moduleOf = (name: string) => {
  const module = modules.find((one) => one.name === name)
  if (module !== undefined) return module
  throw new Problem(
    404,
    `there is no machine ${name}; there are ${modules.map((one) => one.name).join(', ')}`,
  )
}

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
  answer: async ({ params: { name }, query: { format, counts = false }, rooms, reply }) => {
    const drawing = draw(moduleOf(name).machine)
    if (counts && (format === 'json' || format === 'scxml'))
      throw new Problem(
        400,
        `counts are laid over pictures (svg, mermaid, dot); /machines/${name}/flow has them as data`,
      )
    const taken = counts ? countsOf(await rooms.desk('flow', name)) : null
    const overlay: Overlay = taken === null ? {} : { note: countNotes(drawing, taken) }
    reply.type(types[format])
    switch (format) {
      case 'svg':
        return picture({ name, counts: taken })
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

const flows = endpoint({
  ...{ method: 'GET', path: '/machines/{name}/flow', name: 'getMachineFlow', tag, role: 'look' },
  about: 'How often each way through a machine was taken, and after what mean time',
  params: { name: idIn('session, delivery') },
  answers: {
    200: { about: 'One for each way', shape: z.object({ items: z.array(flow) }).meta({ id: 'Flows' }) },
  },
  problems: { 404: 'There is no such machine' },
  answer: async ({ params: { name }, rooms }) => {
    moduleOf(name)
    return { items: countsOf(await rooms.desk('flow', name)) }
  },
})

export const machineRows: readonly Endpoint[] = [list, one, flows]
