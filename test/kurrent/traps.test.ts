/**
 * What the client does that its signature does not say: each of these is something an engine on it has to guard against. When
 * one of them fails with a newer client, a guard may go.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  AccessDeniedError,
  MaxAppendSizeExceededError,
  UnavailableError,
  UnsupportedError,
  WrongExpectedVersionError,
} from '@kurrent/kurrentdb-client'
import { append, gather, noted, several } from './proposals.ts'
import { connect, freshStream, isUnavailable, onceUp, standIn, standInOnly, target } from './target.ts'

const never = (act: Promise<unknown>, ms: number): Promise<unknown> =>
  Promise.race([act.catch((error: unknown) => error), pause(ms, 'never')])

test('a BigInt in the data: an unhandled rejection, and the append never settles', async (t) => {
  const { url, client } = await target(t)
  const stream = freshStream()
  await append(client, freshStream(), -1, [noted()])
  const program = fileURLToPath(new URL('bigint-append.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [program, url, stream])
  const { unhandled, append: outcome } = JSON.parse(stdout)
  assert.match(unhandled, /BigInt/)
  assert.equal(outcome, 'still pending')
})

test('undefined where JSON has no place for it: nothing is said, it is gone', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  await append(client, stream, -1, [noted({ kept: 1, lost: undefined, list: [undefined] })])
  const [read] = await gather(client.readStream(stream))
  assert.deepEqual(read?.event?.data, { kept: 1, list: [null] })
})

test('a deadline ends no append: a server that does not answer is waited for', standInOnly, async (t) => {
  const { url, faults } = await standIn(t)
  const client = connect(t, url)
  const stream = freshStream()
  await append(client, stream, -1, [noted()])
  const fault = faults.onAppend('silent after commit')
  const waiting = client.appendToStream(stream, noted(), { streamState: 0n, deadline: 20 })
  await fault.happened
  assert.equal(await never(waiting, 100), 'never')
})

test('a deadline ends no read either', standInOnly, async (t) => {
  const { url, faults } = await standIn(t)
  const client = connect(t, url)
  const fault = faults.onRead('silent')
  const reading = gather(client.readStream(freshStream(), { deadline: 20 }))
  reading.catch(() => undefined)
  await fault.happened
  assert.equal(await never(reading, 100), 'never')
})

test(
  'an append that failed may have been written: the tail tells, and the same append again is answered as the first',
  standInOnly,
  async (t) => {
    const { url, faults } = await standIn(t)
    const client = connect(t, url)
    const stream = freshStream()
    const events = several(2)
    faults.onAppend('drop after commit')
    await assert.rejects(append(client, stream, -1, events), isUnavailable)
    const [tail] = await onceUp(() =>
      gather(client.readStream(stream, { direction: 'backwards', fromRevision: 'end', maxCount: 1 })),
    )
    assert.equal(tail?.event?.id, events[1]?.id)
    assert.equal((await onceUp(() => append(client, stream, -1, events))).nextExpectedRevision, 1n)
  },
)

test(
  'one message too large breaks the stream that all appends share: what was written beside it is reported as failed',
  standInOnly,
  async (t) => {
    const { url, faults, log } = await standIn(t)
    const client = connect(t, url)
    const stream = freshStream()
    await append(client, freshStream(), -1, [noted()])
    const fault = faults.onAppend('silent after commit', { stream })
    const small = append(client, stream, -1, [noted()])
    const refused = assert.rejects(small)
    await fault.happened
    const text = 'x'.repeat(17 * 1024 * 1024)
    await assert.rejects(append(client, freshStream(), -1, [noted({ text })]), (error: unknown) => {
      assert.ok(!(error instanceof MaxAppendSizeExceededError), 'this would have been the word for it')
      return true
    })
    await refused
    assert.equal(log.lastRevision(stream), 0, 'the small one is there')
  },
)

test(
  'if the first read of a client meets a server that is down, its reads are lost for good; its appends are not',
  standInOnly,
  async (t) => {
    const server = await standIn(t)
    const stream = freshStream()
    await server.stop()
    const client = connect(t, server.url)
    await assert.rejects(gather(client.readStream(stream)))
    await server.start()
    await onceUp(() => append(client, stream, -1, [noted()]))
    for (const attempt of [1, 2, 3]) {
      await assert.rejects(gather(client.readStream(stream)), Error, `attempt ${attempt}`)
    }
    const another = connect(t, server.url)
    assert.equal((await gather(another.readStream(stream))).length, 1)
  },
)

test('a client that has read before finds its server again', standInOnly, async (t) => {
  const server = await standIn(t)
  const stream = freshStream()
  const client = connect(t, server.url)
  await append(client, stream, -1, [noted()])
  await gather(client.readStream(stream))
  await server.stop()
  await assert.rejects(gather(client.readStream(stream)), UnavailableError)
  await server.start()
  assert.equal((await onceUp(() => gather(client.readStream(stream)))).length, 1)
})

test(
  'the first append to a server that is down fails with an error of gRPC, none of the client',
  standInOnly,
  async (t) => {
    const server = await standIn(t)
    await server.stop()
    const client = connect(t, server.url)
    await assert.rejects(append(client, freshStream(), -1, [noted()]), (error: unknown) => {
      assert.ok(error instanceof Error && !(error instanceof UnavailableError))
      assert.ok('code' in error && error.code === 14)
      assert.ok(!('type' in error))
      return true
    })
  },
)

test('a subscription does not subscribe again', standInOnly, async (t) => {
  const server = await standIn(t)
  const client = connect(t, server.url)
  const stream = freshStream()
  await append(client, stream, -1, [noted()])
  const subscription = client.subscribeToAll({ fromPosition: 'end' })
  await once(subscription, 'caughtUp')
  const failed = once(subscription, 'error').catch((error: unknown) => [error])
  let seen = 0
  subscription.on('data', () => {
    seen += 1
  })
  await server.restart()
  await failed
  await onceUp(() => append(client, stream, 0, [noted()]))
  assert.equal((await gather(client.readStream(stream))).length, 2)
  assert.equal(seen, 0)
})

test('many errors have nothing to say: what they are is in their type', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  await append(client, stream, -1, [noted()])
  await assert.rejects(append(client, stream, -1, [noted()]), (error: unknown) => {
    assert.ok(error instanceof WrongExpectedVersionError)
    assert.equal(error.message, '')
    assert.equal(error.type, 'wrong-expected-version')
    return true
  })
})

test('throwOnAppendFailure=false: the revision it reports is 1, whatever it is', async (t) => {
  const { url, client } = await target(t)
  const stream = freshStream()
  await append(client, stream, -1, several(5))
  const lenient = connect(t, `${url}${url.includes('?') ? '&' : '?'}throwOnAppendFailure=false`)
  const { success, nextExpectedRevision } = await append(lenient, stream, -1, [noted()])
  assert.deepEqual({ success, nextExpectedRevision }, { success: false, nextExpectedRevision: 1n })
})

test('the time of writing: whole seconds in reads, finer in subscriptions', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  await append(client, stream, -1, several(3))
  const [read] = await gather(client.readStream(stream))
  for await (const { event } of client.subscribeToStream(stream)) {
    const [coarse, fine] = [read?.event?.created.getTime() ?? 0, event?.created.getTime() ?? 0]
    assert.equal(coarse, Math.floor(fine / 1000) * 1000)
    break
  }
})

test('an append to several streams needs a server from 25.1 on', standInOnly, async (t) => {
  const { url } = await standIn(t)
  const client = connect(t, url)
  const request = { streamName: freshStream(), expectedState: 'no_stream' as const, events: [noted()] }
  await assert.rejects(client.multiStreamAppend([request]), UnsupportedError)
})

test('TLS to an address instead of a name: no connection', standInOnly, async (t) => {
  const { url } = await standIn(t, { tls: true })
  const byName = connect(t, url)
  const stream = freshStream()
  await append(byName, stream, -1, [noted()])
  const byAddress = connect(t, url.replace('localhost', '127.0.0.1'))
  await assert.rejects(append(byAddress, stream, 0, [noted()]), /ServerName to an IP address/)
})

test('without TLS a name and a password are left out, and nobody is told', standInOnly, async (t) => {
  const { url } = await standIn(t)
  const client = connect(t, url.replace('//', '//admin:changeit@'))
  await append(client, freshStream(), -1, [noted()])
})

test(
  'a password that is escaped in the URL: right for appends, wrong for reads, unless it is given with each read',
  standInOnly,
  async (t) => {
    const password = 'change&it'
    const { url } = await standIn(t, { users: { admin: password } })
    const client = connect(t, url)
    const stream = freshStream()
    await append(client, stream, -1, [noted()])
    await assert.rejects(gather(client.readStream(stream)), AccessDeniedError)
    const credentials = { username: 'admin', password }
    assert.equal((await gather(client.readStream(stream, { credentials }))).length, 1)
  },
)
