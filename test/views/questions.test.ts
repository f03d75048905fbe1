/** Every filter that names one thing finds it by an index: nobody looks through a million rows for fifty. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { deliveries } from '../../projections/deliveries.ts'
import { messages } from '../../projections/messages.ts'
import { sessions } from '../../projections/sessions.ts'
import { askDeliveries, type DeliveryFilter } from '../../src/views/answers/deliveries.ts'
import { askMessages, type MessageFilter } from '../../src/views/answers/messages.ts'
import { askSessions, type SessionFilter } from '../../src/views/answers/sessions.ts'
import { bookkeeping } from '../../src/views/database.ts'
import { Generation } from '../../src/views/generation.ts'
import { registered, settle } from '../../src/views/register.ts'

const projections = [deliveries, messages, sessions]

/** Empty views, with all their indexes. */
const viewsFor = (context: TestContext): DatabaseSync => {
  const db = new DatabaseSync(':memory:')
  context.after(() => db.close())
  db.exec(bookkeeping)
  settle(db, projections)
  for (const { name, generation: number } of registered(db)) {
    const projection = projections.find((one) => one.name === name)!
    const generation = new Generation(db, projection, { number, role: 'live', position: 0 })
    while (!generation.isIndexed) generation.makeIndex()
  }
  return db
}

/** How SQLite goes through tables from one end to the other for what `ask` asks, without a bound to begin with. */
const scansOf = (db: DatabaseSync, ask: () => Iterable<unknown>): readonly string[] => {
  const asked: string[] = []
  const prepare = db.prepare.bind(db)
  db.prepare = (sql) => {
    asked.push(sql)
    return prepare(sql)
  }
  Array.from(ask())
  db.prepare = prepare
  assert.ok(asked.length > 0)
  return asked
    .flatMap((sql) => prepare(`EXPLAIN QUERY PLAN ${sql}`).all())
    .map(({ detail }) => String(detail))
    .filter(
      (detail) =>
        /^SCAN (?!\(|json_each|CONSTANT ROW)/.test(detail) || / USING PRIMARY KEY \(id>\?\)$/.test(detail),
    )
}

const ofDeliveries: readonly DeliveryFilter[] = [
  { status: 'held' },
  { recipient: 'sales@example.org' },
  { domain: 'example.org' },
  { sender: 'ann@example.net' },
  { sender: '<>' },
  { message: 'm1' },
  { since: 1 },
  { until: 1 },
  { status: 'held', sender: 'ann@example.net', recipient: 'sales@example.org' },
]
const ofMessages: readonly MessageFilter[] = [
  { sender: 'ann@example.net' },
  { session: 's1' },
  { since: 1 },
  { until: 1 },
  { sender: 'ann@example.net', subject: 'x', until: 1 },
]
const ofSessions: readonly SessionFilter[] = [
  { user: 'ann' },
  { outcome: 'refused' },
  { outcome: 'open' },
  { since: 1 },
  { until: 1 },
  { outcome: 'aborted', peer: '192.0.2.1' },
  { rule: 'spf.*' },
  { reason: 'spf-fail' },
]
for (const limit of [50, undefined])
  test(`a ${limit === undefined ? 'whole list' : 'page'} is found by an index`, (context) => {
    const db = viewsFor(context)
    const none = (what: string, filter: object, ask: () => Iterable<unknown>) => {
      const isOfTime = Object.keys(filter).every((key) => key === 'since' || key === 'until')
      // All of a time are walked through in the order of their ids.
      if (limit === undefined && isOfTime) return
      assert.deepEqual(scansOf(db, ask), [], `${what} ${JSON.stringify(filter)}`)
    }
    for (const filter of ofDeliveries)
      none('deliveries', filter, () => askDeliveries(db, { ...filter, limit }))
    for (const filter of ofMessages) none('messages', filter, () => askMessages(db, { ...filter, limit }))
    for (const filter of ofSessions) none('sessions', filter, () => askSessions(db, { ...filter, limit }))
  })

test('what stands for several is walked for: the check sees it', (context) => {
  const db = viewsFor(context)
  assert.notDeepEqual(
    scansOf(db, () => askDeliveries(db, { sender: '*@example.net', limit: 50 })),
    [],
  )
})
