/**
 * What an EventStoreDB keeps, in memory: one log of records whose positions are byte offsets, streams over it, the check of the
 * expected revision, and what the server takes for a repetition of what it has already written.
 */
import { randomUUID } from 'node:crypto'
import {
  metadataStreamOf,
  originalOf,
  type StreamRules,
  softDeleted,
  streamRules,
  withTruncation,
} from './rules.ts'

export type ProposedRecord = {
  readonly id: string
  readonly type: string
  readonly json: boolean
  readonly data: Uint8Array
  readonly metadata: Uint8Array
}

export type LogRecord = ProposedRecord & {
  readonly stream: string
  /** `Infinity` for a tombstone, which the protocol shows as the largest 64 bit number. */
  readonly revision: number
  /** Where the record begins in the log; both the commit and the prepare position. */
  readonly position: number
  /** Where the next record may begin. */
  readonly next: number
  /** Ticks of 100 ns since 1970. */
  readonly created: bigint
}

/** A revision, -1 for a stream that must not be there, or one of the two that leave it open. */
export type Expected = number | 'any' | 'stream exists'

export type AppendOutcome =
  /** Also for a repetition: then nothing was written, and the revision and position are those of the first time. */
  | { readonly kind: 'written'; readonly revision: number; readonly position: number }
  | { readonly kind: 'wrong revision'; readonly actual: number }
  | { readonly kind: 'tombstoned' }

type Stream = { readonly events: (LogRecord | undefined)[]; tombstoned: boolean }

/** Length prefix and suffix, header, ids, times: what a record takes beside its names and bodies. */
const recordOverhead = 97
const nothing = new Uint8Array(0)
const encoder = new TextEncoder()

export class InMemoryLog {
  readonly records: LogRecord[] = []
  /** Where the next record will begin. A new database has written records of its own, which readers never see. */
  end = 1_347
  readonly #streams = new Map<string, Stream>()
  /** Ids of recent writes: all that protects an append that expects nothing in particular. */
  readonly #remembered = new Map<string, { readonly stream: string; readonly revision: number }>()
  /** Their ids in turn, the next to be forgotten at `#oldest`. */
  #turn: string[] = []
  #oldest = 0
  readonly #remembers: number
  readonly #followers = new Set<() => void>()
  #lastTick = 0n

  constructor({ remembers = 50_000 }: { readonly remembers?: number } = {}) {
    this.#remembers = remembers
    this.#writeFirstUsers()
  }

  append(stream: string, expected: Expected, proposed: readonly ProposedRecord[]): AppendOutcome {
    const check = this.#check(stream, expected, proposed)
    if (check.kind !== 'free') return check
    if (proposed.length === 0) {
      const position = this.end
      this.end += recordOverhead + stream.length
      return { kind: 'written', revision: check.last, position }
    }
    const original = originalOf(stream)
    const reviving = original !== undefined && this.rulesOf(original).truncateBefore === softDeleted
    for (const record of proposed) this.#write(stream, record)
    const written = this.#streamOf(stream).events.at(-1) as LogRecord
    if (check.softDeleted) this.#revive(stream, check.last + 1)
    if (reviving) this.#revive(original, this.lastRevision(original) + 1)
    this.wakeFollowers()
    return { kind: 'written', revision: written.revision, position: written.position }
  }

  /** A soft delete is a `$tb` in the stream's metadata; a tombstone ends the stream for ever. */
  remove(stream: string, expected: Expected, how: 'soft' | 'tombstone'): AppendOutcome {
    const check = this.#check(stream, expected, [{ id: randomUUID() }])
    if (check.kind !== 'free') return check
    const metadata = metadataStreamOf(stream)
    if (how === 'soft' && this.lastRevision(stream) < 0 && this.lastRevision(metadata) < 0) {
      return { kind: 'wrong revision', actual: -1 }
    }
    const record =
      how === 'soft'
        ? this.#write(metadata, metadataRecord('{"$tb":9223372036854775807}'))
        : this.#bury(stream)
    this.wakeFollowers()
    return { kind: 'written', revision: record.revision, position: record.position }
  }

  /** -1 for a stream that never was. Of a soft deleted one the revision it had. */
  lastRevision(stream: string): number {
    return (this.#streams.get(stream)?.events.length ?? 0) - 1
  }

  isTombstoned(stream: string): boolean {
    return this.#streams.get(stream)?.tombstoned ?? false
  }

  recordAt(stream: string, revision: number): LogRecord | undefined {
    return this.#streams.get(stream)?.events[revision]
  }

  rulesOf(stream: string): StreamRules {
    return streamRules(stream, this.#streams.get(metadataStreamOf(stream))?.events.at(-1)?.data)
  }

  /** Calls back after each write, until the returned function is called. */
  follow(wake: () => void): () => void {
    this.#followers.add(wake)
    return () => this.#followers.delete(wake)
  }

  /** What a restart forgets. */
  forgetRecentIds(): void {
    this.#remembered.clear()
    this.#turn = []
    this.#oldest = 0
  }

  /** Removes records for good, as scavenging does: `$all` shows them until then. Positions and revisions stay. */
  drop(unwanted: (record: LogRecord) => boolean): void {
    const kept = this.records.filter((record) => !unwanted(record))
    for (const record of this.records) {
      if (unwanted(record)) this.#streamOf(record.stream).events[record.revision] = undefined
    }
    this.records.splice(0, this.records.length, ...kept)
  }

  #check(
    stream: string,
    expected: Expected,
    proposed: readonly Pick<ProposedRecord, 'id'>[],
  ): AppendOutcome | { readonly kind: 'free'; readonly last: number; readonly softDeleted: boolean } {
    if (this.isTombstoned(stream)) return { kind: 'tombstoned' }
    const last = this.lastRevision(stream)
    const isSoftDeleted = this.rulesOf(stream).truncateBefore === softDeleted
    const free = { kind: 'free', last, softDeleted: isSoftDeleted } as const
    const wrong = { kind: 'wrong revision', actual: last } as const
    if (expected === 'stream exists') {
      if (isSoftDeleted) return { kind: 'tombstoned' }
      if (last < 0 && this.lastRevision(metadataStreamOf(stream)) < 0) return wrong
    }
    if (typeof expected === 'string') return this.#repeatedAnywhere(stream, idsOf(proposed)) ?? free
    if (expected > last) return wrong
    if (expected === last) return free
    const ids = idsOf(proposed)
    const known = ids.findIndex((id, n) => this.recordAt(stream, expected + 1 + n)?.id !== id)
    if (known === -1 && ids.length > 0) return this.#asBefore(stream, expected + ids.length)
    return known === 0 && expected === -1 && isSoftDeleted ? free : wrong
  }

  /** Without a revision to look at, only the ids of recent writes tell a repetition. Half a repetition is refused. */
  #repeatedAnywhere(stream: string, ids: readonly string[]): AppendOutcome | undefined {
    const found = ids.map((id) => this.#remembered.get(id)).filter((seen) => seen?.stream === stream)
    const first = this.#remembered.get(ids[0] ?? '')
    if (first?.stream !== stream) return undefined
    if (found.length < ids.length) return { kind: 'wrong revision', actual: this.lastRevision(stream) }
    return this.#asBefore(stream, found.at(-1)?.revision ?? 0)
  }

  #asBefore(stream: string, revision: number): AppendOutcome {
    return { kind: 'written', revision, position: this.recordAt(stream, revision)?.position ?? -1 }
  }

  #streamOf(name: string): Stream {
    const known = this.#streams.get(name)
    if (known) return known
    const made: Stream = { events: [], tombstoned: false }
    this.#streams.set(name, made)
    return made
  }

  #write(stream: string, proposed: ProposedRecord): LogRecord {
    const { events } = this.#streamOf(stream)
    const record = this.#place(stream, events.length, proposed)
    events.push(record)
    this.#remember(record)
    return record
  }

  #remember(record: LogRecord): void {
    this.#remembered.set(record.id, record)
    if (this.#turn.length < this.#remembers) this.#turn.push(record.id)
    else {
      this.#remembered.delete(this.#turn[this.#oldest] as string)
      this.#turn[this.#oldest] = record.id
      this.#oldest = (this.#oldest + 1) % this.#remembers
    }
  }

  #bury(stream: string): LogRecord {
    this.#streamOf(stream).tombstoned = true
    const proposed = {
      id: randomUUID(),
      type: '$streamDeleted',
      json: false,
      data: nothing,
      metadata: nothing,
    }
    return this.#place(stream, Number.POSITIVE_INFINITY, proposed)
  }

  #place(stream: string, revision: number, proposed: ProposedRecord): LogRecord {
    const { id, type, json, data, metadata } = proposed
    const size = recordOverhead + stream.length + type.length + data.length + metadata.length
    const record = {
      id,
      type,
      json,
      data,
      metadata,
      stream,
      revision,
      position: this.end,
      next: this.end + size,
      created: this.#tick(),
    }
    this.end += size
    this.records.push(record)
    return record
  }

  /** Never twice the same, never back: finer than a millisecond, as the server's clock is. */
  #tick(): bigint {
    const now = BigInt(Date.now()) * 10_000n
    this.#lastTick = now > this.#lastTick ? now : this.#lastTick + 1n
    return this.#lastTick
  }

  #revive(stream: string, from: number): void {
    const metadata = metadataStreamOf(stream)
    const before = this.#streamOf(metadata).events.at(-1)?.data
    this.#write(metadata, metadataRecord(withTruncation(before, from)))
  }

  wakeFollowers(): void {
    for (const wake of this.#followers) wake()
  }

  /** The users every new database has: `$all` is never empty. */
  #writeFirstUsers(): void {
    for (const name of ['admin', 'ops']) {
      const body = (fields: object): Uint8Array => encoder.encode(JSON.stringify(fields))
      const user = { id: randomUUID(), json: true, metadata: nothing }
      this.#write(`$user-${name}`, { ...user, type: '$UserCreated', data: body({ loginName: name }) })
      this.#write('$users', { ...user, id: randomUUID(), type: '$User', data: body({ loginName: name }) })
    }
  }
}

const idsOf = (proposed: readonly Pick<ProposedRecord, 'id'>[]): string[] => proposed.map(({ id }) => id)

const metadataRecord = (json: string): ProposedRecord => ({
  id: randomUUID(),
  type: '$metadata',
  json: true,
  data: encoder.encode(json),
  metadata: nothing,
})
