/** A sweep forgets what is due and nothing else, says so first, and ends what an earlier one began. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { EventLog, StoredEvent } from '../../src/log/port.ts'
import { LogUnavailable } from '../../src/log/port.ts'
import { Due } from '../../src/retention/due.ts'
import { isFirst, sweep } from '../../src/retention/index.ts'
import { remembered } from '../../src/retention/remembered.ts'
import { type Ages, agesOf, periodOf } from '../../src/retention/rules.ts'
import { openViews } from '../../src/views/index.ts'
import { scratch } from '../scratch.ts'
import { accepted, closed, deliveryOf, elsewhere, mailbox, opened, refused, stories } from './log.ts'

/** Views that add up over all sessions there ever were. */
const sums: ReadonlySet<string> = new Set(['state-flow', 'reputation'])

const all: Ages = { sessions: 0, refusedSessions: 0, content: 0 }

const eventsOf = async (pages: AsyncIterable<readonly StoredEvent[]>): Promise<StoredEvent[]> => {
  const events: StoredEvent[] = []
  for await (const page of pages) events.push(...page)
  return events
}
const streamsIn = async (log: EventLog): Promise<string[]> =>
  [...new Set((await eventsOf(log.readAll(0))).map(({ stream }) => stream))].filter(
    (stream) => !stream.startsWith('retention-'),
  )

const place = (
  context: TestContext,
  { untold }: Pick<ConstructorParameters<typeof Due>[0], 'untold'> = {},
) => {
  const directory = scratch('retention')
  context.after(() => rm(directory, { recursive: true, force: true }))
  const { log, tell } = stories()
  const views = openViews({ directory, log })
  context.after(() => views.close())
  const removed: string[] = []
  const content = { remove: async (id: string) => void removed.push(id) }
  const due = new Due({ log, views, untold })
  const run = async (ages: Ages = all, using: Partial<EventLog> = {}) => {
    await views.caughtUp()
    const through = {
      append: (appends: Parameters<EventLog['append']>[0]) => log.append(appends),
      forget: (what: Parameters<EventLog['forget']>[0]) => log.forget(what),
      readStream: (stream: string) => log.readStream(stream),
      ...using,
    }
    return sweep({ directory, node: 'a', log: through, content, views, due }, ages)
  }
  return { directory, log, tell, views, removed, due, run }
}

const sessions = async ({ tell }: ReturnType<typeof place>): Promise<void> => {
  await tell('smtp_session-s1', opened(), refused, closed(1))
  await tell('smtp_session-s2', opened(), closed(2))
  await tell('smtp_session-s3', opened(), accepted('s3m', [mailbox('bob@example.org')]), closed(3))
  await tell('smtp_session-s4', opened())
}

test('what somebody has still to be told of stays until it is told, and what came after it', async (context) => {
  let told = 0
  const isUntold = ({ type, position }: StoredEvent): boolean => type === 'MessageRefused' && position > told
  const here = place(context, { untold: async () => isUntold })
  for (const id of ['s1', 's2', 's3']) await here.tell(`smtp_session-${id}`, opened(), refused, closed(1))
  await here.tell('smtp_session-s0', opened(), closed(1))
  const names = (...ids: readonly string[]) => ids.map((id) => `smtp_session-${id}`)
  await here.run()
  assert.deepEqual(await streamsIn(here.log), names('s1', 's2', 's3'))
  assert.ok(here.due.isHeld)
  told = 2
  await here.run()
  assert.deepEqual(await streamsIn(here.log), names('s2', 's3'))
  told = 1000
  await here.run()
  assert.deepEqual(await streamsIn(here.log), [])
  assert.ok(!here.due.isHeld)
})

test('each setting takes what it is about', async (context) => {
  for (const [ages, left] of [
    [{ ...all, sessions: null }, ['s2', 's3', 's4']],
    [{ ...all, refusedSessions: null }, ['s1', 's3', 's4']],
    [all, ['s3', 's4']],
    [{ sessions: null, refusedSessions: null, content: 0 }, ['s1', 's2', 's3', 's4']],
  ] as const) {
    const here = place(context)
    await sessions(here)
    await here.run(ages)
    const names = left.map((id) => `smtp_session-${id}`)
    assert.deepEqual(await streamsIn(here.log), names)
    await here.views.caughtUp()
    assert.deepEqual(
      [...here.views.sessions()].map(({ id }) => id),
      left,
    )
    assert.equal(here.removed.length, ages.content === null ? 0 : 1)
  }
})

test('a session that ends later goes later, and a body when its mail has come to its end', async (context) => {
  const here = place(context)
  await sessions(here)
  await here.tell('smtp_session-s5', opened(), accepted('s5m', [elsewhere('x@far.example')]), closed(5))
  assert.deepEqual(await here.run(), { histories: 2, bodies: 1 })
  assert.deepEqual(await here.run(), { histories: 0, bodies: 0 })
  await here.tell('smtp_session-s4', closed(6))
  await here.tell(deliveryOf('s5m'), { type: 'Delivered', to: 'delivered' })
  assert.deepEqual(await here.run(), { histories: 1, bodies: 1 })
  assert.deepEqual(here.removed, ['s3m', 's5m'])
  await here.views.caughtUp()
  for (const id of ['s3m', 's5m']) assert.ok(here.views.message(id)?.contentForgottenAt, id)
  assert.equal(here.views.mailbox('bob@example.org')?.length, 1)
})

test('many are forgotten in portions, each with its fact', async (context) => {
  const here = place(context)
  for (let n = 0; n < 450; n++)
    await here.tell(`smtp_session-s${String(n).padStart(3, '0')}`, opened(), closed(1))
  assert.deepEqual(await here.run(), { histories: 450, bodies: 0 })
  const facts = (await eventsOf(here.log.readAll(0))).filter(({ type }) => type === 'HistoryForgotten')
  assert.deepEqual(
    facts.map(({ data }) => (data.streams as string[]).length),
    [200, 200, 50],
  )
  assert.deepEqual(await streamsIn(here.log), [])
})

test('what was said and not done is done by the next sweep', async (context) => {
  const here = place(context)
  await sessions(here)
  const failing = { forget: () => Promise.reject(new LogUnavailable('away')) }
  await assert.rejects(here.run(all, failing), LogUnavailable)
  assert.ok(existsSync(join(here.directory, 'retention.json')))
  assert.equal((await streamsIn(here.log)).length, 4)
  here.due.again()
  // The views have let go of it already: only the note knows.
  await here.run({ sessions: null, refusedSessions: null, content: null })
  assert.deepEqual(await streamsIn(here.log), ['smtp_session-s2', 'smtp_session-s3', 'smtp_session-s4'])
  assert.ok(!existsSync(join(here.directory, 'retention.json')))
})

test('what could not even be said is neither forgotten nor remembered', async (context) => {
  const here = place(context)
  await sessions(here)
  const failing = { append: () => Promise.reject(new LogUnavailable('away')) }
  await assert.rejects(here.run(all, failing), LogUnavailable)
  assert.equal((await streamsIn(here.log)).length, 4)
  here.due.again()
  assert.deepEqual(await here.run(), { histories: 2, bodies: 1 })
})

test('views that lag do not name what brought mail meanwhile', async (context) => {
  const here = place(context)
  await here.tell('smtp_session-s1', opened(), closed(1))
  await here.views.caughtUp()
  const stale = [...here.views.endedSessions('', 10)]
  await here.tell('smtp_session-s1', accepted('s1m', [mailbox('bob@example.org')]))
  const due = new Due({
    log: here.log,
    views: { endedSessions: () => stale, oldMessages: () => [] },
  })
  for await (const { ids } of due.portions('sessions', { ages: all, now: Date.now() }))
    assert.fail(`${ids} is taken for due`)
})

test('a view that is built again after it equals the one that lived', async (context) => {
  const here = place(context)
  await sessions(here)
  await here.tell(
    'smtp_session-s6',
    opened(),
    { type: 'SenderAccepted', data: { sender: 'eve@example.net' } },
    {
      type: 'RecipientRefused',
      data: { recipient: 'x@y.example', code: 550, enhanced: '5.1.1', reason: 'no' },
    },
    closed(7),
  )
  await here.views.caughtUp()
  assert.equal([...here.views.sessions({ sender: 'eve@example.net' })].length, 1)
  await here.run()
  await here.views.caughtUp()
  const stored = async () =>
    (await here.views.checked())
      .filter(({ name }) => !sums.has(name))
      .map(({ name, rows, checksum }) => ({ name, rows, checksum }))
  const live = await stored()
  await here.views.rebuild([])
  assert.deepEqual(await stored(), live)
})

test('a log that forgets later is read without what it was told to forget', async (context) => {
  const here = place(context)
  await sessions(here)
  const before = await eventsOf(here.log.readAll(0))
  await here.run({ ...all, content: null })
  const facts = (await eventsOf(here.log.readAll(0))).filter(({ type }) => type === 'HistoryForgotten')
  const later = Object.assign(Object.create(here.log) as EventLog, {
    forgetsLater: true,
    readAll: async function* (_: number, { filter }: Parameters<EventLog['readAll']>[1] = {}) {
      yield filter ? facts : [...before, ...facts]
    },
  })
  const left = await eventsOf(remembered(later).readAll(0))
  assert.deepEqual([...new Set(left.map(({ stream }) => stream))].slice(0, 2), [
    'smtp_session-s3',
    'smtp_session-s4',
  ])
})

test('of several servers the first by name sweeps, once it knows the others', () => {
  const members = (node: string, others: readonly string[] | null, alive = true) => ({
    ...{ node, isAlive: () => alive, others: () => others },
  })
  assert.ok(isFirst(members('a', [])))
  assert.ok(isFirst(members('a', ['b', 'c'])))
  assert.ok(!isFirst(members('b', ['a', 'c'])))
  assert.ok(!isFirst(members('a', null)))
  assert.ok(!isFirst(members('a', ['b'], false)))
})

test('ages: what is not said of refused sessions is as for all; the shortest says how often to look', () => {
  const hour = 3_600_000
  assert.deepEqual(agesOf({ sessions: 5, content: null }), { sessions: 5, refusedSessions: 5, content: null })
  assert.equal(agesOf({ sessions: 5, refusedSessions: null, content: null }).refusedSessions, null)
  assert.equal(periodOf({ sessions: 90 * 24 * hour, refusedSessions: null, content: null }), hour)
  assert.equal(periodOf({ sessions: 90 * 24 * hour, refusedSessions: 2 * hour, content: null }), hour / 10)
  assert.equal(periodOf({ sessions: null, refusedSessions: null, content: 0 }), 1000)
})
