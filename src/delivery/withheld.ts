/** Recipients of an attempt to whom nothing is sent: their addresses are known not to exist. */
import type { DeliveryQueued, RecipientOutcome } from '../../machines/vocabulary/events.ts'
import { bySuppression } from '../../machines/vocabulary/suppression.ts'
import type { Suppressed } from '../reputation/suppressed.ts'

/** Why an address is not written to; null where it may be. */
export type Suppression = (address: string) => Suppressed | null

/**
 * What an attempt came to for them before it began. What has no sender goes its way: nobody would hear that it did not.
 */
export const withheldFrom = (
  { sender, recipients }: Pick<DeliveryQueued, 'sender' | 'recipients'>,
  settled: ReadonlySet<string>,
  suppression: Suppression | undefined,
): readonly RecipientOutcome[] => {
  if (sender === '' || suppression === undefined) return []
  return recipients.flatMap(({ address }): RecipientOutcome[] => {
    const found = settled.has(address) ? null : suppression(address)
    if (found === null) return []
    const { enhanced, why: text } = found
    const reply = { code: 550, enhanced, text, command: bySuppression, own: true } as const
    return [{ address, result: 'failed', reply }]
  })
}
