/** A history file read and replayed without a server: the machines are the same, and so is what they say. */
import { machines } from '../../../machines/index.ts'
import { HistoryFault } from '../../history/fault.ts'
import { checkHeader, parseLine } from '../../history/format.ts'
import { type Step, steps } from '../../history/steps.ts'
import type { StoredEvent } from '../../log/port.ts'

export type Replayed = {
  readonly stream: string
  readonly machine: string
  readonly steps: readonly Step[]
}

const eventsIn = (text: string): readonly StoredEvent[] => {
  const [header = '', ...lines] = text.split('\n')
  checkHeader(header)
  return lines.flatMap((line, at) => {
    if (line.trim() === '') return []
    const read = parseLine(line, at + 2)
    return read.kind === 'event' ? [{ position: at + 1, ...read.event }] : []
  })
}

/** @throws HistoryFault at the first line that is not what the format says, with its number */
export const replayed = (text: string): readonly Replayed[] => {
  const events = eventsIn(text)
  const streams = Map.groupBy(events, ({ stream }) => stream)
  const policyOf = ({ data }: StoredEvent): unknown =>
    typeof data.policy === 'string' ? streams.get(`policy-${data.policy}`)?.[0]?.data.policy : undefined
  const found = machines.flatMap((module) =>
    [...streams].flatMap(([stream, own]) =>
      stream.startsWith(`${module.category}-`)
        ? [{ stream, machine: module.name, steps: steps(own, module, policyOf(own[0]!)) }]
        : [],
    ),
  )
  if (found.length === 0) throw new HistoryFault('there is no history of a session or a delivery in it')
  return found
}
