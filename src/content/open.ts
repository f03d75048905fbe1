/** Where content is kept: in files, or in a bucket, as the configuration says. */
import type { LogReader } from '../log/port.ts'
import type { ContentStore } from './port.ts'
import { isBucketAddress } from './s3/address.ts'
import { openContentStore, openContentReader as readFiles } from './store.ts'

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
