/** The way a history took, to be lit in a drawing. */
import { type Trail, trailOf } from '../../machines/drawing/index.ts'
import type { Step } from './steps.ts'

/** States it was in and transitions it took, by revision. */
export const trailOfSteps = (
  steps: readonly Pick<Step, 'revision' | 'from' | 'to' | 'transition'>[],
): Trail =>
  trailOf(steps.map(({ revision, from, to, transition }) => ({ step: revision, from, to, transition })))
