/** Deliveries of accounts that send too much are held: whether one is, and the word to those who run the server. */
import type { SendingOver } from '../../machines/vocabulary/events.ts'
import { now } from '../actors/identity.ts'
import { Tally } from '../authentication/tally.ts'
import type { LogReader } from '../log/port.ts'
import { recount } from '../reputation/recount.ts'
import { SendingLimits, type SendingRule, sendingText } from '../reputation/sending.ts'
import type { Accepted } from './router.ts'

export type SendingOptions = {
  readonly log: Pick<LogReader, 'readAll' | 'tail' | 'spacing'>
  readonly rule: SendingRule
  readonly warn: (what: string, error?: Error) => void
}

export type Sending = {
  /** Resolves when what was sent before this start is counted; at once afterwards. */
  counted(): Promise<void> | null
  /** What the message is over, or null. `isNew`: it is counted. */
  judge(accepted: Accepted, asked: { readonly isNew: boolean }): SendingOver | null
  use(rule: SendingRule): void
}

/** Accounts that were told of lately. */
const mostTold = 10_000

export const followSending = ({ log, rule, warn }: SendingOptions): Sending => {
  const limits = new SendingLimits(rule)
  const tellingsOf = ({ per }: SendingRule) => new Tally({ window: per, most: mostTold })
  let told = tellingsOf(rule)
  const begun = now()
  let counting: Promise<void> | null = recount({
    ...{ log, since: begun - rule.per },
    counted: (accepted, at) => limits.recount(accepted, { at, now: begun }),
  })
    .catch((error: Error) => warn('what accounts sent before this start is not counted', error))
    .finally(() => {
      counting = null
    })
  const tell = (over: SendingOver): void => {
    if (told.add(over.account, now()) > 1) return
    warn(
      `${sendingText(over)}: what it sends elsewhere is held; \`fsmtp deliveries --status held\` shows it, \`fsmtp release\` lets it go on`,
    )
  }
  return {
    counted: () => counting,
    judge: ({ message, at }, { isNew }) => {
      const over = isNew ? limits.count(message, at) : limits.judge(message, at)
      if (over !== null) tell(over)
      return over
    },
    use: (changed) => {
      limits.use(changed)
      told = tellingsOf(changed)
    },
  }
}

/** What is routed before that is counted waits; afterwards nothing does. */
export const afterCounting = (sending: Sending, route: () => Promise<void>): Promise<void> => {
  const counting = sending.counted()
  return counting === null ? route() : counting.then(route)
}
