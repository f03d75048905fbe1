/** A small S3 in this process, over real HTTP: one bucket, signatures checked, faults on demand. See README.md. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Faults, type Operation, type Wrong } from './faults.ts'
import { Refusal } from './refusal.ts'
import { checkSignature, type Keys } from './signature.ts'
import { type Marks, Vault } from './vault.ts'
import { xml } from './xml.ts'

export type StandInOptions = {
  readonly keys?: Keys
  readonly region?: string
  /** Entries in one page of a list. */
  readonly page?: number
}

export const testKeys = { accessKeyId: 'AKTEST', secretAccessKey: 'sec/ret+with=signs' } as const

export type S3StandIn = {
  /** `http://127.0.0.1:port`. */
  readonly endpoint: string
  /** The address for a configuration, with key and secret. */
  readonly url: string
  readonly vault: Vault
  readonly faults: Faults
  /** Connections so far. */
  readonly connections: number
  /** What was asked for so far. */
  readonly asked: readonly Operation[]
  /** Nobody listens any more; connections end. */
  stop(): Promise<void>
  /** Listens again, at the same port, with what was there. */
  start(): Promise<void>
}

type Answer = {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | number>>
  readonly body?: string | Buffer
}

export const startS3StandIn = async ({
  keys = testKeys,
  region = 'us-east-1',
  page = 1000,
}: StandInOptions = {}): Promise<S3StandIn> => {
  const vault = new Vault({ bucket: 'mail', page })
  const faults = new Faults()
  const asked: Operation[] = []
  const act = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = Buffer.concat(await request.toArray())
    try {
      const asking = read(request, vault.bucket)
      asked.push(asking.operation)
      const wrong = faults.take(asking.operation)
      if (wrong !== null && (await spoil(wrong, 'before', response))) return
      checkSignature(request, body, { keys, region, now: Date.now() })
      const answer = carryOut(vault, asking, request, body)
      if (wrong !== null && (await spoil(wrong, 'after', response, answer))) return
      give(response, answer)
    } catch (error) {
      refuse(response, request.method, error)
    }
  }
  const server = createServer((request, response) => {
    act(request, response).catch(() => response.destroy())
  })
  // Node's server would give permission by itself; others do not.
  server.on('checkContinue', (_, response) => response.destroy())
  let connections = 0
  server.on('connection', () => {
    connections++
  })
  let port = 0
  const start = async (): Promise<void> => {
    await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening))
    port = (server.address() as AddressInfo).port
  }
  await start()
  const endpoint = `http://127.0.0.1:${port}`
  const secret = encodeURIComponent(keys.secretAccessKey)
  return {
    ...{ endpoint, vault, faults, asked, start },
    get connections() {
      return connections
    },
    url: `s3://${keys.accessKeyId}:${secret}@mail?endpoint=${endpoint}&region=${region}`,
    stop: async () => {
      if (!server.listening) return
      const closed = new Promise((done) => server.close(done))
      server.closeAllConnections()
      await closed
    },
  }
}

type Asking = {
  readonly operation: Operation
  readonly key: string
  readonly query: URLSearchParams
}

/** The bucket stands in the path, or before the name of the host. */
const read = (request: IncomingMessage, bucket: string): Asking => {
  const url = new URL(request.url ?? '/', 'http://host')
  const inHost = (request.headers.host ?? '').startsWith(`${bucket}.`)
  const path = decodeURIComponent(url.pathname).slice(1)
  const [named, key] = inHost ? [bucket, path] : (path.split(/\/(.*)/s) as [string, string | undefined])
  if (named !== bucket) throw new Refusal(404, 'NoSuchBucket', 'The specified bucket does not exist')
  const operation = operationOf(request.method ?? '', key ?? '', url.searchParams)
  if (operation === undefined) throw new Refusal(501, 'NotImplemented', 'Not imitated')
  return { operation, key: key ?? '', query: url.searchParams }
}

const operationOf = (method: string, key: string, query: URLSearchParams): Operation | undefined => {
  const kind = query.has('uploads') ? 'uploads' : query.has('uploadId') ? 'upload' : ''
  return operations[`${method} ${key === '' ? 'bucket' : 'object'} ${kind}`.trim()]
}
const operations: Readonly<Record<string, Operation>> = {
  'HEAD bucket': 'HeadBucket',
  'GET bucket': 'ListObjects',
  'GET bucket uploads': 'ListUploads',
  'HEAD object': 'HeadObject',
  'GET object': 'GetObject',
  'PUT object': 'PutObject',
  'DELETE object': 'DeleteObject',
  'POST object uploads': 'CreateUpload',
  'PUT object upload': 'UploadPart',
  'POST object upload': 'CompleteUpload',
  'DELETE object upload': 'AbortUpload',
}

const carryOut = (
  vault: Vault,
  { operation, key, query }: Asking,
  request: IncomingMessage,
  body: Buffer,
): Answer => {
  const id = query.get('uploadId') ?? ''
  switch (operation) {
    case 'HeadBucket':
      return {}
    case 'ListObjects':
      return { body: vault.list(query) }
    case 'ListUploads':
      return { body: vault.listUploads(query) }
    case 'HeadObject':
    case 'GetObject':
      return objectAnswer(vault, key, request)
    case 'PutObject':
      if (request.headers['if-none-match'] === '*' && vault.objects.has(key))
        throw new Refusal(412, 'PreconditionFailed', 'There is such an object')
      return { headers: { etag: vault.put(key, body, marksOf(request)).etag } }
    case 'DeleteObject':
      vault.objects.delete(key)
      return { status: 204 }
    case 'CreateUpload':
      return { body: vault.begin(key, marksOf(request)) }
    case 'UploadPart':
      return {
        headers: { etag: vault.part({ id, key, number: Number(query.get('partNumber')), bytes: body }) },
      }
    case 'CompleteUpload':
      return { body: vault.complete(id, key, body.toString()) }
    case 'AbortUpload':
      vault.abort(id, key)
      return { status: 204 }
  }
}

const marksOf = ({ headers }: IncomingMessage): Marks =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith('x-amz-meta-'))
      .map(([name, value]) => [name.slice('x-amz-meta-'.length), String(value)]),
  )

const objectAnswer = (vault: Vault, key: string, { headers, method }: IncomingMessage): Answer => {
  const { bytes, etag, modified, marks } = vault.get(key)
  if (headers['if-match'] !== undefined && headers['if-match'] !== etag)
    throw new Refusal(
      412,
      'PreconditionFailed',
      'At least one of the pre-conditions you specified did not hold',
    )
  const from = rangeStart(headers.range, bytes.length)
  const sent = bytes.subarray(from)
  return {
    status: headers.range === undefined ? 200 : 206,
    headers: {
      ...{ etag, 'last-modified': new Date(modified).toUTCString(), 'content-length': sent.length },
      ...(headers.range !== undefined && {
        'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
      }),
      ...Object.fromEntries(Object.entries(marks).map(([name, value]) => [`x-amz-meta-${name}`, value])),
    },
    ...(method === 'GET' && { body: sent }),
  }
}

const rangeStart = (range: string | undefined, length: number): number => {
  if (range === undefined) return 0
  const from = Number(/^bytes=(\d+)-$/.exec(range)?.[1])
  if (!(from < length)) throw new Refusal(416, 'InvalidRange', 'The requested range is not satisfiable')
  return from
}

const give = (response: ServerResponse, { status = 200, headers = {}, body = '' }: Answer): void => {
  response.writeHead(status, { 'x-amz-request-id': 'stand-in', ...headers })
  response.end(body)
}

const refuse = (response: ServerResponse, method: string | undefined, error: unknown): void => {
  const { status, code, message } =
    error instanceof Refusal ? error : new Refusal(500, 'InternalError', String(error))
  // An answer to HEAD has no body.
  const body = method === 'HEAD' ? '' : xml('Error', { Code: code, Message: message })
  give(response, { status, headers: { 'content-type': 'application/xml' }, body })
}

/** True when the request is over with that. */
const spoil = async (
  wrong: Wrong,
  when: 'before' | 'after',
  response: ServerResponse,
  answer: Answer = {},
): Promise<boolean> => {
  if ('slow' in wrong && when === 'before')
    return new Promise((later) => setTimeout(() => later(false), wrong.slow))
  if ('status' in wrong) throw new Refusal(wrong.status, wrong.code, 'On demand')
  if ('silent' in wrong) return wrong.silent === when
  if ('drop' in wrong && wrong.drop === when) {
    response.destroy()
    return true
  }
  if (when === 'before') return false
  if ('failedBehind200' in wrong) {
    give(response, { body: xml('Error', { Code: wrong.failedBehind200, Message: 'On demand' }) })
    return true
  }
  return cutShort(wrong, response, answer)
}

const cutShort = (
  wrong: Wrong,
  response: ServerResponse,
  { status = 200, headers, body }: Answer,
): boolean => {
  const length = 'breakOff' in wrong ? wrong.breakOff : 'stall' in wrong ? wrong.stall : null
  if (length === null) return false
  response.writeHead(status, { ...headers })
  response.write(Buffer.from(body ?? '').subarray(0, length), () => {
    if ('breakOff' in wrong) response.destroy()
  })
  return true
}
