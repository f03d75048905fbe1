/** What may happen to an append on its way to EventStoreDB / KurrentDB: it is written once, or not, and we say which. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AppendTooLarge,
  LogOverloaded,
  LogUnavailable,
  NotSerialisable,
  WrongRevision,
} from '../../src/log/port.ts'
import { eventually } from '../eventually.ts'
import type { AppendAct } from '../kurrent/faults.ts'
import { allStored, event, gather, ids, opened, openOn, put, standInWith, storedIds } from './kurrent-log.ts'

const acts: readonly AppendAct[] = [
  'silent before commit',
  'silent after commit',
  'drop before commit',
  'drop after commit',
  'time out before commit',
  'time out after commit',
  'busy',
]

for (const act of acts)
  test(`an append is written once: ${act}`, async (context) => {
    const { server, log } = await opened(context)
    const before = event()
    await put(log, 'test-a', -1, [before])
    const { happened } = server.faults.onAppend(act, { stream: 'test-a' })
    const written = [event({ n: 1 }), event({ n: 2 })]
    const { position } = await put(log, 'test-a', 0, written)
    await happened
    allStored(server, 'test-a', [before, ...written])
    assert.equal(position, (await gather(log.readStream('test-a'))).at(-1)?.position)
    assert.equal(log.waiting, 0)
  })

for (const act of acts)
  test(`appends behind one another keep their order: ${act}`, async (context) => {
    const { server, log } = await opened(context)
    const written = Array.from({ length: 30 }, (_, n) => event({ n }))
    server.faults.onAppend(act, { stream: 'test-a' })
    const others = Array.from({ length: 30 }, () => event())
    await Promise.all([
      ...written.map((one, n) => put(log, 'test-a', n - 1, [one])),
      ...others.map((one, n) => put(log, `other-${n}`, -1, [one])),
    ])
    allStored(server, 'test-a', written)
    for (const [n, one] of others.entries()) allStored(server, `other-${n}`, [one])
  })

test('connections break again and again, and still each event is there once', async (context) => {
  const { server, log } = await opened(context)
  server.faults.appendLatency = 2
  let dropped = 0
  const breaking = setInterval(() => {
    dropped += server.faults.dropConnections()
  }, 150)
  context.after(() => clearInterval(breaking))
  const streams = Array.from({ length: 20 }, (_, n) => `test-${n}`)
  const written = await Promise.all(
    streams.map(async (stream) => {
      const own = Array.from({ length: 15 }, () => event())
      for (const [n, one] of own.entries()) {
        await put(log, stream, n - 1, [one])
        // Once at least, however fast this goes.
        if (dropped === 0) dropped += server.faults.dropConnections()
      }
      return own
    }),
  )
  clearInterval(breaking)
  for (const [n, stream] of streams.entries()) allStored(server, stream, written[n]!)
  assert.ok(dropped > 0)
})

test('an answer that comes twice is heard once', async (context) => {
  const { server, log } = await opened(context)
  server.faults.onAppend('answer twice')
  const first = event()
  await put(log, 'test-a', -1, [first])
  const second = event()
  await put(log, 'test-a', 0, [second])
  allStored(server, 'test-a', [first, second])
})

test('a server that was restarted while nothing happened is found again', async (context) => {
  const { server, log } = await opened(context)
  const first = event()
  await put(log, 'test-a', -1, [first])
  await server.restart()
  const second = event()
  await put(log, 'test-a', 0, [second])
  assert.deepEqual(ids(await gather(log.readStream('test-a'))), ids([first, second]))
})

test('a server that goes down while appends are under way writes each once', async (context) => {
  const { server, log } = await opened(context)
  server.faults.appendLatency = 3
  const written = Array.from({ length: 60 }, () => event())
  const all = Promise.all(written.map((one, n) => put(log, 'test-a', n - 1, [one])))
  await put(log, 'other-a', -1, [event()])
  await server.restart()
  await all
  allStored(server, 'test-a', written)
})

test('what was appended before a restart is still known as the same after it, by its revision', async (context) => {
  const { server, log } = await opened(context)
  const written = [event(), event()]
  const first = await put(log, 'test-a', -1, written)
  await put(log, 'test-a', 1, [event()])
  await server.restart()
  assert.deepEqual(await put(log, 'test-a', -1, written), first)
  assert.equal(storedIds(server, 'test-a').length, 3)
})

test('a server that stays away: nothing is known of what was under way, nothing is taken, and then all is well again', async (context) => {
  const { server, log } = await opened(context, { answerWithin: 600, silentAfter: 100 })
  server.faults.silent = true
  const lost = event()
  await assert.rejects(put(log, 'test-a', -1, [lost]), LogUnavailable)
  await assert.rejects(put(log, 'test-b', -1, [event()]), LogUnavailable)
  assert.equal(log.waiting, 0)
  server.faults.clear()
  const done = () =>
    put(log, 'test-c', -1, [event()]).catch((error: unknown) => {
      assert.ok(error instanceof LogUnavailable, String(error))
      return undefined
    })
  await eventually(done, { what: 'an append to be taken again' })
})

test('an append that was given up and written all the same is seen by the next who reads', async (context) => {
  const { server, log } = await opened(context, { answerWithin: 400, silentAfter: 100 })
  server.faults.holdWriting()
  const late = event()
  await assert.rejects(put(log, 'test-a', -1, [late]), LogUnavailable)
  server.faults.resumeWriting()
  const again = openOn(context, server)
  assert.deepEqual(await put(await again, 'test-a', -1, [late]), {
    position: (await gather((await again).readStream('test-a')))[0]?.position,
  })
  allStored(server, 'test-a', [late])
})

test('a leader that is another node is found', async (context) => {
  const leader = await standInWith(context)
  const { server, log } = await opened(context, { server: { log: leader.log } })
  await put(log, 'test-a', -1, [event()])
  server.faults.notLeader = { host: leader.host, port: leader.port }
  await put(log, 'test-a', 0, [event()])
  server.faults.notLeader = undefined
  leader.faults.notLeader = { host: server.host, port: server.port }
  await put(log, 'test-a', 1, [event()])
  assert.equal((await gather(log.readStream('test-a'))).length, 3)
})

test('what is no JSON is refused by us, and nothing else suffers', async (context) => {
  const { log } = await opened(context)
  const beside = put(log, 'test-b', -1, [event()])
  await assert.rejects(put(log, 'test-a', -1, [event({ big: 1n })]), NotSerialisable)
  await beside
  await put(log, 'test-a', -1, [event({ left: undefined })])
})

test('more than the database takes at once is refused by us, and nothing beside it suffers', async (context) => {
  const { server, log } = await opened(context)
  const large = event({ text: 'x'.repeat(1024 * 1024) })
  const small = Array.from({ length: 5 }, () => event())
  const beside = small.map((one, n) => put(log, `other-${n}`, -1, [one]))
  await assert.rejects(put(log, 'test-a', -1, [large]), AppendTooLarge)
  await Promise.all(beside)
  assert.deepEqual(storedIds(server, 'test-a'), [])
})

test('a database that takes less at once says so, and nothing beside it suffers', async (context) => {
  const { log } = await opened(context, { server: { maxAppendSize: 2_000 } })
  const beside = put(log, 'test-b', -1, [event()])
  await assert.rejects(put(log, 'test-a', -1, [event({ text: 'x'.repeat(3_000) })]), AppendTooLarge)
  await beside
})

test('more than may wait is refused at once, and counted until it is written', async (context) => {
  const { server, log } = await opened(context, { waitingLimit: 50_000 })
  server.faults.holdWriting()
  const taken: Promise<unknown>[] = []
  const text = 'x'.repeat(10_000)
  for (let n = 0; n < 5; n++) taken.push(put(log, `test-${n}`, -1, [event({ text })]))
  assert.ok(log.waiting > 50_000)
  await assert.rejects(put(log, 'test-z', -1, [event()]), LogOverloaded)
  server.faults.resumeWriting()
  await Promise.all(taken)
  assert.equal(log.waiting, 0)
})

test('closing waits for what is under way, through a broken connection', async (context) => {
  const { server, log } = await opened(context)
  server.faults.onAppend('drop before commit')
  const written = event()
  const stored = put(log, 'test-a', -1, [written])
  await log.close()
  await stored
  allStored(server, 'test-a', [written])
})

test('a part of several streams that was left behind is completed by the same again', async (context) => {
  const { server, log } = await opened(context, { answerWithin: 3_000, silentAfter: 100 })
  const [one, two] = [event(), event()]
  const appends = [
    { stream: 'test-a', expected: -1, events: [one] },
    { stream: 'test-b', expected: -1, events: [two] },
  ]
  const { undo } = server.faults.onAppend('silent before commit', { stream: 'test-b', times: Infinity })
  await assert.rejects(log.append(appends), LogUnavailable)
  allStored(server, 'test-a', [one])
  undo()
  const next = await openOn(context, server)
  await next.append(appends)
  allStored(server, 'test-a', [one])
  allStored(server, 'test-b', [two])
  await assert.rejects(put(next, 'test-b', -1, [event()]), WrongRevision)
})
