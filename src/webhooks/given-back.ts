/** Webhooks that this server was telling before it started, and that its configuration has no more: others may have them. */
import { newEventId, now } from '../actors/identity.ts'
import { type EventLog, idOf, kindOf, WrongRevision } from '../log/port.ts'
import { category, standingIn } from './standing.ts'

type Parts = {
  readonly log: EventLog
  readonly node: string
  /** The stream is of a webhook of the configuration. */
  readonly isKept: (stream: string) => boolean
}

/** @throws what the log throws */
export const giveBack = async ({ log, node, isKept }: Parts): Promise<void> => {
  for (const stream of await log.streams(`${category}-`)) {
    const standing = isKept(stream) ? null : await standingIn(log, stream)
    if (standing === null || standing.node !== node) continue
    const at = now()
    const data = { webhook: idOf(stream), node, position: standing.position }
    const event = { id: newEventId(at), kind: kindOf('WebhookReleased', 1, { node }), at, data }
    await log.append([{ stream, expected: standing.revision, events: [event] }]).catch((error: unknown) => {
      // Somebody has said something of it meanwhile: that holds.
      if (!(error instanceof WrongRevision)) throw error
    })
  }
}
