/** Histories of sessions and deliveries, replayed step by step; the same for both. */
import { Readable } from 'node:stream'
import { machines } from '../../../machines/index.ts'
import { exportStreams } from '../../history/export.ts'
import { policyHashOf, readPolicy } from '../../history/policies.ts'
import { type Step, stepByStep } from '../../history/steps.ts'
import { categoryOf, type StoredEvent } from '../../log/port.ts'
import { forgottenAt, remembered } from '../../retention/remembered.ts'
import { step, transcriptLine } from '../../shapes/step.ts'
import type { House } from '../house.ts'
import { Problem } from '../problem.ts'
import { type Endpoint, endpoint } from './endpoint.ts'
import { idIn } from './fields.ts'
import { wholeOf } from './lists.ts'
import { inTurns } from './turns.ts'

/** Events of one history, at most: a session that never ends must not fill the memory. */
const most = 50_000

export const eventsOf = async (
  { log }: House,
  stream: string,
  what: string,
): Promise<readonly StoredEvent[]> => {
  const events: StoredEvent[] = []
  for await (const page of log.readStream(stream, { limit: most })) events.push(...page)
  if (events.length > 0) return events
  const at = await forgottenAt(log, stream)
  if (at === null) throw new Problem(404, `there is no ${what}`)
  throw new Problem(
    410,
    `the history of ${what} was forgotten at ${new Date(at).toISOString()}, as retention asks`,
  )
}

const stepsOf = async (house: House, stream: string, what: string): Promise<readonly Step[]> => {
  const events = await eventsOf(house, stream, what)
  const module = machines.find(({ category }) => category === categoryOf(stream))
  const hash = policyHashOf(events[0]!)
  const policy = hash === null ? undefined : await readPolicy(house.log, hash)
  const found: Step[] = []
  for await (const step of inTurns(stepByStep(events, module, policy))) found.push(step)
  return found
}

const stepList = wholeOf(step, 'Steps')
const transcript = wholeOf(transcriptLine, 'Transcript')

export type Kept = {
  /** `sessions`. */
  readonly plural: string
  readonly name: string
  readonly what: string
  readonly category: string
  readonly tag: string
}

/** `/sessions/ID/steps`, `/sessions/ID/transcript` and `/sessions/ID/history`. */
export const historyRows = ({ plural, name, what, category, tag }: Kept): readonly Endpoint[] => {
  const row = {
    method: 'GET',
    tag,
    role: 'look',
    params: { id: idIn(`The ${what}’s id`) },
    problems: { 404: `There is no such ${what}`, 410: 'Its history was removed, as retention asks' },
  } as const
  return [
    endpoint({
      ...row,
      ...{ path: `/${plural}/{id}/steps`, name: `get${name}Steps` },
      summary: `Replays a ${what} step by step`,
      about: `The history of a ${what}, replayed step by step`,
      answers: { 200: { about: 'Its steps, the first one first', shape: stepList } },
      answer: async ({ params: { id }, house }) => ({
        items: await stepsOf(house, `${category}-${id}`, `${what} ${id}`),
        next: null,
      }),
    }),
    endpoint({
      ...row,
      ...{ path: `/${plural}/{id}/transcript`, name: `get${name}Transcript` },
      summary: `Shows what was said in a ${what}`,
      about: `What was said in a ${what}; passwords are not in it`,
      answers: { 200: { about: 'Line by line', shape: transcript } },
      answer: async ({ params: { id }, house }) => {
        const events = await eventsOf(house, `${category}-${id}`, `${what} ${id}`)
        return {
          items: events.flatMap(({ at, meta: { dialogue = '' } }) =>
            dialogue === ''
              ? []
              : dialogue.split('\n').map((line) => ({ at: new Date(at).toISOString(), line })),
          ),
          next: null,
        }
      },
    }),
    endpoint({
      ...row,
      ...{ path: `/${plural}/{id}/history`, name: `get${name}History` },
      summary: `Gives the history of a ${what} as a file`,
      about: `The history of a ${what} as a file, which \`fsmtp replay\` and \`fsmtp verify\` read, and the page; without content of messages`,
      answers: {
        200: { about: 'A history file', media: { 'application/x-ndjson': 'One object a line' } },
      },
      answer: async ({ params: { id }, house, reply }) => {
        const stream = `${category}-${id}`
        await eventsOf(house, stream, `${what} ${id}`)
        const lines = exportStreams([stream], { log: remembered(house.log), content: null })
        return reply
          .type('application/x-ndjson')
          .header('content-disposition', `attachment; filename="${id}.ndjson"`)
          .send(Readable.from(inTurns(lines)))
      },
    }),
  ]
}
