/** The machines as they are listed, and what happened on their ways. */
import { draw } from '../../machines/drawing/index.ts'
import type { MachineModule } from '../../machines/vocabulary/machine.ts'
import type { Counts } from '../drawing/counts.ts'
import type { Flows, Machine } from '../shapes/machine.ts'
import { countedPeriod, type Flow, type InState, type Period } from '../views/answers/flow.ts'

export const aboutMachine = ({ name, version, fingerprint, machine }: MachineModule): Machine => {
  const { states, edges } = draw(machine)
  const [root] = states
  const numbers = { states: states.length - 1, transitions: edges.length }
  return { name, version, fingerprint, ...numbers, description: root?.description ?? '' }
}

type Counted = {
  readonly flow: readonly Flow[]
  readonly states: readonly InState[]
  readonly period: Period
}

/** What was counted, as `GET /machines/NAME/flow` tells it. */
export const flowsOf = ({ flow, states, period }: Counted): Flows => {
  const { since, until } = countedPeriod(period)
  return { since: iso(since), until: iso(until), items: countsOf(flow), next: null, states }
}

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

/** With mean times, as pictures have them. */
export const countsOf = (flow: readonly Flow[]): Counts =>
  flow.map(({ from, to, input, count, time }) => ({
    ...{ from, to, input, count },
    meanMs: count === 0 ? 0 : time / count,
  }))
