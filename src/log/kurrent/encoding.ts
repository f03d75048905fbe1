/** Events to what the database keeps, and back: what was appended comes back as it was. */
import type { AllStreamRecordedEvent, RecordedEvent } from '@kurrent/kurrentdb-client'
import {
  type Append,
  type EventKind,
  idOf,
  LogDamaged,
  type NewEvent,
  NotSerialisable,
  type StoredEvent,
} from '../port.ts'
import { type Text, textOf } from './protobuf.ts'

/** Of the metadata's names, these are ours; the others are the event's own. */
const atKey = 'fsmtpAt'
const versionKey = 'fsmtpVersion'
/**
 * The prefix of the log that an event belongs to, where it has one: names of streams alone do not tell `mail_` from a log without
 * a prefix, nor from `mail_two_`.
 */
const prefixKey = 'fsmtpPrefix'

export type Encoded = {
  readonly id: string
  readonly type: string
  readonly data: Text
  readonly metadata: Text
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** For the log of this prefix. @throws NotSerialisable; TypeError for a stream that is not called `category-id`, or an id that is no UUID */
export const encode = ({ stream, events }: Append, streamPrefix: string): readonly Encoded[] => {
  if (stream.indexOf('-') < 1) throw new TypeError(`a stream is called category-id, not "${stream}"`)
  const ours = { ...(streamPrefix !== '' && { [prefixKey]: streamPrefix }), $correlationId: idOf(stream) }
  return events.map((event) => encodeOne(event, ours))
}

const encodeOne = (
  { id, kind, at, data, meta }: NewEvent,
  ours: Readonly<Record<string, string>>,
): Encoded => {
  if (!uuid.test(id)) throw new TypeError(`an event's id is a UUID in lower case, not "${id}"`)
  try {
    return {
      ...{ id, type: kind.type },
      data: textOf(JSON.stringify(data)),
      metadata: textOf(metadataOf(kind, { [atKey]: String(at), ...ours, ...meta })),
    }
  } catch (error) {
    throw new NotSerialisable(`cannot write ${kind.type} as JSON: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/** The event's own say stands where both have a name. */
const metadataOf = (kind: EventKind, own: Readonly<Record<string, string>>): string => {
  for (const key in own)
    if (key in kind.meta || key === versionKey)
      return JSON.stringify({ [versionKey]: String(kind.version), ...kind.meta, ...own })
  // The time of an event is always there: neither part is empty.
  return `${beginningOf(kind)},${JSON.stringify(own).slice(1)}`
}

/** The constant part, without its closing brace; made once for each kind. */
const beginnings = new WeakMap<EventKind, string>()
const beginningOf = (kind: EventKind): string => {
  const known = beginnings.get(kind)
  if (known !== undefined) return known
  const made = JSON.stringify({ [versionKey]: String(kind.version), ...kind.meta }).slice(0, -1)
  beginnings.set(kind, made)
  return made
}

/** What the server counts against its largest append, and a little more. */
export const sizeOf = (events: readonly Encoded[]): number =>
  events.reduce((sum, { type, data, metadata }) => sum + data.bytes + metadata.bytes + 2 * type.length, 0)

type Recorded = Pick<
  RecordedEvent | AllStreamRecordedEvent,
  'streamId' | 'id' | 'type' | 'revision' | 'data' | 'metadata' | 'position'
>

/**
 * The event, or null for one that somebody else wrote: the database may hold other things.
 * @throws LogDamaged where it is ours and cannot be read
 */
export const decode = (recorded: Recorded, streamPrefix: string): StoredEvent | null => {
  const { streamId, id, type, revision, data, metadata } = recorded
  if (!streamId.startsWith(streamPrefix) || streamId.startsWith('$')) return null
  const meta = ownMeta(metadata)
  if (meta === null) return null
  const { [atKey]: at, [versionKey]: version, [prefixKey]: prefix = streamPrefix, ...rest } = meta
  if (prefix !== streamPrefix) return null
  const position = positionOf(recorded)
  if (typeof data !== 'object' || data === null || Array.isArray(data) || data instanceof Uint8Array)
    throw new LogDamaged(position, `event ${id} of stream ${streamId} holds no JSON object`)
  return {
    ...{ position, id, stream: streamId.slice(streamPrefix.length), revision: Number(revision), type },
    ...{ version: Number(version), at: Number(at), data: data as StoredEvent['data'], meta: rest },
  }
}

/** The metadata where it is ours, less what the server adds to it. */
const ownMeta = (metadata: unknown): Record<string, string> | null => {
  if (typeof metadata !== 'object' || metadata === null) return null
  const entries = Object.entries(metadata).filter(([key]) => !key.startsWith('$schema.'))
  if (!entries.every(([, value]) => typeof value === 'string')) return null
  const meta = Object.fromEntries(entries) as Record<string, string>
  return atKey in meta && versionKey in meta ? meta : null
}

const positionOf = ({ id, position }: Recorded): number => {
  const found = safePosition(position?.commit)
  if (found === null) throw new LogDamaged(0, `the server gives no position for event ${id}`)
  return found
}

/** Positions are byte offsets in the database's files; null for none, as the protocol has it. */
export const safePosition = (commit: bigint | string | number | undefined): number | null => {
  const position = Number(commit ?? -1)
  return Number.isSafeInteger(position) && position >= 0 ? position : null
}
