/** A body in pieces, as it comes from a bucket. A connection that breaks off is no end: the rest is asked for again. */
import { Readable } from 'node:stream'
import { ContentUnavailable } from '../port.ts'
import { bucketText } from './address.ts'
import type { Bucket, Opened } from './bucket.ts'
import { TooLong, unless } from './patience.ts'

/** How often in a row it may break off without a byte having come. */
const breaks = 4

/** Null where there is no such object. The stream fails with ContentUnavailable where the bucket does not answer any more. */
export const streamOf = async (bucket: Bucket, key: string): Promise<Readable | null> => {
  const opened = await bucket.get(key)
  return opened && restOf(bucket, key, opened)
}

/** All of an object that was opened. */
export const restOf = (bucket: Bucket, key: string, opened: Opened): Readable =>
  Readable.from(pieces(bucket, key, opened), { objectMode: false })

async function* pieces(bucket: Bucket, key: string, first: Opened): AsyncGenerator<Uint8Array> {
  const { size, etag } = first
  let { body } = first
  let done = 0
  try {
    for (let broken = 0; done < size; ) {
      const before = done
      for await (const piece of untilBroken(body, bucket.patience.attempt)) {
        done += piece.byteLength
        yield piece
      }
      if (done >= size) return
      broken = done > before ? 0 : broken + 1
      body = await resumed(bucket, key, { from: done, etag, broken })
    }
  } finally {
    body.destroy()
  }
}

/** What comes until it ends or breaks. Only the time in which we wait for it counts: readers may be slow. */
async function* untilBroken(body: Readable, within: number): AsyncGenerator<Uint8Array> {
  const pieces = body.iterator() as AsyncIterator<Uint8Array>
  try {
    for (;;) {
      const { done, value } = await inTime(pieces.next(), within)
      if (done) return
      yield value
    }
  } catch {
    body.destroy()
  }
}

const inTime = async <Value>(wanted: Promise<Value>, within: number): Promise<Value> => {
  const late = new AbortController()
  const clock = setTimeout(() => late.abort(new TooLong('no answer in time')), within)
  try {
    return await unless(late.signal, wanted)
  } finally {
    clearTimeout(clock)
  }
}

const resumed = async (
  bucket: Bucket,
  key: string,
  {
    from,
    etag,
    broken,
  }: { readonly from: number; readonly etag: string | undefined; readonly broken: number },
): Promise<Readable> => {
  const again = broken < breaks ? await bucket.get(key, { from, etag }) : null
  if (again !== null) return again.body
  throw new ContentUnavailable(`${bucketText(bucket.address)}: ${key} broke off after ${from} bytes`)
}
