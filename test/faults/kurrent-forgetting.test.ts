/** What a database does with what was forgotten, when it is cleaned up, and when it fails meanwhile. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogUnavailable } from '../../src/log/port.ts'
import { event, gather, ids, opened, put } from './kurrent-log.ts'

const streamsOf = (found: readonly { readonly stream: string }[]): string[] => [
  ...new Set(found.map(({ stream }) => stream)),
]

test('cleaning up takes everything of a stream that was forgotten', async (t) => {
  const { server, log } = await opened(t)
  for (const id of ['a', 'b']) await put(log, `test-${id}`, -1, [event(), event()])
  await log.forget({ streams: ['test-a'] })
  assert.deepEqual(streamsOf(await gather(log.readAll(0))), ['test-a', 'test-b'])
  server.scavenge()
  assert.deepEqual(streamsOf(await gather(log.readAll(0))), ['test-b'])
  assert.deepEqual(await log.streams('test-'), ['test-b'])
  assert.ok(server.log.records.every(({ stream, type }) => stream !== 'test-a' || type === '$streamDeleted'))
})

test('nobody writes to a stream that was forgotten', async (t) => {
  const { log } = await opened(t)
  const written = [event()]
  await put(log, 'test-a', -1, written)
  await log.forget({ streams: ['test-a'] })
  await assert.rejects(put(log, 'test-a', 0, [event()]))
  await assert.rejects(put(log, 'test-a', -1, [event()]), LogUnavailable)
})

test('after cleaning up, a stream without its beginning reads and goes on as before', async (t) => {
  const { server, log } = await opened(t)
  const written = [event(), event(), event(), event()]
  for (const [at, one] of written.entries()) await put(log, 'test-a', at - 1, [one])
  await log.forget({ beginnings: [{ stream: 'test-a', before: 3 }] })
  server.scavenge()
  assert.deepEqual(ids(await gather(log.readStream('test-a'))), [written[3]!.id])
  assert.deepEqual(ids(await gather(log.readAll(0))), [written[3]!.id])
  await put(log, 'test-a', 3, [event()])
  assert.deepEqual(await log.streams('test-'), ['test-a'])
})

test('what else the metadata of a stream say stays', async (t) => {
  const { server, log } = await opened(t)
  await put(log, 'test-a', -1, [event(), event(), event()])
  server.log.append('$$test-a', -1, [
    {
      id: crypto.randomUUID(),
      type: '$metadata',
      json: true,
      data: Buffer.from('{"$maxAge":3600,"ours":"yes"}'),
      metadata: Buffer.alloc(0),
    },
  ])
  await log.forget({ beginnings: [{ stream: 'test-a', before: 1 }] })
  const last = server.log.recordAt('$$test-a', server.log.lastRevision('$$test-a'))
  assert.deepEqual(JSON.parse(Buffer.from(last!.data).toString()), { $maxAge: 3600, ours: 'yes', $tb: 1 })
})

test('connections that break are made again, until everything is forgotten', async (t) => {
  const { server, log } = await opened(t)
  const streams = Array.from({ length: 40 }, (_, n) => `test-${n}`)
  for (const stream of streams) await put(log, stream, -1, [event()])
  const forgotten = log.forget({ streams, beginnings: [{ stream: 'test-none', before: 1 }] })
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setImmediate(resolve))
    server.faults.dropConnections()
  }
  await forgotten
  assert.deepEqual(await log.streams('test-'), [])
})

test('metadata whose answer is lost are written once', async (t) => {
  const { server, log } = await opened(t)
  for (let at = -1; at < 3; at++) await put(log, 'test-a', at, [event()])
  for (const act of ['drop after commit', 'drop before commit', 'silent after commit'] as const) {
    const before = server.log.lastRevision('$$test-a') + 2
    const fault = server.faults.onAppend(act, { stream: '$$test-a' })
    await log.forget({ beginnings: [{ stream: 'test-a', before }] })
    await fault.happened
    assert.equal((await gather(log.readStream('test-a')))[0]?.revision, before)
  }
  assert.equal(server.log.lastRevision('$$test-a'), 2)
})

test('a database that stays away is said to be away', async (t) => {
  const { server, log } = await opened(t, { answerWithin: 3_000, connectWithin: 1_000 })
  await put(log, 'test-a', -1, [event()])
  await server.stop()
  await assert.rejects(log.forget({ streams: ['test-a'] }), LogUnavailable)
})
