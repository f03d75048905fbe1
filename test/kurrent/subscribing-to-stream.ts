/** A subscription to one stream, also to one that is not there yet. */
import { randomUUID } from 'node:crypto'
import { dropped, streamDeleted } from './errors.ts'
import type { Host } from './host.ts'
import { type Streams, streamNamed, streams } from './messages.ts'
import type { Outlet } from './outlet.ts'
import { streamForwards } from './pages.ts'
import { now } from './subscribing-to-all.ts'
import { Wakes } from './wakes.ts'

/** The revision after which to begin. */
const startOf = (
  host: Host,
  stream: string,
  asked: Streams.ReadReq.Options.StreamOptions | undefined,
): number => {
  if (asked?.hasStart()) return -1
  return asked?.hasEnd() ? host.log.lastRevision(stream) : Number(asked?.getRevision())
}

export const subscribeToStream = async (
  host: Host,
  outlet: Outlet,
  options: Streams.ReadReq.Options,
): Promise<void> => {
  const asked = options.getStream()
  const stream = streamNamed(asked?.getStreamIdentifier())
  const wakes = new Wakes(host.log)
  const forget = host.keepSubscription(() => outlet.fail(dropped()))
  try {
    const confirmation = new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(randomUUID())
    await outlet.send(new streams.ReadResp().setConfirmation(confirmation))
    let at = await deliver(host, outlet, stream, startOf(host, stream, asked))
    await outlet.send(new streams.ReadResp().setCaughtUp(caughtUp(host, at)))
    while (!outlet.gone) {
      await outlet.until(wakes.next())
      if (!host.faults.silent) at = await deliver(host, outlet, stream, at)
    }
  } finally {
    wakes.stop()
    forget()
  }
}

/** @returns the last revision sent */
const deliver = async (host: Host, outlet: Outlet, stream: string, after: number): Promise<number> => {
  if (host.log.isTombstoned(stream)) {
    outlet.fail(streamDeleted(stream))
    return after
  }
  let at = after
  for (let from: number | undefined = after + 1; from !== undefined && !outlet.gone; ) {
    const page = streamForwards(host.log, stream, from, Date.now())
    for (const record of page.records) {
      await outlet.event(record)
      at = record.revision
    }
    from = page.next
  }
  return at
}

const caughtUp = (host: Host, at: number): Streams.ReadResp.CaughtUp => {
  const said = new streams.ReadResp.CaughtUp()
  return host.saysWhere ? said.setTimestamp(now()).setStreamRevision(String(Math.max(0, at))) : said
}
