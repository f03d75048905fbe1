/** Ids as people type them: whole, or enough of the beginning; the end is taken, too, where it is that of one alone. */
import { aboutFound } from '../telling/found-id.ts'
import type { ViewReader } from '../views/index.ts'
import { CommandFault } from './fault.ts'
import { visible } from './terminal.ts'

export type Completing = {
  readonly views: ViewReader
  /** `message`, `session`. */
  readonly what: string
  /** The command that lists them. */
  readonly list: string
}

export { several } from '../telling/found-id.ts'

/** What tells it from others whose ids look alike. */
const aboutOf = (views: ViewReader, id: string): string => {
  const delivery = views.delivery(id)
  if (delivery !== null) return aboutFound({ kind: 'delivery', one: delivery })
  const message = views.message(id)
  if (message !== null) return aboutFound({ kind: 'message', one: message })
  const session = views.session(id)
  return session === null ? '' : aboutFound({ kind: 'session', one: session })
}

/** Of each sort (beginning, end) the views give so many at most. */
const most = 3

/**
 * The id that `part` stands for, given the ids that begin or end with it.
 * @throws CommandFault when there is none; or more than one, with what tells them apart
 */
export const completeId = (
  part: string,
  found: readonly string[],
  { views, what, list }: Completing,
): string => {
  if (found.includes(part)) return part
  const [id] = found
  if (id === undefined)
    throw new CommandFault(`no ${what} has an id that begins with "${part}"; see \`fsmtp ${list}\``)
  if (found.length === 1) return id
  const candidates = found.map((one) => visible(`  ${one}  ${aboutOf(views, one)}`))
  const others = found.length < most ? [] : [`  and perhaps others; see \`fsmtp ${list}\``]
  throw new CommandFault(
    [`"${part}" stands for more than one ${what}; give the whole id:`, ...candidates, ...others].join('\n'),
  )
}

/** The message whose id begins or ends with `part`. @throws CommandFault */
export const completeMessage = (views: ViewReader, part: string): string =>
  completeId(part, views.messageIds(part), { views, what: 'message', list: 'messages' })

/** The session whose id begins or ends with `part`. @throws CommandFault */
export const completeSession = (views: ViewReader, part: string): string =>
  completeId(part, views.sessionIds(part), { views, what: 'session', list: 'sessions' })

/** The delivery whose id begins or ends with `part`; the only one of a message by the beginning of that one's. @throws CommandFault */
export const completeDelivery = (views: ViewReader, part: string): string =>
  completeId(part, views.deliveryIds(part), { views, what: 'delivery', list: 'deliveries' })
