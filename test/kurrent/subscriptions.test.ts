/** What a subscription is sent: what was there, that this is all, and what comes after. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import {
  type AllStreamSubscription,
  eventTypeFilter,
  type Position,
  type ResolvedEvent,
  StreamDeletedError,
  streamNameFilter,
} from '@kurrent/kurrentdb-client'
import { append, idsOf, noted, several } from './proposals.ts'
import { connect, freshCategory, freshStream, standIn, standInOnly, target } from './target.ts'

/** The next so many events. Leaves the subscription open. */
const take = async (subscription: AllStreamSubscription, count: number): Promise<ResolvedEvent[]> => {
  const taken: ResolvedEvent[] = []
  for await (const event of subscription.iterator({ destroyOnReturn: false })) {
    if (taken.push(event) === count) break
  }
  return taken
}

test('to everything of some streams: what was there, then what comes, each once and in order', async (t) => {
  const { client } = await target(t)
  const category = freshCategory()
  const old = several(50)
  await append(client, `${category}-1`, -1, old.slice(0, 40))
  await append(client, freshStream(), -1, several(5))
  await append(client, `${category}-2`, -1, old.slice(40))
  const filter = streamNameFilter({ prefixes: [`${category}-`] })
  const subscription = client.subscribeToAll({ filter })
  const caughtUp = once(subscription, 'caughtUp')
  assert.deepEqual(idsOf(await take(subscription, 50)), idsOf(old))
  await caughtUp
  const fresh = several(3)
  await append(client, freshStream(), -1, several(1))
  await append(client, `${category}-1`, 39, fresh)
  assert.deepEqual(idsOf(await take(subscription, 3)), idsOf(fresh))
  await subscription.unsubscribe()
})

test('to everything after a position: what is there itself is not sent', async (t) => {
  const { client } = await target(t)
  const category = freshCategory()
  const { position } = await append(client, `${category}-1`, -1, [noted()])
  const next = several(2, `Noted${category}`)
  await append(client, `${category}-2`, -1, next)
  const subscription = client.subscribeToAll({
    fromPosition: position as Position,
    filter: streamNameFilter({ prefixes: [`${category}-`] }),
  })
  assert.deepEqual(idsOf(await take(subscription, 2)), idsOf(next))
  await subscription.unsubscribe()
})

test('without a filter there are the changes of metadata too', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  const { position } = await append(client, stream, -1, [noted()])
  const subscription = client.subscribeToAll({ fromPosition: position as Position })
  await client.setStreamMetadata(stream, { maxCount: 3 })
  for await (const { event } of subscription) {
    if (event?.streamId === `$$${stream}`) break
  }
})

test('from the end: only what comes', async (t) => {
  const { client } = await target(t)
  const category = freshCategory()
  await append(client, `${category}-1`, -1, several(3, `Noted${category}`))
  const subscription = client.subscribeToAll({
    fromPosition: 'end',
    filter: eventTypeFilter({ prefixes: [`Noted${category}`] }),
  })
  await once(subscription, 'confirmation')
  const fresh = several(2, `Noted${category}`)
  await append(client, `${category}-2`, -1, fresh)
  const seen = idsOf(await take(subscription, 2))
  assert.deepEqual(seen, idsOf(fresh))
  await subscription.unsubscribe()
})

test('from beyond the end: silence, whatever is written', standInOnly, async (t) => {
  const { url, log } = await standIn(t)
  const client = connect(t, url)
  const beyond = BigInt(log.end + 1_000_000)
  const stream = freshStream()
  const lost = client.subscribeToAll({ fromPosition: { commit: beyond, prepare: beyond } })
  const seen: ResolvedEvent[] = []
  lost.on('data', (event: ResolvedEvent) => seen.push(event))
  await once(lost, 'caughtUp')
  const sound = client.subscribeToAll({ fromPosition: 'end' })
  await once(sound, 'caughtUp')
  await append(client, stream, -1, several(2))
  await take(sound, 2)
  assert.deepEqual(seen, [])
  await Promise.all([lost.unsubscribe(), sound.unsubscribe()])
})

test('checkpoints tell of what was passed over, and are ahead of what has been worked on', async (t) => {
  const { client } = await target(t)
  const category = freshCategory()
  const { position } = await append(client, `${category}-1`, -1, [noted()])
  const waiting = several(3)
  await append(client, `${category}-1`, 0, waiting)
  const last = await append(client, freshStream(), -1, several(100))
  const reached: Position[] = []
  const passed = Promise.withResolvers<void>()
  const subscription = client.subscribeToAll({
    fromPosition: position as Position,
    filter: streamNameFilter({
      prefixes: [`${category}-`],
      checkpointReached: async (_subscription, at) => {
        reached.push(at)
        if (at.commit >= (last.position?.commit ?? 0n)) passed.resolve()
      },
    }),
  })
  // Nobody takes the waiting events out of it: the checkpoints beyond them come all the same.
  await passed.promise
  const ascending = reached.every((at, n) => n === 0 || at.commit > (reached[n - 1]?.commit ?? 0n))
  assert.ok(ascending && reached.length > 1, 'one for each 32 events that were looked at, and one at the end')
  assert.deepEqual(idsOf(await take(subscription, 3)), idsOf(waiting))
  await subscription.unsubscribe()
})

test('to one stream, also before there is one, from a revision on', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  const early = client.subscribeToStream(stream)
  await once(early, 'confirmation')
  await append(client, stream, -1, several(3))
  const seen: bigint[] = []
  for await (const { event } of early) if (seen.push(event?.revision ?? -1n) === 3) break
  assert.deepEqual(seen, [0n, 1n, 2n])
  const after = client.subscribeToStream(stream, { fromRevision: 1n })
  for await (const { event } of after) {
    assert.equal(event?.revision, 2n)
    break
  }
})

test('a subscription to a stream that is ended for ever ends with it', async (t) => {
  const { client } = await target(t)
  const stream = freshStream()
  await append(client, stream, -1, several(1))
  await client.tombstoneStream(stream)
  const subscription = client.subscribeToStream(stream)
  const [error] = await once(subscription, 'error').catch((thrown: unknown) => [thrown])
  assert.ok(error instanceof StreamDeletedError, String(error))
})

test(
  'servers from 25 on say where they have caught up, and when they have fallen behind',
  standInOnly,
  async (t) => {
    const server = await standIn(t, { version: '25.1.0' })
    const client = connect(t, server.url)
    const { position } = await append(client, freshStream(), -1, several(2))
    const subscription = client.subscribeToAll()
    const [caughtUp] = await Promise.all([once(subscription, 'caughtUp'), take(subscription, 6)])
    assert.deepEqual(caughtUp[0].position, position)
    const fellBehind = once(subscription, 'fellBehind')
    const many = append(client, freshStream(), -1, several(200))
    const taken = await take(subscription, 200)
    await Promise.all([fellBehind, many])
    assert.equal(taken.length, 200)
    await subscription.unsubscribe()
  },
)
