/** Follows a message to its outcome: each recipient's mailbox or delivery, told when it changes. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Delivery } from '../views/answers/deliveries.ts'
import type { Reading } from './open.ts'
import { ndjson, print, visible } from './terminal.ts'

/** Milliseconds between two looks. */
const lookEvery = 100
const ended: ReadonlySet<Delivery['status']> = new Set(['delivered', 'failed', 'expired', 'cancelled'])

const words = ({ status, nextAttemptAt, lastReply, fault }: Delivery): string => {
  const why = lastReply ?? fault
  const next = status === 'deferred' && nextAttemptAt !== null ? `; next attempt ${nextAttemptAt}` : ''
  return `${status}${why === null ? '' : `: ${visible(why)}`}${next}`
}

const shown = (delivery: Delivery): string =>
  `${delivery.id}  ${delivery.recipients.map(({ address }) => visible(address)).join(', ')}  ${words(delivery)}`

/** True when every recipient has the mail. Ends when nothing more will happen by itself. */
export const followed = async ({ views, json }: Reading, message: string): Promise<boolean> => {
  const told = new Map<string, string>()
  for (;;) {
    await views.caughtUp()
    const found = views.message(message)
    const deliveries = views.deliveriesOf(message)
    for (const delivery of deliveries) {
      const now = words(delivery)
      if (told.get(delivery.id) === now) continue
      told.set(delivery.id, now)
      if (json) ndjson(delivery)
      else print(shown(delivery))
    }
    const isRouted = found !== null && found.waiting === 0
    if (isRouted && deliveries.every(({ status }) => ended.has(status))) {
      if (!json && found.mailboxes > 0)
        print(`in ${found.mailboxes} ${found.mailboxes === 1 ? 'mailbox' : 'mailboxes'} here`)
      return deliveries.every(({ status }) => status === 'delivered')
    }
    await pause(lookEvery)
  }
}
