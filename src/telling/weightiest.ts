/** The one reply of an attempt that says most. */
import type { AttemptEnded, RemoteReply } from '../../machines/vocabulary/events.ts'

/** A refusal before a deferral, both before a yes. */
export const weightiest = ({
  outcomes,
  fault,
}: Pick<AttemptEnded, 'outcomes' | 'fault'>): RemoteReply | null => {
  const said = (result: string) => outcomes.find((one) => one.result === result && one.reply !== null)?.reply
  return said('failed') ?? said('deferred') ?? fault?.reply ?? said('delivered') ?? null
}
