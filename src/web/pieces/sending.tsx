/** Lines that send a mail to this very server: with the listeners it has, on the ports they have. */
import type { Who } from '../api/who.ts'
import { useWho } from '../api/who.ts'
import { Line } from './pieces.tsx'
import { type Sending, sendingLines } from './sending-lines.ts'

const callerOf = (who: Who | null | undefined): Sending['account'] =>
  who?.required === true && who.caller?.kind === 'account' ? who.caller.name : null

/** Nothing where nothing listens, and until it is known what does. */
export const SendingLines = ({ to }: { readonly to: readonly [string, ...string[]] }) => {
  const who = useWho()
  const lines = sendingLines({
    ...{ to, smtp: who?.smtp ?? [], account: callerOf(who), pageHost: location.hostname },
  })
  return (
    <>
      {lines.map((text) => (
        <Line key={text} text={text} />
      ))}
    </>
  )
}
