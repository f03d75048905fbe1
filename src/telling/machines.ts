/** The machines as they are listed, and what happened on their ways. */
import { draw } from '../../machines/drawing/index.ts'
import type { MachineModule } from '../../machines/vocabulary/machine.ts'
import type { Counts } from '../drawing/counts.ts'
import type { Machine } from '../shapes/machine.ts'
import type { Flow } from '../views/answers/flow.ts'

export const aboutMachine = ({ name, version, fingerprint, machine }: MachineModule): Machine => {
  const { states, edges } = draw(machine)
  const [root] = states
  const numbers = { states: states.length - 1, transitions: edges.length }
  return { name, version, fingerprint, ...numbers, description: root?.description ?? '' }
}

/** With mean times, as pictures have them. */
export const countsOf = (flow: readonly Flow[]): Counts =>
  flow.map(({ from, to, input, count, time }) => ({
    ...{ from, to, input, count },
    meanMs: count === 0 ? 0 : time / count,
  }))
