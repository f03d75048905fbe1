/** Content in a bucket: small bodies beside the log, large ones as objects. */
import { createHash, randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { LogReader } from '../../log/port.ts'
import { isId } from '../places.ts'
import type { ContentStore, ContentWriter, Finished, SweepReport, Verdict } from '../port.ts'
import { openContentReader } from '../store.ts'
import { type BucketAddress, readBucketAddress } from './address.ts'
import { type Bucket, openBucket } from './bucket.ts'
import { type Keys, keysUnder } from './keys.ts'
import type { Patience } from './patience.ts'
import { streamOf } from './reading.ts'
import { Room } from './room.ts'
import { readMemory, sweep } from './sweep.ts'
import { BucketWriter } from './writer.ts'

export type BucketContentOptions = {
  /** `s3://bucket?...`. */
  readonly address: string
  /** The data directory: what was kept in files before is read there. */
  readonly directory: string
  readonly log: LogReader
  readonly patience?: Patience
  /** Bytes of bodies on their way that may be in memory at a time. */
  readonly memory?: number
  /** Milliseconds between two sweeps. */
  readonly sweepEvery?: number
}

type ContentReader = Pick<ContentStore, 'read' | 'stream' | 'verify'>

/**
 * Opens the store for reading and writing, once the bucket has shown that it takes an object and gives it back.
 * @throws ContentUnavailable, ContentFull, BucketAddressFault
 */
export const openBucketContent = async (options: BucketContentOptions): Promise<ContentStore> => {
  const address = readBucketAddress(options.address)
  const bucket = await openBucket({ address, patience: options.patience })
  const keys = keysUnder(address.prefix)
  try {
    const now = await bucket.check(`${keys.trial}${randomUUID()}`)
    const { writer } = await readMemory(options.directory)
    return new BucketContent({ ...options, bucket, keys, writer, ahead: now - Date.now() })
  } catch (error) {
    bucket.close()
    throw error
  }
}

/** The same for a process that only reads. Nothing is loaded or asked before something is wanted. */
export const openBucketReader = (options: BucketContentOptions): ContentReader & { close(): void } => {
  const address = readBucketAddress(options.address)
  let opened: Promise<Bucket> | null = null
  const bucket = (): Promise<Bucket> => (opened ??= openBucket({ address, patience: options.patience }))
  const reader = new BucketReader({ ...options, bucket, keys: keysUnder(address.prefix) })
  return {
    read: (id) => reader.read(id),
    stream: (id) => reader.stream(id),
    verify: (id, expected) => reader.verify(id, expected),
    close: () => void opened?.then((bucket) => bucket.close()),
  }
}

type ReaderParts = {
  readonly bucket: () => Promise<Bucket>
  readonly keys: Keys
  readonly directory: string
  readonly log: LogReader
}

class BucketReader implements ContentReader {
  readonly #parts: ReaderParts
  /** Beside the log, and what was kept in files before. */
  readonly #here: ContentReader

  constructor(parts: ReaderParts) {
    this.#parts = parts
    this.#here = openContentReader(parts)
  }

  async read(id: string): Promise<Uint8Array | null> {
    const body = await this.stream(id)
    return body && Buffer.concat(await body.toArray())
  }

  async stream(id: string): Promise<Readable | null> {
    if (!isId(id)) return null
    const { bucket, keys } = this.#parts
    return (await this.#here.stream(id)) ?? streamOf(await bucket(), keys.keyOf(id))
  }

  async verify(id: string, { size, sha256 }: Finished): Promise<Verdict> {
    const body = await this.stream(id)
    if (body === null) return 'missing'
    const hash = createHash('sha256')
    let found = 0
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      hash.update(piece)
      found += piece.byteLength
    }
    return found === size && hash.digest('hex') === sha256 ? 'intact' : 'damaged'
  }
}

type Parts = Omit<ReaderParts, 'bucket'> & {
  readonly bucket: Bucket
  readonly writer: string
  /** How far the bucket's clock is ahead of ours. */
  readonly ahead: number
  readonly memory?: number
  readonly sweepEvery?: number
}

/** Thirty large messages at once, or hundreds of usual ones. */
const usualMemory = 256 * 1024 * 1024
const aDay = 24 * 60 * 60 * 1000

class BucketContent extends BucketReader implements ContentStore {
  readonly #parts: Parts
  readonly #room: Room
  readonly #ended = new AbortController()
  #clock: NodeJS.Timeout | null = null
  #sweeping: Promise<SweepReport>

  constructor(parts: Parts) {
    super({ ...parts, bucket: async () => parts.bucket })
    this.#parts = parts
    this.#room = new Room(parts.memory ?? usualMemory)
    this.#sweeping = this.#sweep()
    this.swept = this.#sweeping
  }

  readonly swept: Promise<SweepReport>

  async begin(id: string): Promise<ContentWriter> {
    if (!isId(id)) throw new TypeError(`"${id}" cannot name message content`)
    const { bucket, keys, writer } = this.#parts
    return new BucketWriter({ bucket, key: keys.keyOf(id), marks: { [keys.mark]: writer }, room: this.#room })
  }

  async remove(id: string): Promise<void> {
    const { bucket, keys } = this.#parts
    if (isId(id)) await bucket.remove(keys.keyOf(id))
  }

  check(signal: AbortSignal): Promise<void> {
    return this.#parts.bucket.reach(signal)
  }

  async close(): Promise<void> {
    this.#ended.abort(new Error('the store is closed'))
    if (this.#clock !== null) clearTimeout(this.#clock)
    this.#parts.bucket.close()
    await this.#sweeping.catch(() => {})
  }

  /** What is left behind while nobody starts is old enough another day. */
  #sweep(): Promise<SweepReport> {
    const { sweepEvery = aDay, ahead } = this.#parts
    const sweeping = sweep({ ...this.#parts, now: Date.now() + ahead, signal: this.#ended.signal })
    const again = (): void => {
      if (this.#ended.signal.aborted) return
      this.#clock = setTimeout(() => {
        this.#sweeping = this.#sweep()
      }, sweepEvery)
      this.#clock.unref()
    }
    sweeping.then(again, again)
    return sweeping
  }
}

export type { BucketAddress }
