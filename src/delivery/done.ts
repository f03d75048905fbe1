/** What came of something that somebody asked for. */
import type { Act } from '../../machines/delivery/inputs.ts'
import type { DeliveryActor } from './actor.ts'
import { isUnderWay } from './standing.ts'

/**
 * The states before and after; `noted` where an attempt is under way: what will be done when it has ended, or `release`, where a
 * hold that was noted will not be. Null where there is no delivery of that id.
 */
export type Done = {
  readonly before: string
  readonly after: string
  readonly noted?: 'hold' | 'cancel' | 'release'
} | null

/** @throws where the log does not take it */
export const doneTo = async (
  actor: Pick<DeliveryActor, 'state' | 'noted' | 'act'>,
  { act, by, before = actor.state }: { readonly act: Act; readonly by: string; readonly before?: string },
): Promise<Done> => {
  const was = actor.noted
  await actor.act(act, by)
  const { state: after, noted: is } = actor
  if (!isUnderWay(after) || was === is) return { before, after }
  return { before, after, noted: is ?? 'release' }
}
