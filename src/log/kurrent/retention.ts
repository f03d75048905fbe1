/**
 * Forgetting, as the database does it: a stream is tombstoned, so that nobody writes to it again and cleaning up (scavenging) takes all its
 * events; a beginning is hidden by the stream's metadata (`$tb`). What is hidden stays on the database's disk, and in `$all`, until
 * whoever runs the database has it scavenged.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { StreamDeletedError } from '@kurrent/kurrentdb-client'
import { type Forgetting, LogUnavailable, WrongRevision } from '../port.ts'
import type { Appender } from './appender.ts'
import type { Asking } from './asking.ts'
import { type Encoded, sizeOf } from './encoding.ts'
import { isRefusal, textOf as saidBy, within } from './faults.ts'
import type { Link } from './link.ts'
import type { Settings } from './options.ts'
import { textOf } from './protobuf.ts'

export type ForgettingParts = {
  readonly link: Link
  readonly settings: Settings
  readonly appender: Appender
  readonly asking: Asking
  readonly prefix: string
}

/** Streams ended at a time. */
const atOnce = 16
const firstPause = 20
const longestPause = 500

/** @throws LogUnavailable */
export const forget = async (
  parts: ForgettingParts,
  { streams = [], beginnings = [] }: Forgetting,
): Promise<void> => {
  for (let at = 0; at < streams.length; at += atOnce)
    await Promise.all(streams.slice(at, at + atOnce).map((stream) => end(parts, parts.prefix + stream)))
  for (const { stream, before } of beginnings) await truncate(parts, parts.prefix + stream, before)
}

/** Asked again until it is known to be done: a stream that has ended already is done. */
const end = async ({ link, settings }: ForgettingParts, stream: string): Promise<void> => {
  const until = performance.now() + settings.answerWithin
  for (let wait = firstPause; ; wait = Math.min(wait * 2, longestPause)) {
    const connection = await link.connection()
    try {
      const ended = connection.client.tombstoneStream(stream, { expectedRevision: 'any' })
      await within(ended, settings.silentAfter, 'ending a stream')
      return
    } catch (error) {
      if (error instanceof StreamDeletedError) return
      if (isRefusal(error) || performance.now() + wait > until)
        throw new LogUnavailable(`stream ${stream} could not be removed: ${saidBy(error)}`, { cause: error })
      link.failed(connection, error)
      await pause(wait)
    }
  }
}

/** Whatever else the metadata say stays. Who is overtaken by another reads them again. */
const truncate = async (
  { asking, appender }: ForgettingParts,
  stream: string,
  before: number,
): Promise<void> => {
  const place = `$$${stream}`
  for (let tries = 5; ; tries--) {
    const [last] = await asking.stream(place, {
      ...{ fromRevision: 'end', maxCount: 1, direction: 'backwards' },
    })
    const known = membersOf(last?.event?.data)
    if (Number(known.$tb ?? 0) >= before) return
    const event = metadata({ ...known, $tb: before })
    const expected = Number(last?.event?.revision ?? -1)
    try {
      await appender.append({ stream: place, expected, events: [event] }, sizeOf([event]))
      return
    } catch (error) {
      if (!(error instanceof WrongRevision) || tries === 0) throw error
    }
  }
}

const membersOf = (data: unknown): Readonly<Record<string, unknown>> =>
  typeof data === 'object' && data !== null && !(data instanceof Uint8Array) ? { ...data } : {}

const metadata = (members: object): Encoded => ({
  ...{ id: randomUUID(), type: '$metadata' },
  data: textOf(JSON.stringify(members)),
  metadata: textOf('{}'),
})
