/**
 * Following: pages of what is there, then what comes, from the position of the last event that was given out. A subscription
 * that breaks, or that stays behind the log, is begun again there. What the consumer does not take stays with the server.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { AllStreamSubscription } from '@kurrent/kurrentdb-client'
import { LogDamaged, type ReadFilter, type StoredEvent } from '../port.ts'
import { within } from './faults.ts'
import { type Selection, selectionOf } from './filter.ts'
import { type Link, Refused } from './link.ts'
import type { Settings } from './options.ts'
import { pageSize, type Reading } from './reading.ts'
import { Wakening } from './wakening.ts'

type Pages = AsyncGenerator<readonly StoredEvent[], void, undefined>
/** Events that may wait in this process. */
const mayWait = 256
const firstPause = 20
const longestPause = 2_000

export type FollowingParts = {
  readonly link: Link
  readonly reading: Reading
  readonly settings: Settings
  readonly prefix: string
}

export type FollowOptions = {
  readonly after: number
  readonly filter: ReadFilter
  /** Aborts when the consumer wants no more, or the log is closed. */
  readonly signal: AbortSignal
}

export async function* follow(parts: FollowingParts, { after, filter, signal }: FollowOptions): Pages {
  const selection = selectionOf(filter, parts.prefix)
  if (selection === null) {
    await aborted(signal)
    return
  }
  let last: number | null = null
  for (let wait = firstPause; !signal.aborted; wait = Math.min(wait * 2, longestPause)) {
    try {
      last ??= await parts.reading.begin(after, selection)
      for await (const page of parts.reading.readAll(Math.max(last, after), { filter })) {
        if (signal.aborted) return
        last = page.at(-1)!.position
        yield page
        wait = firstPause
      }
      for await (const page of live(parts, { last, floor: Math.max(last, after), selection, signal })) {
        if (signal.aborted) return
        last = page.at(-1)!.position
        yield page
        wait = firstPause
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof LogDamaged || error instanceof Refused) throw error
      await pause(wait, undefined, { signal }).catch(() => {})
    }
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))

type Place = {
  /** Where the server begins, and up to where nothing is wanted. */
  readonly last: number
  readonly floor: number
  readonly selection: Selection
  readonly signal: AbortSignal
}

/** What comes after a position, until the subscription is of no use any more. */
async function* live(
  { link, reading, settings }: FollowingParts,
  { last, floor, selection, signal }: Place,
): Pages {
  const connection = await link.connection()
  const subscription = connection.client.subscribeToAll(
    {
      fromPosition: last <= 0 ? 'start' : { commit: BigInt(last), prepare: BigInt(last) },
      filter: selection.filter,
    },
    { highWaterMark: mayWait },
  )
  const wakening = new Wakening(subscription, AbortSignal.any([signal, connection.gone]))
  let given = floor
  try {
    await within(wakening.confirmed, settings.connectWithin, 'subscribing')
    for (;;) {
      const found = taken(subscription)
      const { events, damage } = reading.wanted(found, given, selection)
      if (events.length > 0) {
        given = events.at(-1)!.position
        yield events
      }
      if (damage) throw damage
      if (found.length > 0) continue
      const why = await wakening.next(settings.lookEvery)
      if (why === 'over') return
      if (why === 'idle' && (await isBehind(reading, given, { selection, subscription }))) return
    }
  } catch (error) {
    if (!signal.aborted) link.failed(connection, error)
    throw error
  } finally {
    wakening.end()
    end(subscription)
  }
}

const taken = (subscription: AllStreamSubscription): Parameters<Reading['wanted']>[0] => {
  const events = []
  for (let event = subscription.read(); event !== null; event = subscription.read()) {
    events.push(event)
    if (events.length >= pageSize) break
  }
  return events
}

type Looked = { readonly selection: Selection; readonly subscription: AllStreamSubscription }

/** A subscription that stays silent although there is something for it: the server has forgotten it. */
const isBehind = async (
  reading: Reading,
  given: number,
  { selection, subscription }: Looked,
): Promise<boolean> => {
  const isThere = await reading.isAnythingAfter(given, selection)
  return isThere && subscription.readableLength === 0
}

const end = (subscription: AllStreamSubscription): void => {
  subscription.unsubscribe().catch(() => {})
  subscription.destroy()
}
