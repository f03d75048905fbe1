/** Several nodes, who leads, and who may do what. All of it needs the stand-in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AccessDeniedError, NotLeaderError } from '@kurrent/kurrentdb-client'
import { type KurrentCluster, startKurrentCluster } from './cluster.ts'
import { append, gather, noted, several } from './proposals.ts'
import { connect, freshStream, isUnavailable, onceUp, standIn, standInOnly } from './target.ts'

const cluster = async (t: Parameters<typeof connect>[0], size: number): Promise<KurrentCluster> => {
  const started = await startKurrentCluster({ size })
  t.after(() => started.close())
  return started
}

for (const size of [2, 3]) {
  test(`${size} addresses: the client asks around and finds the leader`, standInOnly, async (t) => {
    const { url, nodes, elect } = await cluster(t, size)
    elect(nodes.at(-1) as (typeof nodes)[number])
    const client = connect(t, url)
    const stream = freshStream()
    await append(client, stream, -1, several(2))
    assert.equal((await gather(client.readStream(stream, { requiresLeader: true }))).length, 2)
  })
}

test('one name: the client asks who else is there', standInOnly, async (t) => {
  const { discoverUrl, nodes, elect } = await cluster(t, 3)
  elect(nodes[2] as (typeof nodes)[number])
  const client = connect(t, discoverUrl)
  const stream = freshStream()
  await append(client, stream, -1, several(2))
  assert.equal((await gather(client.readStream(stream))).length, 2)
})

test(
  'another leads: the append is refused with its address, and the next goes there',
  standInOnly,
  async (t) => {
    const { nodes, elect, url } = await cluster(t, 3)
    const client = connect(t, url)
    const stream = freshStream()
    await append(client, stream, -1, [noted()])
    const next = nodes[1] as (typeof nodes)[number]
    elect(next)
    await assert.rejects(append(client, stream, 0, [noted()]), (error: unknown) => {
      assert.ok(error instanceof NotLeaderError, String(error))
      assert.deepEqual(error.leader, { address: next.host, port: next.port })
      return true
    })
    assert.equal((await append(client, stream, 0, [noted()])).nextExpectedRevision, 1n)
  },
)

test('another leads: a read is refused, and the next goes there', standInOnly, async (t) => {
  const { nodes, elect, url } = await cluster(t, 3)
  const client = connect(t, url)
  const stream = freshStream()
  await append(client, stream, -1, [noted()])
  await gather(client.readStream(stream))
  elect(nodes[1] as (typeof nodes)[number])
  await assert.rejects(gather(client.readStream(stream)), NotLeaderError)
  assert.equal((await gather(client.readStream(stream))).length, 1)
})

test('the leader dies and another is chosen: the client finds it', standInOnly, async (t) => {
  const { nodes, elect, url, leader } = await cluster(t, 3)
  const client = connect(t, url)
  const stream = freshStream()
  const events = several(2)
  await append(client, stream, -1, events)
  await leader().stop()
  elect(nodes[2] as (typeof nodes)[number])
  await assert.rejects(append(client, stream, 1, [noted()]), isUnavailable)
  assert.equal((await onceUp(() => append(client, stream, -1, events))).nextExpectedRevision, 1n)
})

const users = { admin: 'changeit', ops: 'other' }

test('with a name and a password, over TLS', standInOnly, async (t) => {
  const { url } = await standIn(t, { users })
  const client = connect(t, url)
  const stream = freshStream()
  await append(client, stream, -1, several(2))
  assert.equal((await gather(client.readStream(stream))).length, 2)
  const subscription = client.subscribeToStream(stream)
  for await (const { event } of subscription) if (event?.revision === 1n) break
})

for (const [who, credentials] of [
  ['nobody', ''],
  ['a wrong password', 'admin:wrong@'],
  ['nobody we know', 'eve:other@'],
] as const) {
  test(`${who} may neither write nor read`, standInOnly, async (t) => {
    const { url } = await standIn(t, { users })
    const client = connect(t, url.replace(/\/\/.*@/, `//${credentials}`))
    const stream = freshStream()
    await assert.rejects(append(client, stream, -1, [noted()]), AccessDeniedError)
    await assert.rejects(gather(client.readStream(stream)), AccessDeniedError)
    await assert.rejects(client.deleteStream(stream), AccessDeniedError)
  })
}

test('a name and a password for one call: it goes alone, past the batches', standInOnly, async (t) => {
  const { url, faults } = await standIn(t, { users })
  const client = connect(t, url)
  const stream = freshStream()
  const options = { streamState: 'no_stream', credentials: { username: 'ops', password: 'other' } } as const
  faults.onAppend('answer twice')
  await client.appendToStream(stream, noted(), options)
  const wrong = { ...options, credentials: { username: 'ops', password: 'wrong' } }
  await assert.rejects(client.appendToStream(stream, noted(), wrong), AccessDeniedError)
})
