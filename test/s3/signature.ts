/**
 * Signature version 4, as a server checks it: everything is computed again from the request as it came.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.ts'

export type Keys = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}
export type Signing = { readonly keys: Keys; readonly region: string; readonly now: number }

const shape =
  /^AWS4-HMAC-SHA256 Credential=(?<key>[^/]+)\/(?<day>\d{8})\/(?<region>[^/]+)\/(?<service>[^/]+)\/aws4_request, ?SignedHeaders=(?<headers>[a-z0-9;-]+), ?Signature=(?<signature>[0-9a-f]{64})$/
const fifteenMinutes = 15 * 60 * 1000

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** @throws Refusal */
export const checkSignature = (
  request: IncomingMessage,
  body: Buffer,
  { keys, region, now }: Signing,
): void => {
  const { authorization } = request.headers
  if (authorization === undefined) throw new Refusal(403, 'AccessDenied', 'Anonymous requests are refused')
  const found = shape.exec(authorization)?.groups
  if (found === undefined) throw new Refusal(400, 'AuthorizationHeaderMalformed', 'No signature of version 4')
  if (found.key !== keys.accessKeyId) throw new Refusal(403, 'InvalidAccessKeyId', 'Unknown access key')
  if (found.region !== region || found.service !== 's3')
    throw new Refusal(400, 'AuthorizationHeaderMalformed', `The region is wrong; expecting '${region}'`)
  if (request.headers['x-amz-security-token'] !== keys.sessionToken)
    throw new Refusal(400, 'InvalidToken', 'The session token is not the right one')
  const signed = (found.headers ?? '').split(';')
  checkHeaders(request, signed)
  checkTime(request, found.day ?? '', now)
  const key = ['AWS4', found.day, region, 's3', 'aws4_request']
  const [first = '', ...rest] = key
  const signing = rest.reduce<string | Buffer>(
    (made, part) => hmac(made, part ?? ''),
    `${first}${keys.secretAccessKey}`,
  )
  const expected = hmac(signing, stringToSign(request, signed, `${found.day}/${region}/s3/aws4_request`))
  if (!timingSafeEqual(expected, Buffer.from(found.signature ?? '', 'hex')))
    throw new Refusal(403, 'SignatureDoesNotMatch', 'The signature is not the one we calculated')
  checkBody(request, body)
}

/** All that matters must be signed: the host, and every `x-amz-` header. */
const checkHeaders = (request: IncomingMessage, signed: readonly string[]): void => {
  const wanted = ['host', ...Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'))]
  const missing = wanted.filter((name) => !signed.includes(name))
  if (missing.length > 0)
    throw new Refusal(
      403,
      'AccessDenied',
      `There were headers present which were not signed: ${missing.join(', ')}`,
    )
}

const checkTime = (request: IncomingMessage, day: string, now: number): void => {
  const text = String(request.headers['x-amz-date'])
  const at = Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!text.startsWith(day) || !(Math.abs(at - now) <= fifteenMinutes))
    throw new Refusal(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large',
    )
}

const checkBody = (request: IncomingMessage, body: Buffer): void => {
  const claimed = request.headers['x-amz-content-sha256']
  if (claimed === undefined) throw new Refusal(400, 'InvalidRequest', 'Missing x-amz-content-sha256')
  if (claimed !== sha256(body))
    throw new Refusal(
      400,
      'XAmzContentSHA256Mismatch',
      'The provided x-amz-content-sha256 header does not match',
    )
}

const stringToSign = (request: IncomingMessage, signed: readonly string[], scope: string): string =>
  ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, sha256(canonicalRequest(request, signed))].join(
    '\n',
  )

const canonicalRequest = (request: IncomingMessage, signed: readonly string[]): string => {
  const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s)
  return [
    request.method,
    escaped(decodeURIComponent(path)).replaceAll('%2F', '/'),
    canonicalQuery(query),
    ...[...signed].sort().map(
      (name) =>
        `${name}:${String(request.headers[name] ?? '')
          .trim()
          .replaceAll(/ +/g, ' ')}`,
    ),
    '',
    signed.join(';'),
    request.headers['x-amz-content-sha256'],
  ].join('\n')
}

const canonicalQuery = (query: string): string =>
  query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', value = ''] = pair.split(/=(.*)/s)
      return `${escaped(decodeURIComponent(name))}=${escaped(decodeURIComponent(value))}`
    })
    .sort()
    .join('&')

const escaped = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
