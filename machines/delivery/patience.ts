/** How long a delivery waits between attempts. */
import type { DeliveryContext } from './context.ts'

/** FNV-1a: the same text, the same number, 32 bits. */
const numberOf = (text: string): number => {
  let number = 0x811c9dc5
  for (let at = 0; at < text.length; at++) number = Math.imul(number ^ text.charCodeAt(at), 0x01000193) >>> 0
  return number
}

/** From 0.9 to 1.1, by message, hop and attempt: what was deferred together does not come back together. */
const jitter = ({ message, nextHop }: DeliveryContext, turns: number): number =>
  0.9 + (numberOf(`${message} ${nextHop} ${turns}`) / 2 ** 32) * 0.2

/** Milliseconds from the end of the attempt under way, or from the turn that is left out, to the next. */
export const pauseAfter = (context: DeliveryContext): number => {
  const { policy, attempts, postponed } = context
  const turns = attempts + postponed
  const planned = policy.retry[Math.min(turns, policy.retry.length) - 1] ?? policy.retry.at(-1) ?? 0
  return Math.round(planned * jitter(context, turns))
}
