/** What an id stands for, of whatever it is the id, whole or in part. */
import type { DatabaseSync } from 'node:sqlite'
import { askDelivery, askDeliveryIds, type Delivery } from './deliveries.ts'
import { askMessage, askMessageIds, type Message } from './messages.ts'
import { askSession, askSessionIds, type Session } from './sessions.ts'

export type Found =
  | { readonly kind: 'session'; readonly one: Session }
  | { readonly kind: 'message'; readonly one: Message }
  | { readonly kind: 'delivery'; readonly one: Delivery }

const there = <One>(ids: readonly string[], ask: (id: string) => One | null): readonly One[] =>
  ids.flatMap((id) => ask(id) ?? [])

/** Those whose ids begin or end with `part`, a few of each kind. A delivery's id begins with its message's: who typed no more means the message. */
export const askFound = (db: DatabaseSync, part: string): readonly Found[] => {
  const found: readonly Found[] = [
    ...there(askSessionIds(db, part), (id) => askSession(db, id)).map(
      (one) => ({ kind: 'session', one }) as const,
    ),
    ...there(askMessageIds(db, part), (id) => askMessage(db, id)).map(
      (one) => ({ kind: 'message', one }) as const,
    ),
  ]
  if (found.length > 0) return found
  return there(askDeliveryIds(db, part), (id) => askDelivery(db, id)).map(
    (one) => ({ kind: 'delivery', one }) as const,
  )
}
