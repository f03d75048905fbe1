/** Bodies that come into a bucket past the store: small ones beside a log that keeps none, and those of imported histories. */
import { type Bodies, type ContentWriter, largestWhole } from '../port.ts'
import { bodiesTogether } from '../together/index.ts'
import { readBucketAddress } from './address.ts'
import { type Bucket, openBucket } from './bucket.ts'
import { type Keys, keysUnder } from './keys.ts'
import type { Patience } from './patience.ts'
import { restOf } from './reading.ts'
import { Room } from './room.ts'
import { readMemory } from './sweep.ts'
import { BucketWriter, partSize } from './writer.ts'

type Place = { readonly address: string; readonly directory: string; readonly patience?: Patience }

/** What was kept in the data directory before is found as well. */
export const bodiesInBucket = async ({ address, directory, patience }: Place): Promise<Bodies> => {
  const place = readBucketAddress(address)
  const keys = keysUnder(place.prefix)
  const bucket = await openBucket({ address: place, patience })
  const before = bodiesTogether({ directory })
  let marks: Promise<Readonly<Record<string, string>>> | null = null
  return {
    write: async ({ id, bytes }) => {
      marks ??= marksOf(keys, directory)
      // Sent with its SHA-256: a bucket that takes it has what we have.
      return bucket.put({ key: keys.keyOf(id), bytes, marks: await marks, onlyNew: true })
    },
    read: async (id) => (await before.read(id)) ?? readSmall(bucket, keys.keyOf(id)),
    remove: (id) => bucket.remove(keys.keyOf(id)),
    close: async () => {
      bucket.close()
      await before.close()
    },
  }
}

const marksOf = async (keys: Keys, directory: string): Promise<Readonly<Record<string, string>>> => ({
  [keys.mark]: (await readMemory(directory)).writer,
})

const readSmall = async (bucket: Bucket, key: string): Promise<Uint8Array | null> => {
  const opened = await bucket.get(key)
  if (opened === null) return null
  if (opened.size <= largestWhole) return Buffer.concat(await restOf(bucket, key, opened).toArray())
  opened.body.destroy()
  return null
}

/** Lets the bucket go when it is over; what failed wants to be discarded. */
export const beginInBucket = async (
  { address, directory, patience }: Place,
  id: string,
): Promise<ContentWriter> => {
  const place = readBucketAddress(address)
  const keys = keysUnder(place.prefix)
  const bucket = await openBucket({ address: place, patience })
  const marks = await marksOf(keys, directory)
  const writer = new BucketWriter({ bucket, key: keys.keyOf(id), marks, room: new Room(3 * partSize) })
  return {
    write: (chunk) => writer.write(chunk),
    finish: async () => {
      const finished = await writer.finish()
      bucket.close()
      return finished
    },
    discard: () => writer.discard().finally(() => bucket.close()),
  }
}
