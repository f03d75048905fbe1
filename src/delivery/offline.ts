/** Acts on deliveries while no server runs: their histories are lived again, changed, and put back; nothing is sent. */
import { now } from '../actors/identity.ts'
import { Outbox } from '../actors/outbox.ts'
import type { Acted, ActQuestion } from '../control.ts'
import type { EventLog } from '../log/port.ts'
import type { Membership } from '../nodes/membership.ts'
import { sole } from '../nodes/sole.ts'
import type { Backlog } from './backlog.ts'
import { Courier } from './courier.ts'
import { actOnEach } from './each.ts'
import { unforeseen } from './faults.ts'
import { HostFailed, NoRoute, type Routes } from './port.ts'

const nothingOwed: Backlog = {
  caughtUp: async () => {},
  unrouted: () => [],
  underWay: () => [],
  due: () => [],
  pace: () => null,
  noticesDue: () => [],
}

const nowhere: Routes = {
  resolve: async () => {
    throw new NoRoute(unforeseen('no server runs', 'route'))
  },
  destination: (nextHop) => nextHop,
  login: () => null,
}

export type OfflineOptions = {
  readonly node: string
  /** No other server can be at work on this log. */
  readonly isAlone: boolean
  readonly warn: (what: string, error?: Error) => void
}

/** Nobody knows who else lives. */
const amongOthers = (node: string): Membership => ({ ...sole(node), others: () => null })

export const actOffline = async (
  log: EventLog,
  { act, ids, by }: ActQuestion,
  { node, isAlone, warn }: OfflineOptions,
): Promise<readonly Acted[]> => {
  const outbox = new Outbox({ log })
  const courier = new Courier({
    ...{ log, backlog: nothingOwed, info: () => {}, warn },
    // No room: nothing is ever started.
    concurrency: { total: 0, perDestination: 0 },
    tools: {
      ...{ outbox, node, hostname: node, now, routes: nowhere },
      members: isAlone ? sole(node) : amongOthers(node),
      connect: async () => {
        throw new HostFailed(unforeseen('no server runs', 'connect'))
      },
      content: { stream: async () => null },
      notify: () => {},
    },
  })
  try {
    return await actOnEach(courier, { act, ids, by })
  } finally {
    await courier.stop(0)
  }
}
