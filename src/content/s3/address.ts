/**
 * The address of a bucket. Read without the client, so that a configuration is checked without loading it.
 *
 *     s3://bucket/prefix?endpoint=https://storage.example.org&region=eu-central-1&style=path
 *     s3://KEY:SECRET@bucket
 */

/** The address cannot be used; the message never repeats what stands in it, for there may be a secret in it. */
export class BucketAddressFault extends Error {
  override readonly name = 'BucketAddressFault'
}

export type BucketAddress = {
  readonly bucket: string
  /** Stands before each key: empty, or with a slash at its end. */
  readonly prefix: string
  /** Without a slash at its end. Null: Amazon's own, by region. */
  readonly endpoint: string | null
  readonly region: string
  /** `path`: the bucket stands in the path; `host`: before the host's name. */
  readonly style: 'path' | 'host'
  /** Null: from the environment. */
  readonly credentials: Credentials | null
}
type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string }

export const isBucketAddress = (text: string): boolean => /^s3:\/\//i.test(text)

const form =
  's3://bucket?endpoint=https://host&region=name; a key and its secret stand before the bucket as KEY:SECRET@, with %2F for / and %2B for +'
const shape =
  /^s3:\/\/(?:(?<credentials>[^/?#]*)@)?(?<bucket>[^/?#@:]+)(?<path>\/[^?#]*)?(?:\?(?<query>[^#]*))?$/i
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const words = ['endpoint', 'region', 'style'] as const

/** @throws BucketAddressFault */
export const readBucketAddress = (text: string): BucketAddress => {
  const found = shape.exec(text.trim())?.groups
  if (found?.bucket === undefined) throw new BucketAddressFault(`must look like ${form}`)
  if (!bucketName.test(found.bucket))
    throw new BucketAddressFault(
      'the bucket’s name must have 3 to 63 lower-case letters, digits, dots and dashes; it stands after s3://',
    )
  const query = readQuery(found.query ?? '')
  const endpoint = readEndpoint(query.get('endpoint') ?? null)
  return {
    bucket: found.bucket,
    prefix: readPrefix(found.path ?? ''),
    endpoint,
    region: readRegion(query.get('region') ?? null),
    style: readStyle(query.get('style') ?? null, endpoint),
    credentials: readCredentials(found.credentials),
  }
}

/** What may be shown of it, and says which it is. */
export const bucketText = ({ bucket, prefix, endpoint }: BucketAddress): string =>
  `s3://${bucket}${prefix === '' ? '' : `/${prefix.slice(0, -1)}`}${endpoint === null ? '' : ` at ${endpoint}`}`

const readQuery = (text: string): ReadonlyMap<string, string> => {
  const query = new Map<string, string>()
  // A plus is a plus here, not a space.
  for (const [name, value] of new URLSearchParams(text.replaceAll('+', '%2B'))) {
    if (!words.some((word) => word === name))
      throw new BucketAddressFault(`after ? may stand ${words.join(', ')}, and nothing else`)
    if (query.has(name)) throw new BucketAddressFault(`${name} may stand there once`)
    query.set(name, value)
  }
  return query
}

/** https unless it says http. */
const readEndpoint = (given: string | null): string | null => {
  if (given === null) return null
  const wrong = new BucketAddressFault(
    'endpoint must be the address of a host, like https://storage.example.org or http://127.0.0.1:9000, without a user',
  )
  const text = given.includes('://') ? given : `https://${given}`
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) throw wrong
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') throw wrong
  return url.href.replace(/\/+$/, '')
}

const readRegion = (given: string | null): string => {
  if (given === null) return process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || 'us-east-1'
  if (!/^[a-z0-9-]{1,64}$/i.test(given))
    throw new BucketAddressFault('region must be a name like eu-central-1')
  return given
}

/** Few servers but Amazon's have a name for each bucket. */
const readStyle = (given: string | null, endpoint: string | null): BucketAddress['style'] => {
  if (given === null) return endpoint === null ? 'host' : 'path'
  if (given !== 'path' && given !== 'host')
    throw new BucketAddressFault(
      'style must be path (bucket in the path) or host (bucket in the host’s name)',
    )
  return given
}

/** Letters that need no escaping anywhere: a prefix is told in requests, lists and policies. */
const readPrefix = (path: string): string => {
  const prefix = path.replace(/^\/+|\/+$/g, '')
  if (prefix === '') return ''
  if (!/^[\w.-]+(?:\/[\w.-]+)*$/.test(prefix) || prefix.length > 200 || /(^|\/)\.\.?(\/|$)/.test(prefix))
    throw new BucketAddressFault('the path after the bucket takes letters, digits, _ . - and single slashes')
  return `${prefix}/`
}

const readCredentials = (text: string | undefined): Credentials | null => {
  if (text === undefined) return null
  const colon = text.indexOf(':')
  const [accessKeyId, secretAccessKey] = [text.slice(0, colon), text.slice(colon + 1)].map(decoded)
  if (colon < 1 || !accessKeyId || !secretAccessKey)
    throw new BucketAddressFault(`before @ stands a key and its secret; it must look like ${form}`)
  return { accessKeyId, secretAccessKey }
}

const decoded = (text: string): string | null => {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
