/** What a server answers to appends: by the expected revision, and to the same append again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MaxAppendSizeExceededError, WrongExpectedVersionError } from '@kurrent/kurrentdb-client'
import { append, gather, idsOf, noted, several } from './proposals.ts'
import { connect, freshStream, onceUp, standIn, standInOnly, target } from './target.ts'

const wrong = (stream: string, expected: unknown, actual: unknown) => (error: unknown) => {
  assert.ok(error instanceof WrongExpectedVersionError, String(error))
  assert.deepEqual(
    { stream: error.streamName, expected: error.expectedState, actual: error.actualState },
    { stream, expected, actual },
  )
  return true
}

test('an append to no stream, then to the revision it left, then to a wrong one', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  assert.equal((await append(client, stream, -1, several(3))).nextExpectedRevision, 2n)
  assert.equal((await append(client, stream, 2, [noted()])).nextExpectedRevision, 3n)
  await assert.rejects(append(client, stream, -1, [noted()]), wrong(stream, 'no_stream', 3n))
  await assert.rejects(append(client, stream, 2, [noted()]), wrong(stream, 2n, 3n))
  await assert.rejects(append(client, stream, 9, [noted()]), wrong(stream, 9n, 3n))
  assert.equal((await append(client, stream, 'any', [noted()])).nextExpectedRevision, 4n)
  assert.equal((await append(client, stream, 'stream_exists', [noted()])).nextExpectedRevision, 5n)
})

test('a stream that is not there is at no revision', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  await assert.rejects(append(client, stream, 0, [noted()]), wrong(stream, 0n, 'no_stream'))
  await assert.rejects(
    append(client, stream, 'stream_exists', [noted()]),
    wrong(stream, 'stream_exists', 'no_stream'),
  )
})

test('positions ascend and are not dense; the answer has the last one of the append', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  const first = await append(client, stream, -1, several(2))
  const second = await append(client, stream, 1, [noted({ text: 'x'.repeat(1000) })])
  const third = await append(client, stream, 2, [noted()])
  const read = await gather(client.readStream(stream))
  assert.deepEqual(
    [read[1], read[2], read[3]].map((found) => found?.event?.position),
    [first, second, third].map(({ position }) => position),
  )
  const at = read.map((found) => found.event?.position?.commit ?? 0n)
  assert.ok(
    at.every((position, n) => n === 0 || position > (at[n - 1] ?? 0n)),
    String(at),
  )
  assert.ok((at[3] ?? 0n) - (at[2] ?? 0n) > 1000n, 'a record takes as many places as it has bytes')
})

for (const from of ['the beginning', 'a revision'] as const) {
  test(`the same events expecting the same revision succeed again, from ${from}`, async (t) => {
    const { client } = await target(t)
    const stream = freshStream()
    const expected = from === 'the beginning' ? -1 : 1
    if (expected === 1) await append(client, stream, -1, several(2))
    const events = several(3)
    const once = await append(client, stream, expected, events)
    await append(client, stream, expected + 3, several(2))
    const again = await append(client, stream, expected, events)
    assert.equal(again.success, true)
    assert.equal(again.nextExpectedRevision, once.nextExpectedRevision)
    assert.deepEqual(again.position, once.position)
    const read = idsOf(await gather(client.readStream(stream)))
    assert.deepEqual(read.slice(expected + 1, expected + 4), idsOf(events))
    assert.equal(read.length, expected + 6)
  })
}

test('a repetition is known by its ids alone: another body under the same id is not written, and not refused', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  const event = noted({ said: 'first' })
  await append(client, stream, -1, [event])
  const again = await append(client, stream, -1, [noted({ said: 'second' }, { id: event.id })])
  assert.equal(again.nextExpectedRevision, 0n)
  const [read] = await gather(client.readStream(stream))
  assert.deepEqual(read?.event?.data, { said: 'first' })
})

test('a part of what was written is a repetition too, more than what was written is not', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  const events = several(3)
  await append(client, stream, -1, events)
  assert.equal((await append(client, stream, -1, events.slice(0, 2))).nextExpectedRevision, 1n)
  await assert.rejects(append(client, stream, -1, [...events, noted()]), wrong(stream, 'no_stream', 2n))
  const halfNew = [...events.slice(0, 2), noted()]
  await assert.rejects(append(client, stream, -1, halfNew), wrong(stream, 'no_stream', 2n))
  await assert.rejects(append(client, stream, -1, events.toReversed()), wrong(stream, 'no_stream', 2n))
  assert.equal((await gather(client.readStream(stream))).length, 3)
})

test('the same ids expecting the revision they left are written again', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  const events = several(2)
  await append(client, stream, -1, events)
  assert.equal((await append(client, stream, 1, events)).nextExpectedRevision, 3n)
  assert.deepEqual(idsOf(await gather(client.readStream(stream))), [...idsOf(events), ...idsOf(events)])
})

test('with any revision, a recent write is not repeated, and half of one is refused', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  const events = several(2)
  await append(client, stream, 'any', events)
  assert.equal((await append(client, stream, 'any', events)).nextExpectedRevision, 1n)
  await assert.rejects(append(client, stream, 'any', [...events, noted()]), wrong(stream, 'any', 1n))
  assert.equal((await gather(client.readStream(stream))).length, 2)
})

test('with any revision, what the server no longer remembers is written twice', standInOnly, async (t) => {
  const server = await standIn(t)
  const client = connect(t, server.url)
  const stream = freshStream()
  const exact = freshStream()
  const events = several(2)
  await append(client, stream, 'any', events)
  await append(client, exact, -1, events)
  await server.restart()
  assert.equal((await onceUp(() => append(client, stream, 'any', events))).nextExpectedRevision, 3n)
  assert.equal((await append(client, exact, -1, events)).nextExpectedRevision, 1n)
})

test('the same id in another stream is another event', async (t) => {
  const { client } = await target(t)
  const event = noted()
  for (const stream of [freshStream(), freshStream()]) {
    await append(client, stream, -1, [event])
    assert.equal((await gather(client.readStream(stream))).length, 1)
  }
})

test('an append without events says that it succeeded', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  const empty = await append(client, stream, -1, [])
  assert.equal(empty.success, true)
  assert.equal(empty.nextExpectedRevision, 0n, 'though there is no revision 0')
  assert.equal((await append(client, stream, -1, [noted()])).nextExpectedRevision, 0n)
})

test('an append of more than a megabyte, summed over its events, is refused, and nothing of it written', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  const large = (): ReturnType<typeof noted> => noted({ text: 'x'.repeat(600_000) })
  await append(client, stream, -1, [large()])
  await assert.rejects(append(client, stream, 0, [large(), large()]), (error: unknown) => {
    assert.ok(error instanceof MaxAppendSizeExceededError, String(error))
    assert.equal(error.maxAppendSize, 1024 * 1024)
    return true
  })
  assert.equal((await append(client, stream, 0, [noted()])).nextExpectedRevision, 1n)
})

test(
  'single appends, for servers without batches, are refused and repeated alike',
  standInOnly,
  async (t) => {
    const server = await standIn(t, { batchAppend: false, maxAppendSize: 2000 })
    const client = connect(t, server.url)
    const stream = freshStream()
    const events = several(2)
    assert.equal((await append(client, stream, -1, events)).nextExpectedRevision, 1n)
    assert.equal((await append(client, stream, -1, events)).nextExpectedRevision, 1n)
    await assert.rejects(append(client, stream, -1, [noted()]), wrong(stream, 'no_stream', 1n))
    await assert.rejects(append(client, stream, 7, [noted()]), wrong(stream, 7n, 1n))
    const tooLarge = append(client, stream, 1, [noted({ text: 'x'.repeat(2000) })])
    await assert.rejects(tooLarge, MaxAppendSizeExceededError)
  },
)
