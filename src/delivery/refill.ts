/** Brings the turns what the backlog has for them: what comes due soon, and what had no room before. */

import type { Backlog } from './backlog.ts'
import type { Tools } from './tools.ts'
import { horizon, type Turns } from './turns.ts'

export type RefillOptions = {
  readonly backlog: Pick<Backlog, 'due'>
  readonly tools: Pick<Tools, 'now' | 'node' | 'members'>
  readonly turns: Turns
  /** It is under way, or being seen to. */
  readonly isBusy: (id: string) => boolean
}

/** How many are asked for at once. */
const mostAsked = 20_000
/** How often it is asked anew, without the next hops that had no room: they must not stand before all others. */
const mostRounds = 20

export class Refill {
  readonly #options: RefillOptions

  constructor(options: RefillOptions) {
    this.#options = options
  }

  /** What comes due soon. @throws what reading the backlog throws */
  ask(limit = mostAsked): void {
    const { turns } = this.#options
    const full = new Set(turns.crowded())
    for (let round = 0; round < mostRounds; round++) {
      const { found, refused } = this.#round(limit, [...full])
      const isAll = found < limit
      turns.asked({ isAll: isAll && full.size === 0 && refused.size === 0 })
      if (isAll || refused.size === 0) return
      for (const nextHop of refused) full.add(nextHop)
    }
  }

  /** What had no room before, where there is room now. */
  askAgain(): void {
    const { room } = this.#options.turns
    if (room > 0) this.ask(room)
  }

  /** The next hops that had no room. */
  #round(
    limit: number,
    except: readonly string[],
  ): { readonly found: number; readonly refused: Set<string> } {
    const { backlog, tools, turns, isBusy } = this.#options
    const others = tools.members.others()
    const due = backlog.due(tools.now() + horizon, {
      ...{ limit, except },
      ...(others === null ? { only: tools.node } : { others }),
    })
    const refused = new Set<string>()
    for (const one of due) {
      if (turns.has(one.id) || isBusy(one.id)) continue
      if (!turns.add(one) && turns.isCrowded(one.nextHop)) refused.add(one.nextHop)
    }
    return { found: due.length, refused }
  }
}
