/** `Read`: so many events of a stream or of everything, in either direction; or, as a subscription, all that come. */
import { setTimeout as pause } from 'node:timers/promises'
import {
  accessDenied,
  type Failure,
  invalidArgument,
  notLeader,
  notReady,
  streamDeleted,
  tooBusy,
} from './errors.ts'
import { type Filter, filterOf } from './filter.ts'
import type { Host } from './host.ts'
import type { LogRecord } from './log.ts'
import { type Streams, streamIdentifier, streamNamed, streams } from './messages.ts'
import { Outlet, type ReadCall } from './outlet.ts'
import { allBackwards, allForwards, isThere, type Place, streamBackwards, streamForwards } from './pages.ts'
import { subscribeToAll } from './subscribing-to-all.ts'
import { subscribeToStream } from './subscribing-to-stream.ts'

type Options = Streams.ReadReq.Options

const isFailure = (error: unknown): error is Failure => error instanceof Error && 'code' in error

export const reading = (host: Host) => (call: ReadCall) => {
  const refusal = host.refusalOf(call)
  if (refusal === 'silent') return
  if (refusal) return void call.emit('error', refusal)
  const leader = host.turnedAwayFrom(call)
  const outlet = new Outlet(call)
  const options = call.request.getOptions()
  if (options === undefined) return outlet.fail(invalidArgument('a read needs options'))
  if (leader) return outlet.fail(notLeader(leader))
  serve(host, call, outlet, options).catch((error: unknown) => {
    outlet.fail(isFailure(error) ? error : invalidArgument(String(error)))
  })
}

const serve = async (host: Host, call: ReadCall, outlet: Outlet, options: Options): Promise<void> => {
  if (options.hasSubscription()) {
    return options.hasAll() ? subscribeToAll(host, outlet, options) : subscribeToStream(host, outlet, options)
  }
  const stream = options.hasStream() ? streamNamed(options.getStream()?.getStreamIdentifier()) : '$all'
  const act = host.faults.readOf(stream)
  if (act === 'silent') return
  if (act === 'drop') return host.dropConnectionOf(call)
  if (act === 'busy') return outlet.fail(tooBusy())
  if (act === 'not ready') return outlet.fail(notReady())
  if (act === 'denied') return outlet.fail(accessDenied())
  if (options.hasStream() && host.log.isTombstoned(stream)) return outlet.fail(streamDeleted(stream))
  if (options.hasStream() && !isThere(host.log, stream)) {
    await outlet.send(
      new streams.ReadResp().setStreamNotFound(
        new streams.ReadResp.StreamNotFound().setStreamIdentifier(streamIdentifier(stream)),
      ),
    )
    return outlet.end()
  }
  const pages = options.hasStream() ? pagesOfStream(host, options, stream) : pagesOfAll(host, options)
  const breaking = act === 'drop halfway' ? () => host.dropConnectionOf(call) : undefined
  await pour(host, outlet, pages, { filter: filterOf(options), limit: BigInt(options.getCount()), breaking })
}

const pour = async (
  host: Host,
  outlet: Outlet,
  pages: Iterable<readonly LogRecord[]>,
  {
    filter,
    limit,
    breaking,
  }: {
    readonly filter: Filter | undefined
    readonly limit: bigint
    readonly breaking: (() => void) | undefined
  },
): Promise<void> => {
  let left = limit
  for (const page of pages) {
    if (host.faults.readLatency > 0) await pause(host.faults.readLatency)
    for (const record of page) {
      if (outlet.gone) return
      if (left === 0n) return outlet.end()
      if (filter && !filter.passes(record)) continue
      await outlet.event(record)
      left -= 1n
      if (breaking) return void setImmediate(breaking)
    }
  }
  outlet.end()
}

const backwards = (options: Options): boolean =>
  options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS

function* pagesOfAll({ log }: Host, options: Options): Generator<readonly LogRecord[]> {
  const read = backwards(options) ? allBackwards : allForwards
  for (let place: Place | undefined = placeOf(options, log.end); place; ) {
    const page = read(log, place)
    yield page.records
    place = page.next
  }
}

/** Where a read of everything begins; the end is after the last record. */
export const placeOf = (options: Options, end: number): Place => {
  const position = options.getAll()?.getPosition()
  if (options.getAll()?.hasStart()) return { commit: 0, prepare: 0 }
  if (position === undefined) return { commit: end, prepare: end }
  return { commit: Number(position.getCommitPosition()), prepare: Number(position.getPreparePosition()) }
}

function* pagesOfStream({ log }: Host, options: Options, stream: string): Generator<readonly LogRecord[]> {
  const read = backwards(options) ? streamBackwards : streamForwards
  const asked = options.getStream()
  const last = log.lastRevision(stream)
  const start = asked?.hasStart() ? 0 : asked?.hasEnd() ? last : Number(asked?.getRevision())
  // From the end forwards there is nothing, from the start backwards only the first.
  const from = asked?.hasEnd() && !backwards(options) ? last + 1 : start
  for (let at: number | undefined = from; at !== undefined; ) {
    const page = read(log, stream, at, Date.now())
    yield page.records
    at = page.next
  }
}
