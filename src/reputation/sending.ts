/**
 * What accounts send to other hosts, and whether it is more than `limits.sending` allows. Everything counts, also what is held because
 * of it: who goes on sending too much stays held. Each server counts what it takes itself.
 */

import { addressKey } from '../../machines/vocabulary/address.ts'
import type { MessageAccepted, SendingOver } from '../../machines/vocabulary/events.ts'
import type { Config } from '../config/schema.ts'
import { formatDuration } from '../config/units.ts'
import { Window } from './window.ts'

export type SendingRule = Config['limits']['sending']
type Counted = Pick<MessageAccepted, 'user' | 'recipients'>

/** Accounts remembered; beyond it the one that was silent longest is forgotten. */
const most = 100_000

const elsewhere = ({ recipients }: Counted): number =>
  recipients.filter(({ destination }) => destination.kind === 'nextHop').length

/** Accounts are named by their addresses, however these are written. */
const ownLimits = ({ accounts }: SendingRule): ReadonlyMap<string, SendingRule['accounts'][string]> =>
  new Map(Object.entries(accounts).map(([name, limits]) => [addressKey(name), limits]))

export const sendingText = ({ account, of, count, limit, per }: SendingOver): string => {
  const what = of === 'messages' ? `${count} messages` : `mail to ${count} recipients`
  return `${account} has sent ${what} within ${formatDuration(per)}, and limits.sending allows ${limit}`
}

export class SendingLimits {
  #rule: SendingRule
  #own: ReturnType<typeof ownLimits>
  #messages: Window
  #recipients: Window

  constructor(rule: SendingRule) {
    this.#rule = rule
    this.#own = ownLimits(rule)
    this.#messages = new Window({ per: rule.per, most })
    this.#recipients = new Window({ per: rule.per, most })
  }

  /** A configuration was read again. With another window counts begin anew. */
  use(rule: SendingRule): void {
    if (rule.per !== this.#rule.per) {
      this.#messages = new Window({ per: rule.per, most })
      this.#recipients = new Window({ per: rule.per, most })
    }
    this.#rule = rule
    this.#own = ownLimits(rule)
  }

  /** Counts a message that was just accepted; what it is over, or null. */
  count(accepted: Counted, at: number): SendingOver | null {
    this.#add(accepted, at)
    return this.judge(accepted, at)
  }

  /** What a message that was counted before was over when it was accepted. */
  judge({ user }: Counted, at: number): SendingOver | null {
    if (user === null) return null
    const own = this.#own.get(addressKey(user))
    const over = (of: SendingOver['of'], window: Window): SendingOver | null => {
      const count = window.countAt(user, at)
      const limit = own?.[of] ?? this.#rule[of]
      return count > limit ? { account: user, of, count, limit, per: this.#rule.per } : null
    }
    return over('messages', this.#messages) ?? over('recipients', this.#recipients)
  }

  /** A message of before this process. */
  recount(accepted: Counted, { at, now }: { readonly at: number; readonly now: number }): void {
    if (now - at < this.#rule.per) this.#add(accepted, at)
  }

  #add(accepted: Counted, at: number): void {
    const recipients = elsewhere(accepted)
    if (accepted.user === null || recipients === 0) return
    this.#messages.add(accepted.user, at, 1)
    this.#recipients.add(accepted.user, at, recipients)
  }
}
