/** What is in the bucket, in memory, and what can be done with it. */
import { createHash, randomUUID } from 'node:crypto'
import { Refusal } from './refusal.ts'
import { type Element, xml } from './xml.ts'

export type Marks = Readonly<Record<string, string>>
/** `modified` may be set by tests, for what is to be old. */
export type StoredObject = {
  readonly bytes: Buffer
  readonly etag: string
  modified: number
  readonly marks: Marks
}
export type StoredUpload = {
  readonly key: string
  readonly marks: Marks
  begun: number
  readonly parts: Map<number, { readonly bytes: Buffer; readonly etag: string }>
}

const md5 = (...pieces: readonly Buffer[]): string => {
  const hash = createHash('md5')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}
const smallestPart = 5 * 1024 * 1024
/** Whole seconds, as S3 tells them in headers and lists. */
const told = (at: number): string => new Date(Math.floor(at / 1000) * 1000).toISOString()

export class Vault {
  readonly bucket: string
  readonly #page: number
  readonly objects = new Map<string, StoredObject>()
  readonly uploads = new Map<string, StoredUpload>()
  /** Milliseconds by which the bucket's clock is ahead of ours; signatures are judged by ours. */
  ahead = 0

  constructor({ bucket, page }: { readonly bucket: string; readonly page: number }) {
    this.bucket = bucket
    this.#page = page
  }

  get now(): number {
    return Date.now() + this.ahead
  }

  get(key: string): StoredObject {
    const found = this.objects.get(key)
    if (found === undefined) throw new Refusal(404, 'NoSuchKey', 'The specified key does not exist.')
    return found
  }

  put(key: string, bytes: Buffer, marks: Marks): StoredObject {
    const stored = { bytes, etag: `"${md5(bytes)}"`, modified: this.now, marks }
    this.objects.set(key, stored)
    return stored
  }

  begin(key: string, marks: Marks): string {
    const id = randomUUID()
    this.uploads.set(id, { key, marks, begun: this.now, parts: new Map() })
    return xml('InitiateMultipartUploadResult', { Bucket: this.bucket, Key: key, UploadId: id })
  }

  part({ id, key, number, bytes }: { id: string; key: string; number: number; bytes: Buffer }): string {
    if (!(number >= 1 && number <= 10_000))
      throw new Refusal(400, 'InvalidArgument', 'Part number out of range')
    const etag = `"${md5(bytes)}"`
    this.#upload(id, key).parts.set(number, { bytes, etag })
    return etag
  }

  complete(id: string, key: string, list: string): string {
    const upload = this.#upload(id, key)
    const parts = [...list.matchAll(/<Part>.*?<\/Part>/gs)].map(([part]) => listed(part, upload))
    if (parts.length === 0) throw new Refusal(400, 'MalformedXML', 'No parts')
    if (parts.some(({ number }, at) => at > 0 && number <= (parts[at - 1]?.number ?? 0)))
      throw new Refusal(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.')
    if (parts.slice(0, -1).some(({ bytes }) => bytes.length < smallestPart))
      throw new Refusal(
        400,
        'EntityTooSmall',
        'Your proposed upload is smaller than the minimum allowed object size.',
      )
    const bytes = Buffer.concat(parts.map((part) => part.bytes))
    const sums = parts.map((part) => Buffer.from(part.etag.slice(1, -1), 'hex'))
    const etag = `"${md5(...sums)}-${parts.length}"`
    this.objects.set(key, { bytes, etag, modified: this.now, marks: upload.marks })
    this.uploads.delete(id)
    return xml('CompleteMultipartUploadResult', { Bucket: this.bucket, Key: key, ETag: etag })
  }

  abort(id: string, key: string): void {
    this.#upload(id, key)
    this.uploads.delete(id)
  }

  list(query: URLSearchParams): string {
    const prefix = query.get('prefix') ?? ''
    const after = Buffer.from(query.get('continuation-token') ?? '', 'base64').toString()
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort()
    const page = keys.slice(0, this.#page)
    const isTruncated = keys.length > page.length
    return xml('ListBucketResult', {
      ...{ Name: this.bucket, Prefix: prefix, KeyCount: page.length, IsTruncated: isTruncated },
      NextContinuationToken: isTruncated ? Buffer.from(page.at(-1) ?? '').toString('base64') : undefined,
      Contents: page.map((key): Element => {
        const { etag, modified, bytes } = this.get(key)
        return {
          Key: key,
          LastModified: told(modified),
          ETag: etag,
          Size: bytes.length,
          StorageClass: 'STANDARD',
        }
      }),
    })
  }

  listUploads(query: URLSearchParams): string {
    const prefix = query.get('prefix') ?? ''
    const after = `${query.get('key-marker') ?? ''}\0${query.get('upload-id-marker') ?? ''}`
    const all = [...this.uploads]
      .map(([id, { key, begun }]) => ({ id, key, begun, at: `${key}\0${id}` }))
      .filter(({ key, at }) => key.startsWith(prefix) && (after === '\0' || at > after))
      .sort((a, b) => (a.at < b.at ? -1 : 1))
    const page = all.slice(0, this.#page)
    const isTruncated = all.length > page.length
    return xml('ListMultipartUploadsResult', {
      ...{ Bucket: this.bucket, Prefix: prefix, IsTruncated: isTruncated },
      NextKeyMarker: isTruncated ? page.at(-1)?.key : undefined,
      NextUploadIdMarker: isTruncated ? page.at(-1)?.id : undefined,
      Upload: page.map(({ id, key, begun }): Element => ({ Key: key, UploadId: id, Initiated: told(begun) })),
    })
  }

  #upload(id: string, key: string): StoredUpload {
    const found = this.uploads.get(id)
    if (found?.key !== key) throw new Refusal(404, 'NoSuchUpload', 'The specified upload does not exist.')
    return found
  }
}

const listed = (part: string, upload: StoredUpload) => {
  const number = Number(/<PartNumber>(\d+)<\/PartNumber>/.exec(part)?.[1])
  const etag = /<ETag>(.*?)<\/ETag>/.exec(part)?.[1]?.replaceAll('&quot;', '"')
  const found = upload.parts.get(number)
  if (found === undefined || found.etag !== etag)
    throw new Refusal(400, 'InvalidPart', 'One or more of the specified parts could not be found.')
  return { number, ...found }
}
