/**
 * The event log, as everything else sees it. One port, several engines, one contract suite
 * (`test/contracts/event-log.ts`).
 *
 * Order: positions ascend over the whole log, from 1 at least; revisions are dense, from 0, within a stream. Where an engine has
 * no `spacing`, positions are dense as well, but for what was forgotten: 1, 2, 3 ... Otherwise between two events lie positions
 * that no event has, and to reckon with positions leads nowhere: compare them, and hand back those that events have. A position
 * is never given twice, whatever is forgotten.
 */

/** What many events have in common. Interned with `kindOf`: the same parts give the same object. */
export type EventKind = {
  readonly type: string
  readonly version: number
  /** Flat strings: `machine`, `machineVersion`, `fingerprint`, `input`, `from`, `to`, `effects`, `node`. */
  readonly meta: Readonly<Record<string, string>>
}

export type NewEvent = {
  /** A UUID; the same id at the same expected revision is a retry, not a second event. */
  readonly id: string
  readonly kind: EventKind
  /** Milliseconds since 1970, UTC. */
  readonly at: number
  /** JSON object: no `undefined` that matters, no BigInt. Serialised once, by the log. */
  readonly data: object
  /** What is particular to this event: `dialogue`, `$causationId`. `$correlationId` defaults to the stream's id. */
  readonly meta?: Readonly<Record<string, string>>
}

/** Exactly the stream's last revision, or -1 for a stream that must not exist yet. */
export type ExpectedRevision = number

export type Append = {
  readonly stream: string
  readonly expected: ExpectedRevision
  readonly events: readonly NewEvent[]
  /** Small message bodies that must be on disk with these events, in the same transaction. */
  readonly contents?: readonly { readonly id: string; readonly bytes: Uint8Array }[]
}

/** What is to be kept no longer. What is not there is passed over: the same may be asked for again. */
export type Forgetting = {
  /** Whole streams. They read as if they had never been, and must not be written to again. */
  readonly streams?: readonly string[]
  /** Of a stream that goes on: events before this revision, which must be there itself. Some of them may stay. */
  readonly beginnings?: readonly { readonly stream: string; readonly before: number }[]
  /** Bodies that came with `Append.contents`. */
  readonly contents?: readonly string[]
}

export type StoredEvent = {
  readonly position: number
  readonly id: string
  readonly stream: string
  readonly revision: number
  readonly type: string
  readonly version: number
  readonly at: number
  readonly data: Readonly<Record<string, unknown>>
  readonly meta: Readonly<Record<string, string>>
}

export type ReadFilter = {
  /** Only streams of these categories (`smtp_session`, `account`, ...). */
  readonly categories?: readonly string[]
  /** Only events of these types. */
  readonly types?: readonly string[]
}

/** Where a look at the log begins, and which way it goes. */
export type Look = {
  /** `oldest`: from there on, `newest`: from there back, the newest first. */
  readonly order: 'oldest' | 'newest'
  /** Exclusive: a position that an event has, or one of another piece; 0 and Infinity are before the first and behind the last. */
  readonly from: number
  readonly filter?: ReadFilter
  /** Who wants so many is served with smaller pieces; they may be more all the same. */
  readonly wanted?: number
}
/** A part of the log that was looked at. */
export type Piece = {
  /** What fits, in the order of the look; often nothing. */
  readonly events: readonly StoredEvent[]
  /** All that fits between where the look began and this position is known; another look goes on from there. */
  readonly to: number
}

export interface LogReader {
  /** One stream, in revision order, in pages; nothing for a stream that does not exist. */
  readStream(
    stream: string,
    options?: { from?: number; limit?: number },
  ): AsyncIterable<readonly StoredEvent[]>
  /**
   * About how far apart the positions of two events are, where they are not dense; 1 if left out. For progress and lag only.
   */
  readonly spacing?: number
  /**
   * The engine tells holes that forgetting left from those that damage left, and reports these itself; where it does not, every
   * position that is missing is damage, if positions are dense.
   */
  readonly knowsHoles?: true
  /**
   * What was forgotten still comes in `readAll` and `subscribe`, until the engine is told to clean up by whoever runs it. It comes
   * in no `readStream`.
   */
  readonly forgetsLater?: true
  /** Everything after `after` (exclusive; 0 for all), in position order, in pages up to what is there now. */
  readAll(
    after: number,
    options?: { filter?: ReadFilter; limit?: number },
  ): AsyncIterable<readonly StoredEvent[]>
  /**
   * The log piece by piece, up to what is there now or back to its beginning, whether something fits or not: who looks for what hardly ever
   * happens knows how far it is, and leaves off when it likes. A piece takes some ten milliseconds at most, where the engine can help it.
   */
  pieces(look: Look): AsyncIterable<Piece>
  /**
   * Catches up from `after`, then goes on live until `signal` aborts. At least once is never needed: each event once,
   * in order. Also sees what other processes append to the same log.
   */
  subscribe(
    after: number,
    options?: { filter?: ReadFilter; signal?: AbortSignal },
  ): AsyncIterable<readonly StoredEvent[]>
  /** Last position, 0 for an empty log. */
  tail(): Promise<number>
  /** The last event, null for an empty log. */
  last(): Promise<StoredEvent | null>
  /** Streams whose name starts with `prefix`, in name order (ids sort by time), for completing ids people type. */
  streams(prefix: string, options?: { limit?: number }): Promise<readonly string[]>
  /** A body stored beside the log with `Append.contents`, or null. */
  content(id: string): Promise<Uint8Array | null>
  close(): Promise<void>
}

export interface EventLog extends LogReader {
  /**
   * Appends all or nothing (over several streams: where the engine can; see its README), and resolves when it is on stable storage. Appends are written in the order of the calls.
   * @throws WrongRevision, LogUnavailable, LogFull, LogOverloaded, NotSerialisable, AppendTooLarge
   */
  append(appends: readonly Append[]): Promise<{ readonly position: number }>
  /**
   * Forgets, on stable storage when it resolves. In small portions, please: appends wait meanwhile.
   * @throws LogUnavailable, LogFull; some of it may be forgotten then
   */
  forget(what: Forgetting): Promise<void>
  /** Bytes handed over and not yet on stable storage: what back-pressure looks at. */
  readonly waiting: number
}

/** Another writer was first: read the stream again and decide again. */
export class WrongRevision extends Error {
  override readonly name = 'WrongRevision'
  readonly stream: string
  readonly expected: number
  readonly actual: number
  constructor(stream: string, expected: number, actual: number) {
    super(`stream ${stream} is at revision ${actual}, not ${expected}`)
    this.stream = stream
    this.expected = expected
    this.actual = actual
  }
}
/** The log does not answer or is closed; whether the append happened is not known. */
export class LogUnavailable extends Error {
  override readonly name = 'LogUnavailable'
}
/** No room on the disk; nothing was written. */
export class LogFull extends Error {
  override readonly name = 'LogFull'
}
/** The engine takes no append of this size; nothing was written. */
export class AppendTooLarge extends Error {
  override readonly name = 'AppendTooLarge'
}
/** Too much is waiting already; nothing was taken. */
export class LogOverloaded extends Error {
  override readonly name = 'LogOverloaded'
}
/** The data cannot be JSON (BigInt, circular); nothing was taken. */
export class NotSerialisable extends Error {
  override readonly name = 'NotSerialisable'
}
/** What is stored is not what was written. */
export class LogDamaged extends Error {
  override readonly name = 'LogDamaged'
  /** The position at which reading failed; 0 where the damage is beside the events, in an index. */
  readonly position: number
  readonly detail: string
  constructor(position: number, detail: string) {
    super(`the log is damaged ${position === 0 ? 'beside its events' : `at position ${position}`}: ${detail}`)
    this.position = position
    this.detail = detail
  }
}

const kinds = new Map<string, EventKind>()

/** The one object for these constant parts; call it once per combination and keep the result on a hot path. */
export const kindOf = (type: string, version: number, meta: Readonly<Record<string, string>>): EventKind => {
  const key = JSON.stringify([type, version, meta])
  const known = kinds.get(key)
  if (known) return known
  const kind: EventKind = Object.freeze({ type, version, meta: Object.freeze({ ...meta }) })
  kinds.set(key, kind)
  return kind
}

/** `smtp_session` of `smtp_session-01J...`. */
export const categoryOf = (stream: string): string => stream.slice(0, stream.indexOf('-'))
/** `01J...` of `smtp_session-01J...`. */
export const idOf = (stream: string): string => stream.slice(stream.indexOf('-') + 1)
