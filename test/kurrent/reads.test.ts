/** What a server shows: of one stream, and of everything. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import {
  eventTypeFilter,
  type Filter,
  type KurrentDBClient,
  type Position,
  type ResolvedEvent,
  StreamDeletedError,
  StreamNotFoundError,
  streamNameFilter,
  UnknownError,
  WrongExpectedVersionError,
} from '@kurrent/kurrentdb-client'
import { append, gather, idsOf, noted, several } from './proposals.ts'
import { connect, freshCategory, freshStream, standIn, standInOnly, target } from './target.ts'

const numbers = (events: readonly ResolvedEvent[]): number[] =>
  events.map(({ event }) => Number(event?.revision))
const positionOf = (event: ResolvedEvent | undefined): Position => {
  assert.ok(event?.event?.position)
  return event.event.position
}
/** The first position of a stream of its own, so that reads of everything need not begin before it. */
const write = async (client: KurrentDBClient, stream: string, count: number): Promise<ResolvedEvent[]> => {
  await append(client, stream, -1, several(count))
  return gather(client.readStream(stream))
}

test('a stream forwards and backwards, from either end and from a revision, and so many of it', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  await append(client, stream, -1, several(70))
  const all = Array.from({ length: 70 }, (_, n) => n)
  const read = async (options: Parameters<KurrentDBClient['readStream']>[1]): Promise<number[]> =>
    numbers(await gather(client.readStream(stream, options)))
  assert.deepEqual(await read({}), all)
  assert.deepEqual(await read({ fromRevision: 66n }), [66, 67, 68, 69])
  assert.deepEqual(await read({ fromRevision: 66n, maxCount: 2 }), [66, 67])
  assert.deepEqual(await read({ fromRevision: 70n }), [])
  assert.deepEqual(await read({ direction: 'backwards', fromRevision: 'end' }), all.toReversed())
  assert.deepEqual(await read({ direction: 'backwards', fromRevision: 'end', maxCount: 1 }), [69])
  assert.deepEqual(await read({ direction: 'backwards', fromRevision: 1n }), [1, 0])
})

test('a stream that is not there is an error, not an empty answer', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  await assert.rejects(gather(client.readStream(stream)), (error: unknown) => {
    assert.ok(error instanceof StreamNotFoundError, String(error))
    assert.equal(error.streamName, stream)
    return true
  })
})

test('data and metadata come back as they went, and the time of writing in whole seconds', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  const before = Date.now()
  const event = { ...noted({ text: 'Grüße', list: [1, { deep: null }] }), metadata: { from: 'a', to: 'b' } }
  const bytes = {
    ...noted(),
    contentType: 'application/octet-stream' as const,
    data: Buffer.from([0, 255, 1]),
  }
  await client.appendToStream(stream, [event, bytes], { streamState: 'no_stream' })
  const [json, binary] = await gather(client.readStream(stream))
  assert.deepEqual(json?.event?.data, event.data)
  assert.deepEqual(json?.event?.metadata, event.metadata)
  assert.equal(json?.event?.isJson, true)
  assert.equal(binary?.event?.isJson, false)
  assert.deepEqual([...Buffer.from((binary as ResolvedEvent).event?.data as Uint8Array)], [0, 255, 1])
  const created = json?.event?.created.getTime() ?? 0
  assert.equal(created % 1000, 0)
  assert.ok(created > before - 60_000 && created < Date.now() + 60_000)
})

test('everything from a position includes what is there; backwards it does not', async (t) => {
  const { client } = await target(t)
  const written = await write(client, freshStream(), 3)
  const [first, second, third] = written.map(positionOf)
  const forwards = await gather(client.readAll({ fromPosition: second as Position, maxCount: 2 }))
  assert.deepEqual(idsOf(forwards), idsOf(written.slice(1)))
  const backwards = await gather(
    client.readAll({ direction: 'backwards', fromPosition: third as Position, maxCount: 2 }),
  )
  assert.deepEqual(idsOf(backwards), idsOf(written.slice(0, 2).toReversed()))
  assert.deepEqual(backwards.map(positionOf), [second, first])
})

test('the last of everything is one read backwards', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  const { position } = await append(client, stream, -1, several(3))
  const last = { direction: 'backwards', fromPosition: 'end', maxCount: 1 } as const
  const [ofAll] = await gather(client.readAll(last))
  assert.ok(positionOf(ofAll).commit >= (position?.commit ?? 0n), 'others may write too')
  const [ofOurs] = await gather(client.readAll({ ...last, filter: streamNameFilter({ prefixes: [stream] }) }))
  assert.deepEqual(positionOf(ofOurs), position)
})

test('from beyond the end there is nothing', async (t) => {
  const { client } = await target(t)
  const { position } = await append(client, freshStream(), -1, [noted()])
  const beyond = (position?.commit ?? 0n) + 1_000_000_000n
  const read = await gather(client.readAll({ fromPosition: { commit: beyond, prepare: beyond } }))
  assert.deepEqual(read, [])
})

test('a position within a record is no place to read from', standInOnly, async (t) => {
  const { url } = await standIn(t)
  const client = connect(t, url)
  const { position } = await append(client, freshStream(), -1, [noted()])
  await append(client, freshStream(), -1, [noted()])
  const within = (position?.commit ?? 0n) + 1n
  const fromPosition = { commit: within, prepare: within }
  await assert.rejects(gather(client.readAll({ fromPosition })), UnknownError)
  await assert.rejects(gather(client.readAll({ fromPosition, direction: 'backwards' })), UnknownError)
  const [error] = await once(client.subscribeToAll({ fromPosition }), 'error').catch((thrown) => [thrown])
  assert.ok(error instanceof UnknownError, String(error))
})

test('everything, filtered by stream or by type, by the beginning or by expression', async (t) => {
  const { client } = await target(t)
  const [mine, other] = [freshCategory(), freshCategory()]
  const start = (await append(client, `${other}-1`, -1, [noted()])).position as Position
  await append(client, `${mine}-1`, -1, [noted({}, { type: `Opened${mine}` }), ...several(40)])
  await append(client, `${other}-2`, -1, several(40))
  await append(client, `${mine}-2`, -1, [noted({}, { type: `Closed${mine}` })])
  const read = async (filter: Filter) => {
    const events = await gather(client.readAll({ fromPosition: start, filter }))
    return events.map(({ event }) => `${event?.streamId} ${event?.type}`)
  }
  const opened = `${mine}-1 Opened${mine}`
  const closed = `${mine}-2 Closed${mine}`
  const byPrefix = await read(streamNameFilter({ prefixes: [`${mine}-`] }))
  assert.equal(byPrefix.length, 42)
  assert.deepEqual([byPrefix[0], byPrefix[41]], [opened, closed])
  assert.deepEqual(await read(streamNameFilter({ regex: `^${mine}-2$` })), [closed])
  assert.deepEqual(await read(eventTypeFilter({ prefixes: [`Opened${mine}`, `Closed${mine}`] })), [
    opened,
    closed,
  ])
  assert.deepEqual(await read(eventTypeFilter({ regex: `^(Opened|Closed)${mine}$` })), [opened, closed])
})

test('of a stream with a count, an age or a truncation the rest is shown; in everything all of it still is', async (t) => {
  const { client } = await target(t)
  const category = freshCategory()
  const start = (await append(client, `${category}-counted`, -1, several(5))).position as Position
  await append(client, `${category}-cut`, -1, several(5))
  await append(client, `${category}-aged`, -1, several(5))
  await client.setStreamMetadata(`${category}-counted`, { maxCount: 2 })
  await client.setStreamMetadata(`${category}-cut`, { truncateBefore: 4 })
  await client.setStreamMetadata(`${category}-aged`, { maxAge: 3600 })
  const shown = async (name: string): Promise<number[]> =>
    numbers(await gather(client.readStream(`${category}-${name}`)))
  assert.deepEqual(await shown('counted'), [3, 4])
  assert.deepEqual(await shown('cut'), [4])
  assert.deepEqual(await shown('aged'), [0, 1, 2, 3, 4])
  const filter = streamNameFilter({ prefixes: [`${category}-`] })
  assert.equal((await gather(client.readAll({ fromPosition: start, filter }))).length, 11)
  assert.equal((await append(client, `${category}-cut`, 4, [noted()])).nextExpectedRevision, 5n)
  assert.deepEqual((await client.getStreamMetadata(`${category}-counted`)).metadata, { maxCount: 2 })
})

test('a change of metadata is an event of its own stream, in everything too', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  const start = (await append(client, stream, -1, [noted()])).position as Position
  await client.setStreamMetadata(stream, { maxCount: 7 })
  await client.setStreamMetadata(stream, { maxCount: 8 })
  const filter = streamNameFilter({ prefixes: [`$$${stream}`] })
  const changes = await gather(client.readAll({ fromPosition: start, filter }))
  assert.deepEqual(
    changes.map(({ event }) => [event?.type, event?.data]),
    [
      ['$metadata', { $maxCount: 7 }],
      ['$metadata', { $maxCount: 8 }],
    ],
  )
  const read = await gather(client.readStream(`$$${stream}`))
  assert.deepEqual(numbers(read), [1], 'only the last word is shown')
})

test('a deleted stream is not there, and goes on counting when it comes back', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  await append(client, stream, -1, several(3))
  await assert.rejects(client.deleteStream(stream, { expectedRevision: 7n }), WrongExpectedVersionError)
  await client.deleteStream(stream, { expectedRevision: 2n })
  await assert.rejects(gather(client.readStream(stream)), StreamNotFoundError)
  assert.equal((await append(client, stream, -1, [noted()])).nextExpectedRevision, 3n)
  assert.deepEqual(numbers(await gather(client.readStream(stream))), [3])
})

test('a tombstone is for ever', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  await append(client, stream, -1, several(2))
  await client.tombstoneStream(stream)
  await assert.rejects(gather(client.readStream(stream)), StreamDeletedError)
  await assert.rejects(append(client, stream, -1, [noted()]), StreamDeletedError)
  await assert.rejects(append(client, stream, 'any', [noted()]), StreamDeletedError)
})

test('scavenging removes what is hidden, but the last; positions stay', standInOnly, async (t) => {
  const server = await standIn(t)
  const client = connect(t, server.url)
  const stream = freshStream()
  const before = await write(client, stream, 5)
  await client.setStreamMetadata(stream, { maxCount: 2 })
  server.scavenge()
  const filter = streamNameFilter({ prefixes: [stream] })
  const after = await gather(client.readAll({ filter }))
  assert.deepEqual(after.map(positionOf), before.slice(3).map(positionOf))
  await client.deleteStream(stream)
  server.scavenge()
  assert.deepEqual(numbers(await gather(client.readAll({ filter }))), [4])
  assert.equal((await append(client, stream, -1, [noted()])).nextExpectedRevision, 5n)
})
