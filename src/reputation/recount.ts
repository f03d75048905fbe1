/** After a start: counts go on from the messages that the log has of late. */
import { dkimVouches, spfVouches } from '../../machines/session/rules/vouching.ts'
import type { MessageAccepted } from '../../machines/vocabulary/events.ts'
import type { LogReader } from '../log/port.ts'
import { domainOf, type Sending } from './rates.ts'

export type Recounting = {
  readonly log: Pick<LogReader, 'readAll' | 'tail' | 'spacing'>
  /** Milliseconds since 1970: older messages are passed over. */
  readonly since: number
  /** Events looked through at most, from the end of the log. */
  readonly most?: number
  readonly counted: (accepted: MessageAccepted, at: number) => void
}

type Counted = Pick<MessageAccepted, 'trace' | 'user' | 'sender' | 'examined' | 'authentication'>

/** As it is counted again: with what was found of it then. */
export const sendingOf = ({ trace, user, sender, examined, authentication }: Counted): Sending => ({
  ...{ address: trace.peer.address, account: user, sender },
  vouched:
    user !== null || spfVouches(examined?.spf) || dkimVouches(authentication?.dkim ?? [], domainOf(sender)),
})

/** Resolves when all have been told, in the order of the log; our own notices are none of them. */
export const recount = async ({ log, since, most = 200_000, counted }: Recounting): Promise<void> => {
  const after = Math.max(0, (await log.tail()) - most * (log.spacing ?? 1))
  for await (const page of log.readAll(after, { filter: { types: ['MessageAccepted'] } }))
    for (const { at, data } of page) {
      // What machines recorded is what the vocabulary says.
      const accepted = data as MessageAccepted
      if (at >= since && accepted.cause === undefined) counted(accepted, at)
    }
}
