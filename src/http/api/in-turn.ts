/** One after the other: however many lines one caller follows, no more than one of them reads what it has missed. */
import type { FastifyRequest } from 'fastify'

const waiting = new Map<string, Promise<unknown>>()

/** `null`: of those who are nobody in particular. */
export const whoOf = ({ caller }: Pick<FastifyRequest, 'caller'>): string | null =>
  caller === null || caller.kind === 'playground' ? null : `${caller.kind} ${caller.name}`

/** Does it when all of the same caller that came before is done. @throws the signal's reason where nobody waits for it any more */
export const inTurnOf = async <Value>(
  request: Pick<FastifyRequest, 'caller'>,
  signal: AbortSignal,
  act: () => Promise<Value>,
): Promise<Value> => {
  const who = whoOf(request) ?? ''
  const before = waiting.get(who) ?? Promise.resolve()
  const mine = before.then(() => {
    signal.throwIfAborted()
    return act()
  })
  const done = mine.catch(() => {})
  waiting.set(who, done)
  void done.then(() => {
    if (waiting.get(who) === done) waiting.delete(who)
  })
  return mine
}
