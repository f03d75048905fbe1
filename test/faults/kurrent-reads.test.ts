/** Reading and following EventStoreDB / KurrentDB while it is slow, silent, restarted, or shared with others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JSONType, jsonEvent, KurrentDBClient } from '@kurrent/kurrentdb-client'
import { type LogReader, LogUnavailable, type StoredEvent } from '../../src/log/port.ts'
import { eventually } from '../eventually.ts'
import type { ReadAct } from '../kurrent/faults.ts'
import { event, gather, ids, opened, openOn, put, standInWith } from './kurrent-log.ts'

const acts: readonly ReadAct[] = ['drop', 'drop halfway', 'busy', 'not ready']

for (const act of acts)
  test(`a read is whole: ${act}`, async (context) => {
    const { server, log } = await opened(context)
    const written = Array.from({ length: 100 }, () => event())
    await put(log, 'test-a', -1, written)
    server.faults.onRead(act, { stream: 'test-a', times: 2 })
    assert.deepEqual(ids(await gather(log.readStream('test-a'))), ids(written))
    server.faults.onRead(act, { stream: '$all', times: 2 })
    assert.deepEqual(ids(await gather(log.readAll(0))), ids(written))
  })

test('a read that is not answered ends in an error, and the next one works', async (context) => {
  const { server, log } = await opened(context, { readWithin: 2_000 })
  await put(log, 'test-a', -1, [event()])
  server.faults.onRead('silent', { stream: 'test-a' })
  await assert.rejects(gather(log.readStream('test-a')), {
    name: 'LogUnavailable',
    message: /took longer than 2000 ms$/,
  })
  assert.equal((await gather(log.readStream('test-a'))).length, 1)
})

test('reading works again after the server was down, also for who looked meanwhile', async (context) => {
  const { server, log } = await opened(context, { readWithin: 2_000 })
  await put(log, 'test-a', -1, [event()])
  await server.stop()
  await assert.rejects(gather(log.readStream('test-a')), LogUnavailable)
  await assert.rejects(log.tail(), LogUnavailable)
  await server.start()
  const found = await eventually(() => gather(log.readStream('test-a')).catch(() => undefined), {
    what: 'the log to be readable again',
  })
  assert.equal(found.length, 1)
})

/** Follows everything, and says what came. */
const following = (log: LogReader, after: number) => {
  const stop = new AbortController()
  const seen: StoredEvent[] = []
  const ended = (async () => {
    for await (const page of log.subscribe(after, { signal: stop.signal })) seen.push(...page)
  })()
  const reached = (count: number) =>
    eventually(() => (seen.length >= count ? seen : undefined), {
      what: `${count} events, not ${seen.length}`,
    })
  const end = () => {
    stop.abort()
    return ended
  }
  return { seen, reached, end }
}

test('who follows misses nothing and sees nothing twice, whatever breaks', async (context) => {
  const { server, log } = await opened(context)
  const written = Array.from({ length: 40 }, () => event())
  const follower = following(log, 0)
  const breaks = [
    () => server.faults.dropSubscriptions(),
    () => server.faults.dropConnections(),
    () => server.restart(),
    () => {},
  ]
  for (const [n, one] of written.entries()) {
    await put(log, 'test-a', n - 1, [one])
    if (n % 5 === 4) await follower.reached(n)
    if (n % 5 === 0) await breaks[(n / 5) % breaks.length]!()
  }
  await follower.reached(written.length)
  await follower.end()
  assert.deepEqual(ids(follower.seen), ids(written))
})

test('a subscription the server has forgotten is begun again', async (context) => {
  const { server, log } = await opened(context, { lookEvery: 50 })
  const follower = following(log, 0)
  await put(log, 'test-a', -1, [event()])
  await follower.reached(1)
  // Live events stay away; reads are answered.
  server.faults.silent = true
  server.log.append('test-b', -1, [raw()])
  server.faults.silent = false
  await follower.reached(2)
  await follower.end()
})

test('who follows goes on when another read takes its connection along', async (context) => {
  const { server, log } = await opened(context, { readWithin: 2_000, lookEvery: 600_000 })
  const follower = following(log, 0)
  await put(log, 'test-a', -1, [event()])
  await follower.reached(1)
  server.faults.onRead('silent', { stream: 'test-a' })
  await assert.rejects(gather(log.readStream('test-a')), LogUnavailable)
  await put(log, 'test-a', 0, [event()])
  await follower.reached(2)
  await follower.end()
})

const raw = () => {
  const metadata = { fsmtpAt: '1', fsmtpVersion: '1', $correlationId: 'b' }
  return {
    ...{ id: event().id, type: 'Noted', json: true },
    ...{ data: Buffer.from('{}'), metadata: Buffer.from(JSON.stringify(metadata)) },
  }
}

test('who takes slowly lets events wait at the server, not here', async (context) => {
  const { server, log } = await opened(context)
  const stop = new AbortController()
  const pages = log.subscribe(0, { signal: stop.signal })[Symbol.asyncIterator]()
  const first = event()
  await put(log, 'test-a', -1, [first])
  assert.deepEqual(ids((await pages.next()).value ?? []), [first.id])
  const waiting = pages.next()
  const text = 'x'.repeat(900)
  const written = Array.from({ length: 6_000 }, () => event({ text }))
  for (let n = 0; n < written.length; n += 500) await put(log, 'test-a', n, written.slice(n, n + 500))
  const seen = [...((await waiting).value ?? [])]
  // A page at a time; what is not asked for is not there.
  assert.ok(seen.length <= 1000, String(seen.length))
  while (seen.length < written.length) {
    const { value } = await pages.next()
    assert.ok(value!.length <= 1000)
    seen.push(...value!)
  }
  assert.deepEqual(ids(seen), ids(written))
  stop.abort()
  assert.equal((await pages.next()).done, true)
  assert.equal(server.log.lastRevision('test-a'), written.length)
})

test('what others write into the same database is not ours, and does not stop us', async (context) => {
  const { server, log } = await opened(context)
  const others = KurrentDBClient.connectionString(server.url)
  context.after(() => others.dispose())
  const strange = (data: JSONType, metadata: Record<string, string> = {}) =>
    others.appendToStream('orders-1', jsonEvent({ type: 'Ordered', data, metadata }))
  await strange({ price: 3 })
  const own = event()
  await put(log, 'test-a', -1, [own])
  for (let n = 0; n < 30; n++) await strange({ n }, { unlike: 'ours' })
  assert.equal(await log.tail(), (await gather(log.readAll(0))).at(-1)?.position)
  assert.deepEqual(ids(await gather(log.readAll(0))), [own.id])
  assert.deepEqual(await log.streams('orders-'), [])
  const follower = following(log, 0)
  await follower.reached(1)
  const next = event()
  await strange({ price: 0 })
  await put(log, 'test-a', 0, [next])
  await follower.reached(2)
  await follower.end()
  assert.deepEqual(ids(follower.seen), [own.id, next.id])
})

test('two logs share a database without seeing each other', async (context) => {
  const server = await standInWith(context)
  const [one, two] = await Promise.all(
    ['one_', 'two_'].map((name) => openOn(context, server, { url: `${server.url}&streamPrefix=${name}` })),
  )
  await put(one!, 'test-a', -1, [event()])
  assert.equal(await two!.tail(), 0)
  const own = event()
  await put(two!, 'test-a', -1, [own])
  assert.deepEqual(ids(await gather(two!.readAll(0))), [own.id])
  assert.deepEqual(await one!.streams('test-'), ['test-a'])
})

test('a log without a prefix, and one whose prefix begins like another, have their own events only', async (context) => {
  const server = await standInWith(context)
  const logs = await Promise.all(
    ['', '&streamPrefix=mail_', '&streamPrefix=mail_two_'].map((prefix) =>
      openOn(context, server, { url: `${server.url}${prefix}` }),
    ),
  )
  const followers = logs.map((log) => following(log, 0))
  const own = logs.map(() => event())
  for (const [at, log] of logs.entries()) await put(log, 'test-a', -1, [own[at]!])
  for (const [at, log] of logs.entries()) {
    const all = await gather(log.readAll(0))
    assert.deepEqual(ids(all), [own[at]!.id])
    assert.deepEqual(
      [await log.tail(), all[0]?.meta],
      [all[0]?.position, { machine: 'test', $correlationId: 'a' }],
    )
    await followers[at]!.reached(1)
    await followers[at]!.end()
    assert.deepEqual(ids(followers[at]!.seen), [own[at]!.id])
  }
  assert.deepEqual(await gather(logs[0]!.readStream('mail_test-a')), [])
  assert.deepEqual(await logs[0]!.streams(''), ['test-a'])
})

test('from a position that no event has, everything after it is found', async (context) => {
  const { log } = await opened(context)
  const written = Array.from({ length: 5 }, () => event())
  await put(log, 'test-a', -1, written)
  const [, second] = await gather(log.readAll(0))
  const within = second!.position + 1
  assert.deepEqual(ids(await gather(log.readAll(within))), ids(written.slice(2)))
  const follower = following(log, within)
  const next = event()
  await put(log, 'test-a', 4, [next])
  await follower.reached(4)
  await follower.end()
  assert.deepEqual(ids(follower.seen), ids([...written.slice(2), next]))
})

test('an event of ours that is no object is damage with its place, and what stands around it is read', async (context) => {
  const { server, log } = await opened(context)
  const before = event()
  await put(log, 'test-a', -1, [before])
  const metadata = Buffer.from(JSON.stringify({ fsmtpAt: '1', fsmtpVersion: '1' }))
  const bad = { ...raw(), data: Buffer.from('[1, '), metadata }
  server.log.append('test-b', -1, [bad])
  const after = event()
  await put(log, 'test-a', 0, [after])
  const position = server.log.records.find(({ id }) => id === bad.id)!.position
  const seen: StoredEvent[] = []
  const reading = async () => {
    for await (const page of log.readAll(0)) seen.push(...page)
  }
  await assert.rejects(reading(), { name: 'LogDamaged', position })
  assert.deepEqual(ids(seen), [before.id])
  assert.deepEqual(ids(await gather(log.readAll(position))), [after.id])
})
