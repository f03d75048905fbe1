/** The backlog, as the views know it. */
import type { LogReader } from '../log/port.ts'
import { openViews } from '../views/index.ts'
import type { Backlog } from './backlog.ts'
import type { NoticerOptions } from './noticer.ts'
import type { ReceiptsOptions } from './receipts.ts'

export type OpenBacklog = Backlog &
  ReceiptsOptions['backlog'] & {
    readonly original: NoticerOptions['original']
    close(): void
  }

export const openBacklog = ({
  directory,
  log,
}: {
  readonly directory: string
  readonly log: LogReader
}): OpenBacklog => {
  const views = openViews({ directory, log })
  return {
    caughtUp: async () => {
      await views.caughtUp({ timeout: Number.POSITIVE_INFINITY })
    },
    unrouted: (limit) => views.unrouted(limit),
    underWay: () => views.openDeliveries(),
    due: (before, options) => views.dueDeliveries(before, options),
    pace: (destination) => views.destination(destination),
    noticesDue: (limit) => views.noticesDue(limit),
    receiptsDue: (limit) => views.receiptsDue(limit),
    // Views may lag behind a host that refuses at once.
    original: async (message) => {
      if (views.message(message) === null) await views.caughtUp()
      return views.message(message)
    },
    close: () => views.close(),
  }
}
