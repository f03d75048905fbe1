/** The way a history took, to be lit in a drawing. */
import { type Trail, trailKey } from '../../machines/drawing/index.ts'
import type { Step } from './steps.ts'

/** States it was in and moves it made, by revision. */
export const trailOf = (steps: readonly Pick<Step, 'revision' | 'from' | 'to'>[]): Trail => {
  const states = new Set<string>()
  const moves = new Map<string, number[]>()
  for (const { revision, from, to } of steps) {
    states.add(from).add(to)
    const key = trailKey(from, to)
    moves.set(key, [...(moves.get(key) ?? []), revision])
  }
  return { states, moves }
}
