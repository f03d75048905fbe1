/** One bucket, and what we ask of it. The client is Amazon's own, loaded when a bucket is opened; waiting and asking again are ours. */
import type { Readable } from 'node:stream'
import type { S3Client } from '@aws-sdk/client-s3'
import type { BucketAddress } from './address.ts'
import { bucketFault, isNoSuchObject, isNotImplemented, isTaken } from './faults.ts'
import { type Patience, tried, patience as usualPatience } from './patience.ts'

export type Client = typeof import('@aws-sdk/client-s3')

/** `modified`: milliseconds by the clock of the bucket, whole seconds. */
export type Entry = { readonly key: string; readonly size: number; readonly modified: number }
export type Upload = { readonly key: string; readonly id: string; readonly begun: number }
export type Part = { readonly number: number; readonly etag: string }
export type Opened = { readonly body: Readable; readonly size: number; readonly etag: string | undefined }
/** Small words kept with an object. */
export type Marks = Readonly<Record<string, string>>
export type Found = Omit<Entry, 'key'> & { readonly marks: Marks }

type Put = {
  readonly key: string
  readonly bytes: Uint8Array
  readonly marks: Marks
  readonly signal?: AbortSignal
  readonly onlyNew?: boolean
}

type Asking = { readonly client: S3Client; readonly signal: AbortSignal }
type Requested<Value> = {
  /** For people: what could not be done. */
  readonly what: string
  readonly signal?: AbortSignal | undefined
  readonly ask: (asking: Asking) => Promise<Value>
}

export type BucketOptions = { readonly address: BucketAddress; readonly patience?: Patience | undefined }

export const openBucket = async ({ address, patience = usualPatience }: BucketOptions): Promise<Bucket> => {
  const s3 = await import('@aws-sdk/client-s3')
  return new Bucket(address, patience, s3)
}

const silent = () => {}
const noLog = { trace: silent, debug: silent, info: silent, warn: silent, error: silent }

export class Bucket {
  readonly address: BucketAddress
  readonly patience: Patience
  readonly #s3: Client
  readonly #client: S3Client
  readonly #closed = new AbortController()
  #knowsConditions = true

  constructor(address: BucketAddress, patience: Patience, s3: Client) {
    this.address = address
    this.patience = patience
    this.#s3 = s3
    this.#client = new s3.S3Client({
      region: address.region,
      ...(address.endpoint !== null && { endpoint: address.endpoint }),
      // Otherwise the client looks where all of Amazon's programs look: the environment first.
      ...(address.credentials !== null && { credentials: address.credentials }),
      forcePathStyle: address.style === 'path',
      // Every body is sent with its SHA-256, signed; further sums are unknown to many servers.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      // Servers that do not answer to it make the client wait for seconds, on a connection of its own each time.
      expectContinueHeader: false,
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: patience.connect,
        httpAgent: pool,
        httpsAgent: pool,
        logger: noLog,
      },
      logger: noLog,
    })
  }

  /** Whether the bucket answers. @throws ContentUnavailable, and the reason of the signal */
  async reach(signal: AbortSignal): Promise<void> {
    const { HeadBucketCommand } = this.#s3
    await this.#asked({
      ...{ what: 'cannot be reached', signal },
      ask: ({ client, signal }) =>
        client.send(new HeadBucketCommand({ Bucket: this.address.bucket }), { abortSignal: signal }),
    })
  }

  /** Whether the bucket is there, and may be written to; gives the time it is there. @throws ContentUnavailable, ContentFull */
  async check(key: string): Promise<number> {
    const { HeadBucketCommand } = this.#s3
    await this.#asked({
      what: 'cannot be reached',
      ask: ({ client, signal }) =>
        client.send(new HeadBucketCommand({ Bucket: this.address.bucket }), { abortSignal: signal }),
    }).catch(async (error) => {
      // An answer to HEAD has no words: why it is denied is heard where something is written.
      await this.put({ key, bytes: new Uint8Array(), marks: {} })
      throw error
    })
    await this.put({ key, bytes: new Uint8Array(), marks: {} })
    const found = await this.head(key)
    await this.remove(key)
    return found?.modified ?? Date.now()
  }

  async head(key: string): Promise<Found | null> {
    const { HeadObjectCommand } = this.#s3
    const found = await this.#asked({
      what: `cannot look for ${key}`,
      ask: ({ client, signal }) =>
        orNull(client.send(new HeadObjectCommand(this.#place(key)), { abortSignal: signal })),
    })
    return (
      found && {
        size: found.ContentLength ?? 0,
        modified: found.LastModified?.getTime() ?? 0,
        marks: found.Metadata ?? {},
      }
    )
  }

  /** `onlyNew`: where the server knows conditions, what is there already stays, and the answer is false. */
  async put({ key, bytes, marks, signal, onlyNew = false }: Put): Promise<boolean> {
    const { PutObjectCommand } = this.#s3
    const input = { ...this.#place(key), Body: bytes, Metadata: { ...marks }, ContentType: messageType }
    const condition = onlyNew && this.#knowsConditions ? { IfNoneMatch: '*' } : {}
    return this.#asked({
      ...{ what: `cannot write ${key}`, signal },
      ask: ({ client, signal }) =>
        client
          .send(new PutObjectCommand({ ...input, ...condition }), { abortSignal: signal })
          .then(() => true)
          .catch((error: unknown) => {
            if (onlyNew && isTaken(error)) return false
            if (!onlyNew || !isNotImplemented(error)) throw error
            this.#knowsConditions = false
            return client.send(new PutObjectCommand(input), { abortSignal: signal }).then(() => true)
          }),
    })
  }

  /** The object from byte `from` on, as long as it is the one of that `etag`; null where there is none. */
  async get(
    key: string,
    { from = 0, etag }: { from?: number; etag?: string | undefined } = {},
  ): Promise<Opened | null> {
    const { GetObjectCommand } = this.#s3
    const input = {
      ...this.#place(key),
      ...(from > 0 && { Range: `bytes=${from}-` }),
      ...(etag !== undefined && { IfMatch: etag }),
    }
    const found = await this.#asked({
      what: `cannot read ${key}`,
      ask: ({ client, signal }) => orNull(client.send(new GetObjectCommand(input), { abortSignal: signal })),
    })
    if (found === null) return null
    // In Node it is one; elsewhere it would be another kind of stream.
    return { body: found.Body as Readable, size: (found.ContentLength ?? 0) + from, etag: found.ETag }
  }

  async remove(key: string): Promise<void> {
    const { DeleteObjectCommand } = this.#s3
    await this.#asked({
      what: `cannot remove ${key}`,
      ask: ({ client, signal }) =>
        orNull(client.send(new DeleteObjectCommand(this.#place(key)), { abortSignal: signal })),
    })
  }

  /** All objects whose keys begin so, in the order of their keys. */
  async *list(prefix: string): AsyncIterable<readonly Entry[]> {
    const { ListObjectsV2Command } = this.#s3
    for (let next: string | undefined, isFirst = true; isFirst || next !== undefined; isFirst = false) {
      const input = { Bucket: this.address.bucket, Prefix: prefix, ContinuationToken: next }
      const page = await this.#asked({
        what: 'cannot be listed',
        ask: ({ client, signal }) => client.send(new ListObjectsV2Command(input), { abortSignal: signal }),
      })
      yield (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified }) => ({
        ...{ key: Key, size: Size, modified: LastModified?.getTime() ?? Number.POSITIVE_INFINITY },
      }))
      next = page.IsTruncated ? page.NextContinuationToken : undefined
    }
  }

  async beginUpload({ key, marks }: { readonly key: string; readonly marks: Marks }): Promise<string> {
    const { CreateMultipartUploadCommand } = this.#s3
    const input = { ...this.#place(key), Metadata: { ...marks }, ContentType: messageType }
    // Asked twice, an upload may be begun that nobody knows of: it is swept away like any that was given up.
    const { UploadId } = await this.#asked({
      what: `cannot begin to write ${key}`,
      ask: ({ client, signal }) =>
        client.send(new CreateMultipartUploadCommand(input), { abortSignal: signal }),
    })
    if (!UploadId)
      throw bucketFault(this.address, `cannot begin to write ${key}`, new Error('an upload without an id'))
    return UploadId
  }

  async putPart({
    upload,
    number,
    bytes,
    signal,
  }: {
    readonly upload: Pick<Upload, 'key' | 'id'>
    readonly number: number
    readonly bytes: Uint8Array
    readonly signal: AbortSignal
  }): Promise<Part> {
    const { UploadPartCommand } = this.#s3
    const input = { ...this.#place(upload.key), UploadId: upload.id, PartNumber: number, Body: bytes }
    const { ETag = '' } = await this.#asked({
      ...{ what: `cannot write part ${number} of ${upload.key}`, signal },
      ask: ({ client, signal }) => client.send(new UploadPartCommand(input), { abortSignal: signal }),
    })
    return { number, etag: ETag }
  }

  /** Makes one object of the parts. That it was done before and not heard of is a fault as well: look for the object. */
  async completeUpload({ key, id }: Pick<Upload, 'key' | 'id'>, parts: readonly Part[]): Promise<void> {
    const { CompleteMultipartUploadCommand } = this.#s3
    const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }))
    const input = { ...this.#place(key), UploadId: id, MultipartUpload: { Parts } }
    await this.#asked({
      what: `cannot finish ${key}`,
      ask: ({ client, signal }) =>
        client.send(new CompleteMultipartUploadCommand(input), { abortSignal: signal }),
    })
  }

  async abortUpload({ key, id }: Pick<Upload, 'key' | 'id'>): Promise<void> {
    const { AbortMultipartUploadCommand } = this.#s3
    await this.#asked({
      what: `cannot give up ${key}`,
      ask: ({ client, signal }) =>
        orNull(
          client.send(new AbortMultipartUploadCommand({ ...this.#place(key), UploadId: id }), {
            abortSignal: signal,
          }),
        ),
    })
  }

  /** Uploads under way, of keys that begin so. Some servers (MinIO) tell of none, and clear up by themselves. */
  async *uploads(prefix: string): AsyncIterable<readonly Upload[]> {
    const { ListMultipartUploadsCommand } = this.#s3
    let after: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | null = {}
    while (after !== null) {
      const input: { Bucket: string; Prefix: string } = {
        Bucket: this.address.bucket,
        Prefix: prefix,
        ...after,
      }
      const page = await this.#asked({
        what: 'uploads cannot be listed',
        ask: ({ client, signal }) =>
          client.send(new ListMultipartUploadsCommand(input), { abortSignal: signal }),
      })
      yield (page.Uploads ?? []).map(({ Key = '', UploadId = '', Initiated }) => ({
        ...{ key: Key, id: UploadId, begun: Initiated?.getTime() ?? Number.POSITIVE_INFINITY },
      }))
      after = page.IsTruncated
        ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
        : null
    }
  }

  /** Ends what is under way. */
  close(): void {
    this.#closed.abort(new Error('the bucket is closed'))
    this.#client.destroy()
  }

  #place(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.address.bucket, Key: key }
  }

  /** @throws ContentUnavailable, ContentFull, and the reason of a signal that was given */
  async #asked<Value>({ what, signal, ask }: Requested<Value>): Promise<Value> {
    const closed = this.#closed.signal
    const until = signal === undefined ? closed : AbortSignal.any([closed, signal])
    try {
      return await tried({ patience: this.patience, signal: until }, (signal) =>
        ask({ client: this.#client, signal }),
      )
    } catch (error) {
      signal?.throwIfAborted()
      throw bucketFault(this.address, what, error)
    }
  }
}

/** As many connections as there may be requests: those that wait for one wait within their time. */
const pool = { keepAlive: true, maxSockets: 200 }
const messageType = 'message/rfc822'

const orNull = async <Value>(wanted: Promise<Value>): Promise<Value | null> => {
  try {
    return await wanted
  } catch (error) {
    if (isNoSuchObject(error)) return null
    throw error
  }
}
