/** What a bucket answers when it does not do what it was asked to: in our words, never with a secret in them. */
import { ContentFull, ContentUnavailable } from '../port.ts'
import { type BucketAddress, bucketText } from './address.ts'

/** As the client throws them: a service's answer, or the connection's fault. */
type Answer = Error & {
  readonly code?: unknown
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> }
}

const asAnswer = (error: unknown): Answer => (error instanceof Error ? error : new Error(String(error)))
const statusOf = (error: unknown): number => asAnswer(error).$metadata?.httpStatusCode ?? 0
/** `NoSuchKey`, `SlowDown`, `ECONNREFUSED`. An answer without a body, as to HEAD, has only its status. */
const nameOf = (error: unknown): string => {
  const { name, code } = asAnswer(error)
  return typeof code === 'string' ? code : name
}

/** There is no such object. A bucket that is not there answers otherwise, except to HEAD. */
export const isNoSuchObject = (error: unknown): boolean =>
  ['NoSuchKey', 'NotFound'].includes(nameOf(error)) ||
  (statusOf(error) === 404 && !['NoSuchBucket', 'NoSuchUpload'].includes(nameOf(error)))

export const isNoSuchUpload = (error: unknown): boolean => nameOf(error) === 'NoSuchUpload'

/** An object of that name is there already. */
export const isTaken = (error: unknown): boolean => nameOf(error) === 'PreconditionFailed'
/** Servers that know no conditions say so. */
export const isNotImplemented = (error: unknown): boolean =>
  nameOf(error) === 'NotImplemented' || statusOf(error) === 501

const passing = new Set([
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'SlowDown',
  'InternalError',
  'ServiceUnavailable',
  'ConditionalRequestConflict',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
])

/** Whether the same may go well in a moment. */
export const isPassing = (error: unknown): boolean =>
  passing.has(nameOf(error)) || [429, 500, 502, 503, 504].includes(statusOf(error)) || isGarbled(error)

/** An answer that broke off, or that is no answer at all. */
const isGarbled = (error: unknown): boolean =>
  statusOf(error) < 300 && /socket hang up|aborted|Parse Error|premature/i.test(asAnswer(error).message)

const full = new Set([
  'QuotaExceeded',
  'XMinioStorageFull',
  'XMinioAdminBucketQuotaExceeded',
  'InsufficientCapacity',
])
const isFull = (error: unknown): boolean => full.has(nameOf(error)) || statusOf(error) === 507

/** What to say of it: `what` was to be done. */
export const bucketFault = (address: BucketAddress, what: string, error: unknown): Error => {
  if (error instanceof ContentUnavailable || error instanceof ContentFull) return error
  const where = bucketText(address)
  if (isFull(error)) return new ContentFull(`${where} has no room: ${what}: ${nameOf(error)}`)
  return new ContentUnavailable(`${where}: ${what}: ${reasonOf(address, error)}`)
}

const reasonOf = (address: BucketAddress, error: unknown): string => {
  const name = nameOf(error)
  const status = statusOf(error)
  const known = said[name] ?? saidOfStatus[status]
  if (known !== undefined)
    return `${known(address, error)}${status > 0 ? ` (${status} ${name})` : ` (${name})`}`
  const { message } = asAnswer(error)
  return `${status > 0 ? `${status} ` : ''}${name}${message === '' || message === name ? '' : `: ${message}`}`
}

type Saying = (address: BucketAddress, error: unknown) => string
const noAnswer: Saying = ({ endpoint, region }) =>
  `${endpoint ?? `Amazon S3 in ${region}`} does not answer; is the endpoint right, and is it up?`
const wrongSecret: Saying = () =>
  'the secret does not fit the key; look at AWS_SECRET_ACCESS_KEY, or at the address, where / is %2F and + is %2B'
const wrongKey: Saying = () =>
  'the access key is not known there; look at AWS_ACCESS_KEY_ID, or at the address'
const elsewhere: Saying = ({ region }, error) => {
  const right = asAnswer(error).$response?.headers?.['x-amz-bucket-region']
  return `the bucket is not in region ${region}; write region=${right ?? 'the right one'}`
}
const said: Readonly<Record<string, Saying | undefined>> = {
  NoSuchBucket: ({ bucket }) => `there is no bucket ${bucket}; make it first, or write another`,
  AccessDenied: () =>
    'access is denied; the key needs s3:ListBucket, s3:ListBucketMultipartUploads, s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload',
  InvalidAccessKeyId: wrongKey,
  SignatureDoesNotMatch: wrongSecret,
  ExpiredToken: () => 'the session token has expired; look at AWS_SESSION_TOKEN',
  InvalidToken: () => 'the session token is not good; look at AWS_SESSION_TOKEN',
  RequestTimeTooSkewed: () => 'the clock of this machine or the endpoint’s is wrong',
  PermanentRedirect: elsewhere,
  AuthorizationHeaderMalformed: elsewhere,
  IllegalLocationConstraintException: elsewhere,
  CredentialsProviderError: () =>
    'there is no access key; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write KEY:SECRET@ before the bucket',
  TimeoutError: noAnswer,
  ETIMEDOUT: noAnswer,
  ECONNREFUSED: noAnswer,
  ECONNRESET: () => 'the connection was broken off',
  EHOSTUNREACH: noAnswer,
  ENETUNREACH: noAnswer,
  ENOTFOUND: ({ endpoint }) => `${endpoint ?? 'Amazon S3'} has no address in DNS; is the endpoint right?`,
  EAI_AGAIN: noAnswer,
}
const saidOfStatus: Readonly<Record<number, Saying | undefined>> = {
  301: elsewhere,
  403: said.AccessDenied,
  404: said.NoSuchBucket,
  503: () => 'it asks to come back later',
}
