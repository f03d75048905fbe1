/** May this caller have this route? A table of what is asked and who asks; nothing is looked up here. */
import { type Caller, includes, type Role } from './caller.ts'
import type { Client } from './client.ts'
import { type From, isChanging } from './origin.ts'

/** What a route says of itself. */
export type Route = {
  readonly method: string
  readonly access: 'anybody' | 'monitor' | 'account'
  readonly role?: Role | undefined
  /** It gives an account only what is its own. */
  readonly own?: boolean | undefined
}

export type Asks = {
  readonly caller: Caller | null
  readonly client: Client
  readonly from: From
  /** The client is in `http.metrics.networks`. */
  readonly isMonitor: boolean
}

export type Refusal = { readonly status: 401 | 403; readonly detail: string }

const refuse = (status: Refusal['status'], detail: string): Refusal => ({ status, detail })

/** Null where it may. */
export const refusalOf = (route: Route, asks: Asks): Refusal | null =>
  whoIsWrong(route, asks) ?? pageIsWrong(route, asks)

const whoIsWrong = ({ access, role, own }: Route, { caller, isMonitor }: Asks): Refusal | null => {
  if (access === 'anybody') return null
  if (access === 'monitor')
    return isMonitor || caller?.account === null
      ? null
      : refuse(403, 'this is for monitors: see http.metrics.networks, or ask with a key')
  if (caller === null)
    return refuse(401, 'log in, or ask with a key (Authorization: Bearer, see `fsmtp key add`)')
  if (role !== undefined && !includes(caller.role, role))
    return refuse(403, `this wants the role ${role}; ${caller.name} has ${caller.role}`)
  if (caller.account !== null && own !== true)
    return refuse(
      403,
      `this is not for one account alone; ${caller.name} sees what concerns ${caller.account}`,
    )
  return null
}

/** A key is sent by whoever holds it; a cookie by the browser, whichever page asks it to. */
const pageIsWrong = ({ method }: Route, { caller, from }: Asks): Refusal | null => {
  if (!isChanging(method) || caller?.kind === 'key') return null
  if (from === 'other-page') return refuse(403, 'the page of another site asked for this; only our own may')
  if (from === 'no-page' && caller?.kind === 'account')
    return refuse(403, 'what is asked with a cookie must say from which page (Origin); programs use a key')
  return null
}
