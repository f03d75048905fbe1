/** Events to what the database keeps, and back: what was appended comes back as it was. */
import type { AllStreamRecordedEvent, RecordedEvent } from '@kurrent/kurrentdb-client'
import { type Append, idOf, LogDamaged, type NewEvent, NotSerialisable, type StoredEvent } from '../port.ts'

/** Of the metadata's names, these two are ours; the others are the event's own. */
const atKey = 'fsmtpAt'
const versionKey = 'fsmtpVersion'

export type Encoded = {
  readonly id: string
  readonly type: string
  readonly data: Buffer
  readonly metadata: Buffer
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** @throws NotSerialisable; TypeError for a stream that is not called `category-id`, or an id that is no UUID */
export const encode = ({ stream, events }: Append): readonly Encoded[] => {
  if (stream.indexOf('-') < 1) throw new TypeError(`a stream is called category-id, not "${stream}"`)
  const correlation = idOf(stream)
  return events.map((event) => encodeOne(event, correlation))
}

const encodeOne = ({ id, kind, at, data, meta }: NewEvent, correlation: string): Encoded => {
  if (!uuid.test(id)) throw new TypeError(`an event's id is a UUID in lower case, not "${id}"`)
  try {
    const metadata = {
      [atKey]: String(at),
      [versionKey]: String(kind.version),
      ...kind.meta,
      $correlationId: correlation,
      ...meta,
    }
    return {
      ...{ id, type: kind.type },
      data: Buffer.from(JSON.stringify(data)),
      metadata: Buffer.from(JSON.stringify(metadata)),
    }
  } catch (error) {
    throw new NotSerialisable(`cannot write ${kind.type} as JSON: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/** What the server counts against its largest append, and a little more. */
export const sizeOf = (events: readonly Encoded[]): number =>
  events.reduce((sum, { type, data, metadata }) => sum + data.length + metadata.length + 2 * type.length, 0)

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
  const { [atKey]: at, [versionKey]: version, ...rest } = meta
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
export const safePosition = (commit: bigint | string | undefined): number | null => {
  const position = Number(commit ?? -1)
  return Number.isSafeInteger(position) && position >= 0 ? position : null
}
