/** The connection for appends that we make ourselves: answers in pieces, ends of every sort, who leads, who may be trusted. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, connect, createServer as createRelay, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Said } from '../../src/log/kurrent/answer.ts'
import { BatchStream } from '../../src/log/kurrent/batch-stream.ts'
import { leaderOf } from '../../src/log/kurrent/faults.ts'
import { openKurrentLog } from '../../src/log/kurrent/index.ts'
import { kindOf, LogUnavailable, type NewEvent } from '../../src/log/port.ts'
import { batchSuccess } from '../kurrent/bytes.ts'
import { startKurrentCluster } from '../kurrent/cluster.ts'
import { standIn, standInOnly } from '../kurrent/target.ts'

type Opened = {
  readonly far: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  readonly near: BatchStream
  readonly said: Said[]
  readonly gone: Promise<Error>
  /** From now on nothing arrives, and nobody notices. */
  readonly hang: () => void
}

const opened = async (context: TestContext, pulse = { every: -1, within: 0 }): Promise<Opened> => {
  const server = createServer()
  const wires: Socket[] = []
  // Everything passes through our hands, so that it can stop.
  const relay = createRelay((socket) => {
    const onward = connect((server.address() as AddressInfo).port, '127.0.0.1')
    wires.push(socket, onward)
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const)
      from.on('error', () => to.destroy()).pipe(to)
  })
  for (const one of [server, relay]) {
    one.listen(0, '127.0.0.1')
    await once(one, 'listening')
    context.after(() => one.close())
  }
  context.after(() => {
    for (const wire of wires) wire.destroy()
  })
  const arrived = once(server, 'stream') as Promise<[ServerHttp2Stream, IncomingHttpHeaders]>
  const near = await BatchStream.open({
    ...{
      at: `127.0.0.1:${(relay.address() as AddressInfo).port}`,
      path: '/Batch',
      secure: null,
      pulse,
      within: 5_000,
    },
    headers: { 'requires-leader': ['true'] },
  })
  context.after(() => near.cancel())
  const said: Said[] = []
  const gone = new Promise<Error>((resolve) => near.listen({ said: (one) => said.push(one), gone: resolve }))
  const [far, headers] = await arrived
  far.on('error', () => {})
  const hang = (): void => {
    for (const wire of wires) wire.unpipe().pause()
  }
  return { far, headers, near, said, gone, hang }
}

const framed = (message: Buffer, kind = 0): Buffer => {
  const head = Buffer.alloc(5)
  head[0] = kind
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}
const answer = (number: number): Buffer =>
  framed(
    batchSuccess(
      { correlation: `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`, stream: 'a-1' },
      { revision: 0, position: number * 10 },
    ),
  )
const begin = (far: ServerHttp2Stream): void => far.respond({ ':status': 200 }, { waitForTrailers: true })

test('what is written in one turn arrives as messages, one behind the other', async (context) => {
  const { far, headers, near } = await opened(context)
  for (const text of ['one', '', 'three']) near.write(Buffer.from(text))
  const wanted = 3 * 5 + 'onethree'.length
  let bytes = Buffer.alloc(0)
  while (bytes.length < wanted) bytes = Buffer.concat([bytes, ...((await once(far, 'data')) as [Buffer])])
  assert.deepEqual(bytes, Buffer.concat(['one', '', 'three'].map((text) => framed(Buffer.from(text)))))
  assert.deepEqual(
    [headers[':path'], headers['content-type'], headers.te, headers['requires-leader']],
    ['/Batch', 'application/grpc', 'trailers', 'true'],
  )
})

test('answers are whole however they are cut, and many may come at once', async (context) => {
  const { far, said, gone } = await opened(context)
  begin(far)
  const bytes = Buffer.concat([1, 2, 3, 4].map(answer))
  for (const byte of bytes.subarray(0, 70)) far.write(Buffer.of(byte))
  far.write(bytes.subarray(70))
  far.end()
  await gone
  assert.deepEqual(
    said.map(({ correlation, answer }) => [correlation, answer]),
    [1, 2, 3, 4].map((number) => [number, { kind: 'written', position: number * 10 }]),
  )
})

test('a server that leads no more says who does', async (context) => {
  const { far, gone } = await opened(context)
  far.respond(
    {
      ...{ ':status': 200, 'grpc-status': '5', 'grpc-message': 'Leader%20info%20available' },
      ...{ exception: 'not-leader', 'leader-endpoint-host': 'other.example', 'leader-endpoint-port': '2113' },
    },
    { endStream: true },
  )
  const error = await gone
  assert.ok(error instanceof LogUnavailable)
  assert.equal(error.message, 'Leader info available')
  assert.deepEqual(leaderOf(error), { host: 'other.example', port: 2113 })
})

const endings: readonly [string, (opened: Opened) => void, RegExp][] = [
  [
    'trailers',
    ({ far }) => {
      begin(far)
      far.on('wantTrailers', () => far.sendTrailers({ 'grpc-status': '13', 'grpc-message': '100% wrong' }))
      far.end()
    },
    /^100% wrong$/,
  ],
  [
    'a status without words',
    ({ far }) => far.respond({ ':status': 200, 'grpc-status': '14' }, { endStream: true }),
    /gRPC status 14/,
  ],
  ['another server’s answer', ({ far }) => far.respond({ ':status': 502 }, { endStream: true }), /HTTP 502/],
  [
    'an answer that is compressed',
    ({ far }) => {
      begin(far)
      far.write(framed(Buffer.from('x'), 1))
    },
    /what is no answer: 1 bytes, of kind 1/,
  ],
  [
    'an answer without end',
    ({ far }) => {
      begin(far)
      far.write(Buffer.from([0, 255, 255, 255, 255]))
    },
    /what is no answer/,
  ],
  ['a stream that is reset', ({ far }) => far.close(2), /NGHTTP2_INTERNAL_ERROR/],
  ['a connection that breaks', ({ far }) => far.session?.destroy(), /./],
]
for (const [what, happen, words] of endings)
  test(`${what} ends it, once and with words`, async (context) => {
    const it = await opened(context)
    happen(it)
    const error = await it.gone
    assert.ok(error instanceof LogUnavailable)
    assert.match(error.message, words)
    it.near.write(Buffer.from('too late'))
  })

test('a server that answers no ping is given up; one that does is kept', async (context) => {
  const { far, gone, near, hang } = await opened(context, { every: 20, within: 1_000 })
  begin(far)
  await once(far.session!, 'ping')
  await once(far.session!, 'ping')
  near.write(Buffer.from('still there'))
  await once(far, 'data')
  hang()
  assert.match((await gone).message, /does not answer/)
})

test('whom nobody hears is not connected to', async () => {
  await assert.rejects(
    BatchStream.open({
      at: '127.0.0.1:1',
      path: '/',
      headers: {},
      secure: null,
      pulse: { every: -1, within: 0 },
      within: 5_000,
    }),
    LogUnavailable,
  )
})

test('who takes a connection and says nothing is left alone in time', async (context) => {
  const mute = createRelay()
  mute.listen(0, '127.0.0.1')
  await once(mute, 'listening')
  context.after(() => mute.close())
  const taken = once(mute, 'connection') as Promise<[Socket]>
  const place = {
    at: `127.0.0.1:${(mute.address() as AddressInfo).port}`,
    ...{ path: '/', headers: {}, pulse: { every: -1, within: 0 } },
  }
  const opening = BatchStream.open({ ...place, secure: {}, within: 200 })
  const [socket] = await taken
  const closed = once(socket.on('error', () => {}).resume(), 'close')
  await assert.rejects(opening, /connecting took longer than 200 ms/)
  await closed
})

const events = (id: number): NewEvent[] => [
  {
    id: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
    kind: kindOf('Noted', 1, {}),
    at: 1,
    data: {},
  },
]

test('who knows only a follower appends to the leader all the same', standInOnly, async (context) => {
  const cluster = await startKurrentCluster({ size: 3 })
  context.after(() => cluster.close())
  const follower = cluster.nodes.find((node) => node !== cluster.leader())!
  const log = await openKurrentLog({ url: follower.url })
  context.after(() => log.close())
  const { position } = await log.append([{ stream: 'a-1', expected: -1, events: events(1) }])
  assert.ok(position > 0)
})

test('an authority that is not the server’s is not trusted with appends', standInOnly, async (context) => {
  const [server, other] = [
    await standIn(context, { users: { admin: 'secret' } }),
    await standIn(context, { tls: true }),
  ]
  const log = await openKurrentLog({ url: server.url })
  context.after(() => log.close())
  await log.append([{ stream: 'a-1', expected: -1, events: events(1) }])
  const authority = new URL(other.url).searchParams.get('tlsCAFile')!
  const { secureOf } = await import('../../src/log/kurrent/secure.ts')
  await assert.rejects(
    BatchStream.open({
      ...{
        at: `localhost:${server.port}`,
        path: '/',
        headers: {},
        pulse: { every: -1, within: 0 },
        within: 5_000,
      },
      secure: secureOf({ options: new Map([['tlsCAFile', authority]]) }),
    }),
    /certificate/,
  )
})
