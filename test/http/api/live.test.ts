/** The log live: from where somebody was, in order, each event once; whoever does not read is let go. */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import type { Readable } from 'node:stream'
import { test } from 'node:test'
import { live } from '../../../src/http/api/live.ts'
import type { Caller } from '../../../src/http/login/caller.ts'
import type { StoredEvent } from '../../../src/log/port.ts'
import { apiServer, detailOf, eventually, type Json } from './asking.ts'
import { following } from './following.ts'

test('events come as they are appended, and go on after the last one that was seen', async (t) => {
  const api = await apiServer(t)
  const heard = await following(t, api)
  await api.mail()
  await eventually(() => heard.heard.some(({ event }) => event === 'SessionClosed'))
  heard.leave()
  const stored = (await api.items('/events?limit=500')).filter(
    ({ position }) => Number(position) >= heard.heard[0]!.id,
  )
  assert.deepEqual(
    heard.heard.map(({ data }) => data),
    stored,
  )
  assert.deepEqual(
    heard.heard.map(({ id }) => id),
    stored.map(({ position }) => position),
  )
  const third = heard.heard[2]!.id
  await api.mail()
  const again = await following(t, api, { last: third })
  const { length } = await api.items(`/events?limit=500&after=${third}`)
  await eventually(() => again.heard.length === length)
  assert.deepEqual(
    again.heard.map(({ id }) => id),
    (await api.items(`/events?limit=500&after=${third}`)).map(({ position }) => position),
  )
})

test('only what was asked for comes, and from the beginning where that is asked', async (t) => {
  const api = await apiServer(t)
  await api.mail()
  const heard = await following(t, api, { path: '/events?type=MessageAccepted,SessionOpened&after=0' })
  await eventually(() => heard.heard.length === 2)
  await api.mail()
  await eventually(() => heard.heard.length === 4)
  assert.deepEqual(
    heard.heard.map(({ event }) => event),
    ['SessionOpened', 'MessageAccepted', 'SessionOpened', 'MessageAccepted'],
  )
  const wrong = await api.ask('/events', { headers: { accept: 'text/event-stream', 'last-event-id': 'x' } })
  assert.match(detailOf(wrong), /no position/)
})

test('pages of the log go on behind each other to its end, and hold no secret', async (t) => {
  const api = await apiServer(t)
  await api.server.addAccount({ addresses: ['demo@localhost'], password: 'a password' })
  await api.mail()
  const found: Json[] = []
  for (let after = 0; ; ) {
    const { items, next } = await api.get(`/events?limit=3&after=${after}`)
    found.push(...(items as readonly Json[]))
    if (next === null) break
    after = Number(next)
  }
  const all = await api.server.events()
  assert.deepEqual(
    found.map(({ id }) => id),
    all.slice(0, found.length).map(({ id }) => id),
  )
  assert.ok(found.length >= all.length - 1)
  const added = found.find(({ type }) => type === 'AccountAdded')
  assert.equal((added!.data as Json).password, '(hash)')
  assert.doesNotMatch(JSON.stringify(found), /argon2/)
  const stream = String(found.find(({ type }) => type === 'SessionOpened')?.stream)
  const own = await api.items(`/events?stream=${stream}`)
  assert.deepEqual(
    own.map(({ revision }) => revision),
    own.map((_, at) => at),
  )
})

const everything = { kind: 'log', stream: null, filter: {} } as const
const nothingMissed = async (to: number) => ({ frames: '', to, isEnd: true })

/** Both sides of a request that asks for the log live; `sent` is what the client would read. */
const sidesOf = (mayStill: () => Promise<boolean> = async () => true) => {
  const sent = Promise.withResolvers<Readable>()
  const raw = new EventEmitter()
  const sides = {
    ...{ raw, caller: null, mayStill, header: () => sides },
    send: (stream: Readable) => {
      sent.resolve(stream)
      return sides
    },
  }
  return { raw, sent: sent.promise, sides: { request: sides as never, reply: sides as never } }
}

test('for a client that takes nothing little is kept of what it has missed, and it is let go', async () => {
  let asked = 0
  const missed = async (after: number) => {
    asked++
    return { frames: 'x'.repeat(50_000), to: after + 1, isEnd: false }
  }
  const log = { subscribe: () => assert.fail('it is far behind'), tail: async () => 1_000_000 }
  const { sides, sent } = sidesOf()
  live({ ...sides, log, listening: everything, missed, begin: 0, patience: 20 })
  await once(await sent, 'close')
  // A quarter of a megabyte, whatever there is.
  assert.ok(asked > 0 && asked < 12, String(asked))
})

test('nor of what comes, while others hear all of it; who was a little behind hears it from the same place', async () => {
  const large = 'x'.repeat(50_000)
  const begun: number[] = []
  const log = {
    tail: async () => 10,
    subscribe: async function* (after: number, { signal }: { signal?: AbortSignal } = {}) {
      begun.push(after)
      for (let at = after + 1; signal?.aborted !== true; at++) {
        yield [eventOf(at, at < 100 ? large : 'small')]
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
  const listen = async (begin: number) => {
    const { sides, sent, raw } = sidesOf()
    const parts = { listening: everything, missed: nothingMissed, begin, patience: 20 }
    live({ ...sides, ...parts, log })
    return { raw, stream: await sent }
  }
  const deaf = await listen(10)
  const [one, other] = [await listen(10), await listen(12)]
  const heard = (await Promise.all(
    [one, other].map(async ({ stream }) => {
      let text = ''
      for await (const chunk of stream) {
        text += chunk
        if (text.includes('id: 120\n')) break
      }
      return [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id)).slice(0, 100)
    }),
  )) as [number[], number[]]
  assert.deepEqual(
    heard[0],
    Array.from({ length: 100 }, (_, at) => 11 + at),
  )
  assert.deepEqual(
    heard[1],
    Array.from({ length: 100 }, (_, at) => 13 + at),
  )
  if (!deaf.stream.destroyed) await once(deaf.stream, 'close')
  for (const { raw } of [one, other]) raw.emit('close')
  assert.deepEqual(begun, [10])
})

test('who is let in no more hears nothing more, whether something happens or not', async () => {
  for (const isQuiet of [true, false]) {
    let may = true
    const isHeard = Promise.withResolvers<void>()
    const log = {
      tail: async () => 0,
      subscribe: async function* (_: number, { signal }: { signal?: AbortSignal } = {}) {
        yield [eventOf(1, 'before')]
        await isHeard.promise
        may = false
        if (isQuiet) await new Promise((resolve) => signal?.addEventListener('abort', resolve))
        else yield [eventOf(2, 'after')]
      },
    }
    const { sides, sent } = sidesOf(async () => may)
    const parts = { listening: everything, missed: nothingMissed, begin: 0 }
    live({ ...sides, ...parts, log, heartbeat: isQuiet ? 5 : 60_000 })
    let heard = ''
    for await (const chunk of await sent) {
      heard += chunk
      if (heard.includes('before')) isHeard.resolve()
    }
    assert.match(heard, /before/)
    assert.doesNotMatch(heard, /after/)
  }
})

test('who may not ask any more while he catches up hears nothing more of what he has missed', async () => {
  let may = true
  const missed = async (after: number) => {
    if (after === 1) may = false
    return { frames: `id: ${after + 1}\n\n`, to: after + 1, isEnd: false }
  }
  const log = { subscribe: () => assert.fail('it is far behind'), tail: async () => 1_000_000 }
  const { sides, sent } = sidesOf(async () => may)
  live({ ...sides, log, listening: everything, missed, begin: 0 })
  const heard = (await (await sent).toArray()).join('')
  assert.match(heard, /id: 1\n/)
  assert.doesNotMatch(heard, /id: 2\n/)
})

test('one key has so many places and no more; those of others are left, and one that is given back is free', async () => {
  const log = {
    tail: async () => 0,
    subscribe: async function* (_: number, { signal }: { signal?: AbortSignal } = {}) {
      if (signal?.aborted !== true) await new Promise((resolve) => signal?.addEventListener('abort', resolve))
      yield []
    },
  }
  const listen = (name: string): EventEmitter => {
    const raw = new EventEmitter()
    const caller: Caller = { kind: 'key', name, role: 'look', account: null, login: null }
    const sides = { raw, caller, mayStill: async () => true, header: () => sides, send: () => sides }
    live({
      ...{ log, listening: everything, missed: nothingMissed, begin: 0 },
      ...{ request: sides as never, reply: sides as never },
    })
    return raw
  }
  const places = Array.from({ length: 40 }, () => listen('greedy'))
  assert.throws(() => listen('greedy'), /no place/)
  const other = listen('modest')
  places[0]?.emit('close')
  const again = await eventually(() => {
    try {
      return listen('greedy')
    } catch {
      return false
    }
  })
  for (const raw of [...places, other, again]) raw.emit('close')
})

const eventOf = (position: number, text: string): StoredEvent => ({
  ...{ position, id: String(position), stream: 'a-b', revision: position, type: 'T', version: 1, at: 0 },
  ...{ data: { text }, meta: {} },
})
