/** The log is looked through in answers that are bounded, by threads that take no mail. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { inTurnOf } from '../../../src/http/api/in-turn.ts'
import { kindOf } from '../../../src/log/port.ts'
import { type Api, apiServer, type Json } from './asking.ts'
import { following } from './following.ts'

const plain = kindOf('Noted', 1, {})
/** A policy is adopted when the server starts; that a delivery expired, is in no log here. Nobody says in which streams both are. */
const rare = 'type=PolicyAdopted,Expired'

/** More events than are gone past for one answer. */
const filled = async (t: TestContext, thousands = 220): Promise<Api> => {
  const api = await apiServer(t)
  await api.server.until((events) => events.some(({ type }) => type === 'PolicyAdopted'))
  const { log } = api.server.running
  for (let at = 0; at < thousands; at++) {
    const events = Array.from({ length: 1_000 }, () => ({
      ...{ id: randomUUID(), kind: plain, at: 1_700_000_000_000 + at * 60_000, data: {} },
    }))
    await log.append([{ stream: `noted-${at}`, expected: -1, events }])
  }
  return api
}

const searched = async (api: Api, path: string, bound: 'after' | 'before') => {
  const answers: Json[] = []
  for (let next: unknown = null; ; ) {
    const answer = await api.get(`${path}${next === null ? '' : `&${bound}=${next}`}`)
    answers.push(answer)
    next = answer.next
    if (next === null) return answers
  }
}

const idsIn = (answers: readonly Json[]): unknown[] =>
  answers.flatMap(({ items }) => (items as readonly Json[]).map(({ id }) => id))

test('what is rare is found bit by bit, and each answer says how far it has come', async (t) => {
  const api = await filled(t)
  const adopted = (await api.server.events()).filter(({ type }) => type === 'PolicyAdopted')
  const ids = adopted.map(({ id }) => id)
  assert.ok(ids.length > 0)
  const back = await searched(api, `/events?${rare}&order=newest`, 'before')
  assert.ok(back.length >= 3, `${back.length} answers`)
  assert.deepEqual(idsIn(back), ids.toReversed())
  const [first, last] = [back[0]!, back.at(-1)!]
  assert.deepEqual(first.items, [])
  // The time of what was seen last, a minute for each thousand.
  const minutes = (Date.parse(String(first.searchedTo)) - 1_700_000_000_000) / 60_000
  assert.ok(minutes > 0 && minutes < 219, String(first.searchedTo))
  assert.equal(last.searchedTo, null)
  const onwards = await searched(api, `/events?${rare}&order=oldest`, 'after')
  assert.ok(onwards.length >= 3, `${onwards.length} answers`)
  assert.deepEqual(idsIn(onwards), ids)
  assert.notEqual(onwards.at(-2)!.searchedTo, null)
  // Of a type that never was, one answer is enough.
  assert.deepEqual(await api.get('/events?type=Expired'), { items: [], next: null, searchedTo: null })
})

test('the newest come first where that is asked, page behind page, between two positions, of a stream too', async (t) => {
  const api = await apiServer(t)
  await api.mail()
  const all = await api.server.events()
  const pages = await searched(api, '/events?order=newest&limit=3', 'before')
  assert.deepEqual(idsIn(pages).slice(-all.length), all.map(({ id }) => id).toReversed())
  const [third, sixth] = [all[2]!.position, all[5]!.position]
  assert.deepEqual(idsIn([await api.get(`/events?order=newest&after=${third}&before=${sixth}`)]), [
    all[4]!.id,
    all[3]!.id,
  ])
  assert.deepEqual(idsIn([await api.get(`/events?after=${third}&before=${sixth}`)]), [all[3]!.id, all[4]!.id])
  const { stream } = all.find(({ type }) => type === 'SessionOpened')!
  const own = all.filter((one) => one.stream === stream).map(({ id }) => id)
  assert.deepEqual(
    idsIn(await searched(api, `/events?stream=${stream}&order=newest&limit=2`, 'before')),
    own.toReversed(),
  )
  assert.deepEqual(idsIn(await searched(api, `/events?stream=${stream}&limit=2`, 'after')), own)
})

test('nobody reads the log where mail is taken but from its end on', async (t) => {
  const api = await filled(t, 10)
  const { log } = api.server.running
  const tail = await log.tail()
  const reads: string[] = []
  for (const name of ['pieces', 'readAll', 'readStream'] as const) {
    const read = log[name].bind(log) as (...words: readonly unknown[]) => never
    Object.assign(log, {
      [name]: (...words: readonly unknown[]) => {
        reads.push(name)
        return read(...words)
      },
    })
  }
  const subscribe = log.subscribe.bind(log)
  const begun: number[] = []
  log.subscribe = (after, options) => {
    begun.push(after)
    return subscribe(after, options)
  }
  await api.get(`/events?${rare}`)
  await api.get('/events?stream=noted-3&limit=2')
  const heard = await Promise.all(
    Array.from({ length: 5 }, () => following(t, api, { path: `/events?${rare}`, last: 0 })),
  )
  for (const one of heard) await one.until(({ event }) => event === 'PolicyAdopted')
  const line = await following(t, api, { path: '/events?type=SessionOpened', last: 0 })
  await api.mail()
  await line.until(({ event }) => event === 'SessionOpened')
  assert.deepEqual(reads, [])
  // Once for all of them; the last is this test's own, which waits for its mail.
  const [once, ...others] = begun
  assert.ok(once !== undefined && once >= tail, String(begun))
  assert.deepEqual(others, [0])
})

test('of one caller no more than one line reads what it has missed; who has left reads nothing', async () => {
  const caller = (name: string) => ({
    caller: { kind: 'key', name, role: 'look', account: null, login: null } as const,
  })
  const { signal } = new AbortController()
  const done: string[] = []
  let atWork = 0
  const read = (name: string, whose: string, stays = signal): Promise<void> =>
    inTurnOf(caller(whose), stays, async () => {
      if (whose === 'greedy') assert.equal(++atWork, 1)
      await new Promise((resolve) => setImmediate(resolve))
      if (whose === 'greedy') atWork--
      done.push(name)
    })
  const lines = Array.from({ length: 40 }, (_, at) => read(`greedy ${at}`, 'greedy'))
  const gone = assert.rejects(read('gone', 'greedy', AbortSignal.abort()))
  await read('modest', 'modest')
  assert.ok(done.length < 5, String(done))
  await Promise.all([...lines, gone])
  assert.deepEqual(
    done.filter((name) => name !== 'modest'),
    lines.map((_, at) => `greedy ${at}`),
  )
})
