/**
 * One body on its way into a bucket. What fits into one part is one PUT when it is whole; more is sent in parts as it comes, one
 * under way while the next is gathered. Nobody sees it before it is whole, was found there again, and has the right size.
 */
import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ContentUnavailable, type ContentWriter, type Finished } from '../port.ts'
import type { Bucket, Marks, Part } from './bucket.ts'
import type { Guest, Room } from './room.ts'

/** S3 wants 5 MiB at least in each part but the last, and takes 10,000 of them: bodies of up to 78 GiB. */
export const partSize = 8 * 1024 * 1024
const firstBuffer = 256 * 1024
/** Bytes taken in one go before the giver is asked to let others have their turn. */
const aTurn = 256 * 1024

export type WriterOptions = {
  readonly bucket: Bucket
  readonly key: string
  readonly marks: Marks
  readonly room: Room
}

export class BucketWriter implements ContentWriter, Guest {
  readonly #options: WriterOptions
  readonly #hash = createHash('sha256')
  #size = 0
  /** Given, and not in a part yet: only where a part is under way and the next one is full. */
  #queue: Uint8Array[] = []
  /** The part that is gathered. */
  #part: Buffer | null = null
  #filled = 0
  /** The memory of the part before, to be used again. */
  #spare: Buffer | null = null
  #upload: Promise<string> | null = null
  readonly #parts: Part[] = []
  #sending: Promise<void> | null = null
  #turn: Promise<void> | null = null
  #thisTurn = 0
  readonly #control = new AbortController()
  #failure: Error | null = null
  #over = false

  constructor(options: WriterOptions) {
    this.#options = options
  }

  write(chunk: Uint8Array): Promise<void> | void {
    this.#check()
    this.#hash.update(chunk)
    this.#size += chunk.byteLength
    this.#queue.push(chunk)
    this.#options.room.touch(this)
    this.#gather()
    this.#check()
    if (this.#queue.length > 0) return this.#settled()
    this.#thisTurn += chunk.byteLength
    if (this.#thisTurn > aTurn) return this.#nextTurn()
  }

  async finish(): Promise<Finished> {
    while (this.#sending !== null) await this.#sending
    this.#check()
    try {
      if (this.#upload === null) await this.#put()
      else await this.#complete()
      await this.#found()
    } catch (error) {
      this.#fail(error)
    }
    this.#check()
    this.#over = true
    this.#release()
    return { size: this.#size, sha256: this.#hash.digest('hex') }
  }

  /** What cannot be given up now, because the bucket does not answer, is swept away later. */
  async discard(): Promise<void> {
    if (this.#over) return
    this.#over = true
    this.evict(new Error('this body was discarded'))
    await this.#sending
    const id = await this.#upload?.catch(() => null)
    const { bucket, key } = this.#options
    if (id) await bucket.abortUpload({ key, id }).catch(() => {})
  }

  evict(error: Error): void {
    this.#failure ??= error
    this.#control.abort(this.#failure)
    this.#release()
  }

  #check(): void {
    if (this.#failure) throw this.#failure
    if (this.#over) throw new Error('this body is finished')
  }

  #fail(error: unknown): void {
    this.evict(error instanceof Error ? error : new Error(String(error)))
  }

  #release(): void {
    this.#queue = []
    this.#part = null
    this.#spare = null
    this.#filled = 0
    this.#options.room.leave(this)
  }

  async #settled(): Promise<void> {
    while (this.#queue.length > 0 && this.#sending !== null) await this.#sending
    this.#check()
  }

  #nextTurn(): Promise<void> {
    this.#turn ??= nextTurn().then(() => {
      this.#turn = null
      this.#thisTurn = 0
      this.#check()
    })
    // Whoever does not wait hears of it with the next write.
    this.#turn.catch(() => {})
    return this.#turn
  }

  /** Moves what was given into parts, and full parts on their way. */
  #gather(): void {
    try {
      for (let chunk = this.#queue[0]; chunk !== undefined; chunk = this.#queue[0]) {
        if (this.#filled === partSize && !this.#sendPart()) return
        const taken = this.#copy(chunk)
        if (taken === chunk.byteLength) this.#queue.shift()
        else this.#queue[0] = chunk.subarray(taken)
      }
      // A full part is not kept waiting for the next byte.
      if (this.#filled === partSize) this.#sendPart()
    } catch (error) {
      this.#fail(error)
    }
  }

  #copy(chunk: Uint8Array): number {
    const wanted = Math.min(this.#filled + chunk.byteLength, partSize)
    const part = this.#roomFor(wanted)
    const taken = Math.min(chunk.byteLength, part.byteLength - this.#filled)
    part.set(taken === chunk.byteLength ? chunk : chunk.subarray(0, taken), this.#filled)
    this.#filled += taken
    return taken
  }

  /** Grows by doubling: most large messages are far smaller than a part. */
  #roomFor(wanted: number): Buffer {
    this.#part ??= this.#spare
    if (this.#part === this.#spare) this.#spare = null
    const has = this.#part?.byteLength ?? 0
    if (this.#part !== null && has >= wanted) return this.#part
    const size = Math.min(partSize, Math.max(firstBuffer, 2 ** Math.ceil(Math.log2(wanted))))
    this.#options.room.take(this, size - has)
    const larger = Buffer.allocUnsafeSlow(size)
    this.#part?.copy(larger, 0, 0, this.#filled)
    this.#part = larger
    return larger
  }

  /** False where one is under way already. */
  #sendPart(): boolean {
    const part = this.#part
    if (this.#sending !== null || part === null) return false
    const bytes = part.subarray(0, this.#filled)
    this.#part = null
    this.#filled = 0
    this.#sending = this.#send(bytes).then(
      () => {
        this.#sending = null
        if (this.#failure !== null) return
        this.#spare ??= part.byteLength === partSize ? part : null
        this.#gather()
      },
      (error: unknown) => {
        this.#sending = null
        this.#fail(error)
      },
    )
    return true
  }

  async #send(bytes: Uint8Array): Promise<void> {
    const { bucket, key, marks } = this.#options
    this.#upload ??= bucket.beginUpload({ key, marks })
    const id = await this.#upload
    const number = this.#parts.length + 1
    this.#parts.push(
      await bucket.putPart({ upload: { key, id }, number, bytes, signal: this.#control.signal }),
    )
  }

  async #put(): Promise<void> {
    const { bucket, key, marks } = this.#options
    const bytes = this.#part?.subarray(0, this.#filled) ?? new Uint8Array()
    await bucket.put({ key, bytes, marks, signal: this.#control.signal })
  }

  async #complete(): Promise<void> {
    if (this.#filled > 0) {
      this.#sendPart()
      await this.#sending
      this.#check()
    }
    const { bucket, key } = this.#options
    const id = (await this.#upload) ?? ''
    await bucket.completeUpload({ key, id }, this.#parts).catch(async (error: unknown) => {
      // It may have been done, and only the answer was lost: then it is there, and asking again finds no upload.
      const found = await bucket.head(key).catch(() => null)
      if (found?.size !== this.#size) throw error
    })
  }

  async #found(): Promise<void> {
    const { bucket, key } = this.#options
    const size = (await bucket.head(key))?.size ?? null
    if (size === this.#size) return
    throw new ContentUnavailable(
      size === null
        ? `${key} was written, and is not there`
        : `${key} was written with ${this.#size} bytes, and has ${size}`,
    )
  }
}
