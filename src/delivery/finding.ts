/** The way of one mail: the one that others to its destination take, or one of its own. */
import type { DeliveryQueued, Route } from '../../machines/vocabulary/events.ts'
import type { Destination } from './destination.ts'
import { NoRoute, type Routes } from './port.ts'
import { insecurity, mustBeSecure, wishesOf } from './secure-way.ts'

type Finding = {
  readonly destination: Pick<Destination, 'routeAt' | 'found'> | null
  readonly tools: { readonly routes: Routes; readonly now: () => number }
  readonly signal: AbortSignal
}

/** What a mail wants for itself is asked for itself: what is found is not for others, nor what was found for them. */
const find = async (queued: DeliveryQueued, { destination, tools, signal }: Finding): Promise<Route> => {
  const { routes, now } = tools
  const wishes = wishesOf(queued)
  if (wishes !== null) return routes.resolve(queued.nextHop, signal, wishes)
  const known = destination?.routeAt(now()) ?? null
  if (known !== null) return known
  const route = await routes.resolve(queued.nextHop, signal)
  destination?.found(route, now())
  return route
}

/** @throws NoRoute, also where there is one, but none that this mail may take */
export const findRoute = async (queued: DeliveryQueued, finding: Finding): Promise<Route> => {
  const route = await find(queued, finding)
  const insecure = mustBeSecure(queued) ? insecurity(route) : null
  if (insecure !== null) throw new NoRoute(insecure)
  return route
}
