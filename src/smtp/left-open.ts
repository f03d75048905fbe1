/** Sessions that a server left in the middle get their end: this server's own of an earlier run, and those of servers that live no more. */

import { session } from '../../machines/session/index.ts'
import { endCutOff } from '../actors/cut-off.ts'
import type { Outbox } from '../actors/outbox.ts'
import { asError } from '../as-error.ts'
import type { LogReader } from '../log/port.ts'
import type { Membership } from '../nodes/index.ts'
import type { Session } from '../views/answers/sessions.ts'
import { openViews } from '../views/index.ts'

export type LeftOpenOptions = {
  readonly directory: string
  readonly log: LogReader
  readonly outbox: Outbox
  readonly members: Membership
  /** Milliseconds since 1970: sessions of our own that came later are live. */
  readonly before: number
  readonly notices: {
    readonly info: (what: string) => void
    readonly warn: (what: string, error?: Error) => void
  }
}

/** Whether its server left it, and did not just not come to its end yet. */
const isLeft = ({ node, openedAt }: Session, { members, before }: LeftOpenOptions): boolean => {
  const isOurs = node === null || node === members.node
  if (isOurs) return Date.parse(openedAt) <= before
  const others = members.others()
  return others !== null && !others.includes(node)
}

/** The views know which are open. Never throws: what could not be closed is said, and closed another time. */
export const endLeftOpen = async (options: LeftOpenOptions): Promise<void> => {
  const { directory, log, outbox, members, notices } = options
  const views = openViews({ directory, log })
  try {
    await views.caughtUp()
    const ids = [...views.sessions({ outcome: 'open' })]
      .filter((open) => isLeft(open, options))
      .map(({ id }) => id)
    const cutOff = { module: session, ids, log, outbox, node: members.node, notice: notices.warn }
    const ended = await endCutOff(cutOff)
    if (ended > 0) notices.info(`${ended} sessions that a server left when it ended are closed now`)
  } catch (error) {
    notices.warn('sessions that were cut off earlier could not be closed', asError(error))
  } finally {
    views.close()
  }
}
