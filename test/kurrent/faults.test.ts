/** The faults a test may ask for do what they say. All of it needs the stand-in. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import {
  AccessDeniedError,
  CancelledError,
  DeadlineExceededError,
  UnavailableError,
  UnknownError,
} from '@kurrent/kurrentdb-client'
import { append, gather, noted, several } from './proposals.ts'
import { connect, freshStream, isUnavailable, onceUp, standIn, standInOnly } from './target.ts'

/** As the log itself takes it, past the client. */
const bare = { type: 'Noted', json: true, data: Buffer.from('{}'), metadata: new Uint8Array(0) }

const nothingYet = (act: Promise<unknown>, ms = 60): Promise<unknown> =>
  Promise.race([act, pause(ms, 'nothing yet')])

describe('faults of appends', () => {
  test('latency: each append that much later', standInOnly, async (t) => {
    const { url, faults } = await standIn(t)
    const client = connect(t, url)
    await append(client, freshStream(), -1, [noted()])
    faults.appendLatency = 50
    const started = performance.now()
    await Promise.all(Array.from({ length: 100 }, () => append(client, freshStream(), -1, [noted()])))
    const took = performance.now() - started
    assert.ok(took >= 49, `${took} ms`)
  })

  test(
    'latency keeps the order: appends that build on each other need not wait for the answers',
    standInOnly,
    async (t) => {
      const { url, faults, log } = await standIn(t)
      const client = connect(t, url)
      const stream = freshStream()
      await append(client, stream, -1, [noted()])
      faults.appendLatency = 5
      await Promise.all([0, 1, 2, 3, 4].map((expected) => append(client, stream, expected, [noted()])))
      assert.equal(log.lastRevision(stream), 5)
    },
  )

  for (const [act, written] of [
    ['silent before commit', false],
    ['silent after commit', true],
  ] as const) {
    test(`${act}: no answer comes, others beside it go on`, standInOnly, async (t) => {
      const { url, faults, log } = await standIn(t)
      const client = connect(t, url)
      const stream = freshStream()
      const fault = faults.onAppend(act, { stream })
      const unanswered = append(client, stream, -1, [noted()]).catch((error: unknown) => error)
      await fault.happened
      await append(client, freshStream(), -1, [noted()])
      assert.equal(log.lastRevision(stream), written ? 0 : -1)
      await client.dispose()
      assert.ok((await unanswered) instanceof Error, 'when the client is disposed of, the append fails')
    })
  }

  for (const [act, written] of [
    ['drop before commit', false],
    ['drop after commit', true],
  ] as const) {
    test(`${act}: the append fails, and is done by the same append again`, standInOnly, async (t) => {
      const { url, faults, log } = await standIn(t)
      const client = connect(t, url)
      const stream = freshStream()
      const event = noted()
      await append(client, freshStream(), -1, [noted()])
      faults.onAppend(act)
      await assert.rejects(append(client, stream, -1, [event]), isUnavailable)
      assert.equal(log.lastRevision(stream), written ? 0 : -1)
      const again = await onceUp(() => append(client, stream, -1, [event]))
      assert.equal(again.nextExpectedRevision, 0n)
      assert.equal(log.lastRevision(stream), 0)
    })
  }

  for (const [act, written] of [
    ['time out before commit', false],
    ['time out after commit', true],
  ] as const) {
    test(`${act}: the server says so`, standInOnly, async (t) => {
      const { url, faults, log } = await standIn(t)
      const client = connect(t, url)
      const stream = freshStream()
      faults.onAppend(act)
      await assert.rejects(append(client, stream, -1, [noted()]), DeadlineExceededError)
      assert.equal(log.lastRevision(stream), written ? 0 : -1)
    })
  }

  test('busy: refused, in words the client has no error for', standInOnly, async (t) => {
    const { url, faults } = await standIn(t)
    const client = connect(t, url)
    faults.onAppend('busy')
    await assert.rejects(append(client, freshStream(), -1, [noted()]), UnknownError)
  })

  test('answer twice: the second answer does no harm', standInOnly, async (t) => {
    const { url, faults } = await standIn(t)
    const client = connect(t, url)
    const stream = freshStream()
    faults.onAppend('answer twice', { times: 3 })
    for (const expected of [-1, 0, 1, 2]) await append(client, stream, expected, [noted()])
    assert.equal((await gather(client.readStream(stream))).length, 4)
  })

  test(
    'a writer that is held writes in order when it is let go, also what nobody waits for any more',
    standInOnly,
    async (t) => {
      const { url, faults, log } = await standIn(t)
      const client = connect(t, url)
      const stream = freshStream()
      const events = several(2)
      faults.holdWriting()
      const late = append(client, stream, -1, events)
      assert.equal(await nothingYet(late), 'nothing yet')
      const again = append(client, stream, -1, events)
      faults.resumeWriting()
      assert.deepEqual(await late, await again)
      assert.equal(log.lastRevision(stream), 1)
    },
  )
})

describe('faults of reads', () => {
  test('silent: the first event never comes', standInOnly, async (t) => {
    const { url, faults } = await standIn(t)
    const client = connect(t, url)
    const fault = faults.onRead('silent')
    const read = gather(client.readAll())
    read.catch(() => undefined)
    await fault.happened
    assert.equal(await nothingYet(read), 'nothing yet')
    assert.equal((await gather(client.readAll())).length, 4)
  })

  for (const act of ['drop', 'drop halfway', 'busy', 'not ready'] as const) {
    test(`${act}: the read fails, a later one does not`, standInOnly, async (t) => {
      const { url, faults } = await standIn(t)
      const client = connect(t, url)
      const stream = freshStream()
      await append(client, stream, -1, several(10))
      await gather(client.readStream(stream))
      faults.onRead(act)
      await assert.rejects(gather(client.readStream(stream)), UnavailableError)
      assert.equal((await onceUp(() => gather(client.readStream(stream)))).length, 10)
    })
  }

  test('denied', standInOnly, async (t) => {
    const { url, faults } = await standIn(t)
    const client = connect(t, url)
    faults.onRead('denied', { stream: '$all' })
    await assert.rejects(gather(client.readAll()), AccessDeniedError)
  })

  test('slow: page by page', standInOnly, async (t) => {
    const { url, faults } = await standIn(t)
    const client = connect(t, url)
    const stream = freshStream()
    await append(client, stream, -1, several(65))
    faults.readLatency = 10
    const started = performance.now()
    assert.equal((await gather(client.readStream(stream))).length, 65)
    assert.ok(performance.now() - started >= 29)
  })
})

describe('faults of everything', () => {
  test('a subscription is dropped, and stays so', standInOnly, async (t) => {
    const { url, faults } = await standIn(t)
    const client = connect(t, url)
    const subscription = client.subscribeToAll({ fromPosition: 'end' })
    await once(subscription, 'caughtUp')
    const failed = once(subscription, 'error').catch((error: unknown) => [error])
    assert.equal(faults.dropSubscriptions(), 1)
    const [error] = await failed
    assert.ok(error instanceof CancelledError, String(error))
    assert.equal(faults.dropSubscriptions(), 0)
  })

  test('connections are dropped: a subscription over one of them fails', standInOnly, async (t) => {
    const { url, faults } = await standIn(t)
    const client = connect(t, url)
    const subscription = client.subscribeToAll({ fromPosition: 'end' })
    await once(subscription, 'caughtUp')
    const failed = once(subscription, 'error').catch((error: unknown) => [error])
    assert.ok(faults.dropConnections() >= 1)
    const [error] = await failed
    assert.ok(isUnavailable(error), String(error))
  })

  test('a silent server takes everything and answers nothing', standInOnly, async (t) => {
    const { url, faults, log } = await standIn(t)
    const client = connect(t, url)
    const stream = freshStream()
    await append(client, stream, -1, [noted()])
    await gather(client.readStream(stream))
    const subscription = client.subscribeToStream(stream, { fromRevision: 'end' })
    await once(subscription, 'caughtUp')
    const arrived = once(subscription, 'data')
    arrived.catch(() => undefined)
    faults.silent = true
    log.append(stream, 0, [{ ...bare, id: randomUUID() }])
    const unanswered = [append(client, stream, 1, [noted()]), gather(client.readStream(stream)), arrived]
    for (const one of unanswered) one.catch(() => undefined)
    assert.equal(await nothingYet(Promise.race(unanswered)), 'nothing yet')
    assert.equal(log.lastRevision(stream), 1)
    faults.clear()
    await arrived
    assert.equal((await append(client, stream, 1, [noted()])).nextExpectedRevision, 2n)
  })

  test('down, and up again on the same port with the same data', standInOnly, async (t) => {
    const server = await standIn(t)
    const client = connect(t, server.url)
    const stream = freshStream()
    const events = several(3)
    await append(client, stream, -1, events)
    await gather(client.readStream(stream))
    await server.stop()
    assert.equal(server.isUp, false)
    await assert.rejects(append(client, stream, 2, [noted()]), isUnavailable)
    await assert.rejects(gather(client.readStream(stream)), UnavailableError)
    await server.start()
    assert.equal((await onceUp(() => append(client, stream, -1, events))).nextExpectedRevision, 2n)
    assert.equal((await onceUp(() => gather(client.readStream(stream)))).length, 3)
  })
})
