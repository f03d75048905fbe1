/** What can go wrong on our own side of an attempt, and the content as it leaves. */
import type { AttemptFault, DeliveryQueued, RecipientOutcome } from '../../machines/vocabulary/events.ts'
import { omitting } from '../content/omitting.ts'
import type { ContentStore } from '../content/port.ts'

/** A fault of this program: said, and tried again. */
export const unforeseen = (error: unknown, during: string): AttemptFault => ({
  kind: 'unforeseen',
  during,
  text: error instanceof Error ? error.message : String(error),
  reply: null,
  temporary: true,
})

/** Characters of replies in one fact, all together: a log may refuse a fact that is too large. */
const mostWords = 150_000

/** The same, with as much of each reply as there is room for where many recipients got long ones. */
export const bounded = (outcomes: readonly RecipientOutcome[]): readonly RecipientOutcome[] => {
  const words = outcomes.reduce((sum, { reply }) => sum + (reply?.text.length ?? 0), 0)
  if (words <= mostWords) return outcomes
  const most = Math.floor(mostWords / outcomes.length)
  return outcomes.map(({ reply, ...outcome }) => ({
    ...outcome,
    reply: reply && { ...reply, text: reply.text.slice(0, most) },
  }))
}

/**
 * Header lines in front, then the content as it was stored: opened when the host wants it. The final dot follows its end, so
 * it ends with an error where this server may act no more, having been silent for too long.
 * @throws where it is missing
 */
export async function* contentOf(
  store: Pick<ContentStore, 'stream'>,
  { message, prefix, forged }: Pick<DeliveryQueued, 'message' | 'prefix' | 'forged'>,
  mayFinish: () => Promise<boolean>,
): AsyncGenerator<Uint8Array> {
  const stored = await store.stream(message)
  if (stored === null) throw new Error(`the content of message ${message} is missing`)
  if (prefix !== '') yield Buffer.from(prefix)
  yield* omitting(stored, forged)
  if (!(await mayFinish()))
    throw new Error(
      'the log did not take what was done so far, or this server could not say in time that it lives',
    )
}
