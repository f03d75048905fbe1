/** One append on its way: what is sent, and who waits for it. */
import { randomUUID } from 'node:crypto'
import type { Encoded } from './encoding.ts'
import { duration, empty, type Streams, shared, streams } from './messages.ts'

export type Stored = { readonly position: number }

export type Job = {
  /** The name in the database. */
  readonly stream: string
  readonly expected: number
  readonly ids: readonly string[]
  readonly correlation: string
  readonly request: Streams.BatchAppendReq
  readonly size: number
  /** When it was taken, and when it was sent last; milliseconds of the process's clock. */
  readonly since: number
  sent: number
  readonly resolve: (stored: Stored) => void
  readonly reject: (error: Error) => void
}

export type Wanted = {
  readonly stream: string
  readonly expected: number
  readonly events: readonly Encoded[]
}

/** The same bytes go out each time it is tried: the same ids, the same expected revision. */
const requestFor = (
  { stream, expected, events }: Wanted,
  { correlation, timeout }: { correlation: string; timeout: number },
): Streams.BatchAppendReq => {
  const options = new streams.BatchAppendReq.Options()
    .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream)))
    // A length of time: a point in time would suffer from clocks that disagree.
    .setDeadline(new duration.Duration().setSeconds(Math.ceil(timeout / 1000)))
  if (expected < 0) options.setNoStream(new empty.Empty())
  else options.setStreamPosition(String(expected))
  return new streams.BatchAppendReq()
    .setCorrelationId(new shared.UUID().setString(correlation))
    .setOptions(options)
    .setProposedMessagesList(events.map(proposed))
    .setIsFinal(true)
}

const proposed = ({ id, type, data, metadata }: Encoded): Streams.BatchAppendReq.ProposedMessage => {
  const message = new streams.BatchAppendReq.ProposedMessage()
    .setId(new shared.UUID().setString(id))
    .setData(data)
    .setCustomMetadata(metadata)
  message.getMetadataMap().set('type', type).set('content-type', 'application/json')
  return message
}

type Settle = { readonly resolve: (stored: Stored) => void; readonly reject: (error: Error) => void }

export const jobFor = (
  wanted: Wanted,
  { size, timeout, settle }: { readonly size: number; readonly timeout: number; readonly settle: Settle },
): Job => {
  const { stream, expected, events } = wanted
  const correlation = randomUUID()
  return {
    ...{ stream, expected, ids: events.map(({ id }) => id) },
    ...{ correlation, request: requestFor(wanted, { correlation, timeout }) },
    ...{ size, since: performance.now(), sent: 0 },
    ...settle,
  }
}
