/** What a session came to, in a few words: the same in a terminal and on the page. */
import { reasonText } from '../../machines/vocabulary/reasons.ts'
import type { Session } from '../shapes/session.ts'

/** `refused, for now`: greylisted, say. `accepted, 1 refused`: not all of it was. */
export const outcomeText = ({ outcome, deferred, refusals }: Session): string => {
  if (outcome === 'refused') return deferred ? 'refused, for now' : 'refused'
  return refusals === 0 ? outcome : `${outcome}, ${refusals} refused`
}

/** Why something was refused, or how the line ended; nothing where all went well. */
export const whyText = ({ reason, refusal, outcome }: Session): string => {
  const why = outcome === 'accepted' || outcome === 'open' ? refusal : (reason ?? refusal)
  return why === null ? '' : reasonText(why)
}

/** The account, or the name that somebody tried to log in by, and could not; '' where nobody did. */
export const whoText = ({ user, tried }: Pick<Session, 'user' | 'tried'>): string =>
  user ?? (tried === null ? '' : `${tried} (failed)`)
