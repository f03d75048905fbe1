/** Somebody wants a webhook told from a position on: once more, leaving out what is between, or at all. */
import type { WebhookMoved } from '../../machines/vocabulary/events.ts'
import { newEventId, now } from '../actors/identity.ts'
import { type EventLog, kindOf, type LogReader, WrongRevision } from '../log/port.ts'
import { category, type Standing, standingIn } from './standing.ts'

export type Move = {
  /** Of the webhook. */
  readonly id: string
  /** What comes after it is told; null: from where it is. */
  readonly from: number | null
  readonly by: string
}

/** `beyond`: the log ends before it. `overtaken`: a server said something of it at the same moment, every time. */
export type Moved =
  | { readonly kind: 'moved'; readonly position: number }
  | { readonly kind: 'beyond'; readonly tail: number }
  | { readonly kind: 'overtaken' }

/** A server may say something of it at the same moment, again and again. */
const mostTries = 20

export type MovingParts = {
  readonly log: Pick<LogReader, 'readStream' | 'tail'>
  readonly append: EventLog['append']
}

export const moveWebhook = async (parts: MovingParts, move: Move): Promise<Moved> => {
  const tail = await parts.log.tail()
  if (move.from !== null && move.from > tail) return { kind: 'beyond', tail }
  const stream = `${category}-${move.id}`
  for (let tries = 0; tries < mostTries; tries++)
    try {
      const standing = await standingIn(parts.log, stream)
      const position = move.from ?? standing?.position ?? tail
      await say(parts.append, { stream, standing, data: { webhook: move.id, position, by: move.by } })
      return { kind: 'moved', position }
    } catch (error) {
      if (!(error instanceof WrongRevision)) throw error
    }
  return { kind: 'overtaken' }
}

type Word = { readonly stream: string; readonly standing: Standing | null; readonly data: WebhookMoved }

const say = async (append: EventLog['append'], { stream, standing, data }: Word): Promise<void> => {
  const at = now()
  const event = { id: newEventId(at), kind: kindOf('WebhookMoved', 1, {}), at, data }
  await append([{ stream, expected: standing?.revision ?? -1, events: [event] }])
}
