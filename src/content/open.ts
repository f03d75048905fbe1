/** Where content is kept: in files, or in a bucket, as the configuration says. */
import { mkdir } from 'node:fs/promises'
import type { LogReader } from '../log/port.ts'
import { placesIn } from './places.ts'
import type { Bodies, ContentStore, ContentWriter } from './port.ts'
import { isBucketAddress } from './s3/address.ts'
import { openContentStore, openContentReader as readFiles } from './store.ts'
import { bodiesTogether } from './together/index.ts'
import { beginFile } from './writer.ts'

/** Of a configuration: the data directory, and `files` or the address of a bucket. */
export type ContentPlace = { readonly data: string; readonly content: string }
export type ContentReader = Pick<ContentStore, 'read' | 'stream' | 'verify'>

/**
 * For a server, which holds the data directory as long.
 * @throws ContentUnavailable where the bucket does not answer or refuses
 */
export const openContent = async (
  { data: directory, content: address }: ContentPlace,
  log: LogReader,
): Promise<ContentStore> => {
  if (!isBucketAddress(address)) return openContentStore({ directory, log })
  const { openBucketContent } = await import('./s3/store.ts')
  return openBucketContent({ address, directory, log })
}

/** For a process that only reads, beside a running server. A bucket is asked when something is wanted of it. */
export const openContentReader = async (
  { data: directory, content: address }: ContentPlace,
  log: LogReader,
): Promise<ContentReader & { close(): void }> => {
  if (isBucketAddress(address)) {
    const { openBucketReader } = await import('./s3/store.ts')
    return openBucketReader({ address, directory, log })
  }
  return { ...readers(readFiles({ directory, log })), close: () => {} }
}

const readers = (store: ContentReader): ContentReader => ({
  read: (id) => store.read(id),
  stream: (id) => store.stream(id),
  verify: (id, expected) => store.verify(id, expected),
})

/** For logs that keep no bodies beside their events. Nothing is opened before something is wanted. */
export const bodiesOf = ({ data: directory, content: address }: ContentPlace): Bodies => {
  if (!isBucketAddress(address)) return bodiesTogether({ directory })
  let opened: Promise<Bodies> | null = null
  const bodies = (): Promise<Bodies> => {
    opened ??= import('./s3/beside.ts').then(({ bodiesInBucket }) => bodiesInBucket({ address, directory }))
    return opened
  }
  return {
    write: async (body) => (await bodies()).write(body),
    read: async (id) => (await bodies()).read(id),
    remove: async (id) => (await bodies()).remove(id),
    close: async () => (await opened)?.close(),
  }
}

/**
 * Begins a body whose event is still to come, beside whoever holds the directory: for histories that are imported. In files, a
 * body that is there already is a fault with code EEXIST.
 */
export const beginContent = async (
  { data: directory, content: address }: ContentPlace,
  id: string,
): Promise<ContentWriter> => {
  if (isBucketAddress(address)) {
    const { beginInBucket } = await import('./s3/beside.ts')
    return beginInBucket({ address, directory }, id)
  }
  const places = placesIn(directory)
  await mkdir(places.incoming, { recursive: true, mode: 0o700 })
  return beginFile(places, id, { onlyNew: true })
}
