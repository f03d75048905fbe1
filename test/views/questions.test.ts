/** Every filter that names one thing finds it by an index: nobody looks through a million rows for fifty. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { deliveries } from '../../projections/deliveries.ts'
import { mailboxes } from '../../projections/mailboxes.ts'
import { messages } from '../../projections/messages.ts'
import { sessions } from '../../projections/sessions.ts'
import { askDeliveries, type DeliveryFilter } from '../../src/views/answers/deliveries.ts'
import { askMailboxMessages, type MailboxFilter } from '../../src/views/answers/mailboxes.ts'
import { askMessages, type MessageFilter } from '../../src/views/answers/messages.ts'
import { atTheTop } from '../../src/views/answers/pages.ts'
import { askSession, askSessions, type SessionFilter } from '../../src/views/answers/sessions.ts'
import { bookkeeping } from '../../src/views/database.ts'
import { questions } from '../../src/views/desk/questions.ts'
import { Generation } from '../../src/views/generation.ts'
import { registered, settle } from '../../src/views/register.ts'

const projections = [deliveries, mailboxes, messages, sessions]

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

/** How SQLite goes about what `ask` asks. */
const plansOf = (db: DatabaseSync, ask: () => Iterable<unknown>): readonly string[] => {
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
}

/** Where it goes through tables from one end to the other, without a bound to begin with. */
const scansOf = (db: DatabaseSync, ask: () => Iterable<unknown>): readonly string[] =>
  plansOf(db, ask).filter(
    (detail) =>
      /^SCAN (?!\(|json_each|CONSTANT ROW)/.test(detail) || / USING PRIMARY KEY \(id>\?\)$/.test(detail),
  )

const ofDeliveries: readonly DeliveryFilter[] = [
  { status: 'held' },
  { recipient: 'sales@example.org' },
  { domain: 'example.org' },
  { sender: 'ann@example.net' },
  { sender: '<>' },
  { message: 'm1' },
  { account: 'ann@example.org' },
  { account: 'ann@example.org', status: 'held', domain: 'example.org' },
  { since: 1 },
  { until: 1 },
  { status: 'held', sender: 'ann@example.net', recipient: 'sales@example.org' },
]
const ofMessages: readonly MessageFilter[] = [
  { account: 'ann@example.org' },
  { account: 'ann@example.org', subject: 'x' },
  { sender: 'ann@example.net' },
  { session: 's1' },
  { since: 1 },
  { until: 1 },
  { sender: 'ann@example.net', subject: 'x', until: 1 },
  { tag: 'spf.fail' },
  { tag: '*' },
]
const ofSessions: readonly SessionFilter[] = [
  { user: 'ann' },
  { account: 'ann' },
  { account: 'ann', reason: 'spf-fail' },
  { peer: '192.0.2.1' },
  { outcome: 'refused' },
  { outcome: 'open' },
  { since: 1 },
  { until: 1 },
  { outcome: 'aborted', peer: '192.0.2.1' },
  { rule: 'spf.*' },
  { reason: 'spf-fail' },
  { tag: 'spf.fail' },
  { tag: '*' },
]
const ways = [
  { what: 'the newest', limit: 50 },
  { what: 'a whole list', limit: undefined },
  { what: 'a page', limit: 50, before: { at: 5, id: 'x' } },
]
for (const { what: way, ...asked } of ways)
  test(`${way} is found by an index`, (context) => {
    const { limit } = asked
    const db = viewsFor(context)
    const none = (what: string, filter: object, ask: () => Iterable<unknown>) => {
      const isOfTime = Object.keys(filter).every((key) => key === 'since' || key === 'until')
      // All of a time are walked through in the order of their ids.
      if (limit === undefined && isOfTime) return
      assert.deepEqual(scansOf(db, ask), [], `${what} ${JSON.stringify(filter)}`)
    }
    for (const filter of ofDeliveries)
      none('deliveries', filter, () => askDeliveries(db, { ...filter, ...asked }))
    for (const filter of ofMessages) none('messages', filter, () => askMessages(db, { ...filter, ...asked }))
    for (const filter of ofSessions) none('sessions', filter, () => askSessions(db, { ...filter, ...asked }))
  })

test('what an account submitted is walked through from the newest back, and nothing else, however much there is', (context) => {
  const db = viewsFor(context)
  const asked = { account: 'ann@example.org', limit: 50, before: atTheTop }
  const plans = [
    plansOf(db, () => askDeliveries(db, asked)),
    plansOf(db, () => askMessages(db, asked)),
    plansOf(db, () => askSessions(db, asked)),
  ]
  for (const some of plans) {
    // Recipients of one page are put in order when it is found.
    const plan = some.join('\n').replace(/LIST SUBQUERY.*/s, '')
    assert.doesNotMatch(plan, /SCAN (?!json_each)|TEMP B-TREE/)
    assert.match(plan, /(?:accountKey|userKey)=\?/)
  }
})

const walked: readonly {
  readonly what: string
  readonly ask: (db: DatabaseSync, asked: Bounds) => Iterable<unknown>
}[] = [
  { what: 'a subject', ask: (db, asked) => askMessages(db, { subject: 'x', ...asked }) },
  { what: 'senders', ask: (db, asked) => askMessages(db, { sender: '*@x', ...asked }) },
  { what: 'senders of a time', ask: (db, asked) => askMessages(db, { sender: '*@x', since: 1, ...asked }) },
  { what: 'recipients', ask: (db, asked) => askMessages(db, { recipient: '*@x', subject: 'x', ...asked }) },
  { what: 'hosts', ask: (db, asked) => askSessions(db, { peer: '*.x', helo: '*.x', ...asked }) },
  { what: 'senders in sessions', ask: (db, asked) => askSessions(db, { sender: '*@x', ...asked }) },
  { what: 'recipients in sessions', ask: (db, asked) => askSessions(db, { recipient: '*@x', ...asked }) },
  { what: 'destinations', ask: (db, asked) => askDeliveries(db, { domain: '*.x', ...asked }) },
  {
    what: 'recipients of deliveries',
    ask: (db, asked) => askDeliveries(db, { recipient: '*@x', sender: '*@x', ...asked }),
  },
  { what: 'rules', ask: (db, asked) => askSessions(db, { rule: 'spf.*', until: 9, ...asked }) },
]
type Bounds = { readonly limit: number; readonly before: typeof atTheTop }
for (const { what, ask } of walked)
  test(`${what} with a * are looked for in an index, from the newest back, and only rows that fit are opened`, (context) => {
    const db = viewsFor(context)
    const plans = plansOf(db, () => ask(db, { limit: 50, before: atTheTop }))
    const [first, second] = plans.filter((plan) => !/CORRELATED|LIST SUBQUERY/.test(plan))
    assert.match(
      String(first),
      /^SEARCH \S+ USING (?:COVERING INDEX|PRIMARY KEY) \S* ?\((?:role=\? AND )?\((?:acceptedAt|openedAt|opened|queuedAt|at),\w+\)>/,
    )
    assert.match(String(second), /USING PRIMARY KEY \(id=\?\)$/)
    // Recipients of one page are put in order when it is found.
    const plan = plans.join('\n').replace(/LIST SUBQUERY.*/s, '')
    assert.doesNotMatch(plan, /TEMP B-TREE|SCAN (?!json_each|CONSTANT)/)
  })

test('where what leads finds very much, all are looked through in an index that has what is looked for', (context) => {
  const db = viewsFor(context)
  const isWalked = (more: DeliveryFilter = {}): boolean =>
    plansOf(db, () =>
      askDeliveries(db, { status: 'held', recipient: '*@x', limit: 50, before: atTheTop, ...more }),
    ).some((plan) => /COVERING INDEX \S+_by_queuedAt_id/.test(plan))
  db.exec('BEGIN')
  const insert = db.prepare(
    `INSERT INTO deliveries_1 (id, message, nextHop, sender, domain, sole, status, queuedAt, acceptedAt) VALUES
      (:id, :id, 'n', 'a@x', 'd', 'b@y', 'held', :at, :at)`,
  )
  const add = (from: number, to: number): void => {
    for (let at = from; at < to; at++) insert.run({ id: String(at).padStart(5, '0'), at })
  }
  add(0, 100)
  assert.equal(isWalked(), false)
  add(100, 20_000)
  assert.equal(isWalked(), true)
  db.exec(
    `INSERT INTO account_deliveries_1 (account, delivery, queuedAt) SELECT 'ann', id, queuedAt FROM deliveries_1`,
  )
  // A place where a look ends would be one of others' mail.
  assert.equal(isWalked({ account: 'ann' }), false)
  db.exec('COMMIT')
})

test('what stands for several is walked for: the check sees it', (context) => {
  const db = viewsFor(context)
  assert.notDeepEqual(
    scansOf(db, () => askDeliveries(db, { sender: '*@example.net' })),
    [],
  )
})

const ofMailboxes: readonly MailboxFilter[] = [
  {},
  { since: 1, until: 2 },
  { search: 'the engine', from: 'ada', subject: 'x' },
  { flag: { name: '\\Seen', stands: false } },
  { asOf: 1, flag: { name: '\\Seen', stands: true } },
]
test('whatever is looked for in a mailbox, it is walked through from the newest back, and no other one', (context) => {
  const db = viewsFor(context)
  const sorted = /SCAN (?!json_each)|TEMP B-TREE/
  for (const filter of ofMailboxes) {
    const plans = plansOf(db, () => {
      askMailboxMessages(db, 'a@x', { ...filter, limit: 50, reach: 1_000 })
      return []
    })
    assert.ok(
      plans.some((plan) => /SEARCH .*PRIMARY KEY \(mailbox=\? AND id>\? AND id<\?\)/.test(plan)),
      plans.join('\n'),
    )
    assert.deepEqual(
      plans.filter((plan) => sorted.test(plan)),
      [],
      JSON.stringify(filter),
    )
  }
})

test('a search of a large mailbox ends after so many rows, and goes on where it ended', (context) => {
  const db = viewsFor(context)
  db.exec(`INSERT INTO mailboxes_2 (mailbox) VALUES ('a@x')`)
  const insert = db.prepare(
    `INSERT INTO mailbox_messages_2 (mailbox, id, message, number, filedAt, subject, size, flags)
      VALUES ('a@x', :id, :id, :at, :at, :subject, 1, '[]')`,
  )
  for (let at = 0; at < 200; at++)
    insert.run({ id: String(at).padStart(3, '0'), at, subject: at % 70 === 0 ? 'wanted' : 'other' })
  const found: string[] = []
  const looks: (string | null)[] = []
  for (let before: string | undefined; ; ) {
    const page = askMailboxMessages(db, 'a@x', {
      ...{ subject: 'want', limit: 2, reach: 50 },
      ...(before !== undefined && { before }),
    })
    found.push(...page!.items.map(({ id }) => id))
    before = page!.searched?.id
    looks.push(before ?? null)
    if (before === undefined) break
  }
  assert.deepEqual(found, ['140', '070', '000'])
  assert.deepEqual(looks, ['149', '098', '047', null])
})

/** Rows of which some came at one time, and some have an id that is older than their time. */
const crowd = (db: DatabaseSync): void => {
  const add = db.prepare(
    `INSERT INTO delivery_recipients_1 (delivery, address, place, status) VALUES (:id, :to, 0, 'queued')`,
  )
  const insert = db.prepare(
    `INSERT INTO deliveries_1 (id, message, nextHop, sender, domain, status, queuedAt, acceptedAt) VALUES
      (:id, :id, 'n', :sender, 'd', 'queued', :at, :at)`,
  )
  for (let at = 0; at < 40; at++) {
    const id = String((at * 7) % 40).padStart(2, '0')
    insert.run({ id, at: Math.floor(at / 5), sender: at % 2 === 0 ? 'a@x' : 'b@x' })
    add.run({ id, to: at % 3 === 0 ? 'r@x' : 's@x' })
  }
}

const byPages = (db: DatabaseSync, filter: DeliveryFilter): readonly string[] => {
  const found: string[] = []
  for (let before = atTheTop; ; ) {
    const page = [...askDeliveries(db, { ...filter, limit: 3, before })]
    const last = page.at(-1)
    if (last === undefined) return found
    found.push(...page.map(({ id }) => id))
    before = { at: Date.parse(last.queuedAt), id: last.id }
  }
}

test('page after page, every row comes once, the newest first, whatever leads', (context) => {
  const db = viewsFor(context)
  crowd(db)
  const newestFirst = (filter: DeliveryFilter) =>
    [...askDeliveries(db, filter)]
      .toSorted((a, b) =>
        a.queuedAt === b.queuedAt ? (a.id < b.id ? 1 : -1) : a.queuedAt < b.queuedAt ? 1 : -1,
      )
      .map(({ id }) => id)
  const filters: readonly DeliveryFilter[] = [
    {},
    { sender: 'a@x' },
    { recipient: 'r@x' },
    { recipient: 's@x', sender: 'b@x' },
    { since: 2, until: 4 },
    { status: 'queued', recipient: '*@x' },
  ]
  for (const filter of filters) {
    const expected = newestFirst(filter)
    assert.ok(expected.length > 3)
    assert.deepEqual(byPages(db, filter), expected, JSON.stringify(filter))
  }
})

test('a search that would be long goes on page by page, and finds every row once', (context) => {
  const db = viewsFor(context)
  crowd(db)
  const filters: readonly DeliveryFilter[] = [
    { domain: '*d', sender: 'a@*' },
    { status: 'queued', recipient: 'r@*' },
    { sender: 'a@x', recipient: '*s@x' },
    { domain: 'd', sender: '*@nowhere' },
    { recipient: 's@x', sender: 'b@x' },
    { since: 2, until: 6, recipient: 'r@*' },
  ]
  for (const filter of filters) {
    const all = [...askDeliveries(db, { ...filter, before: atTheTop, limit: 100 })]
    const { ids, most, pages } = bySearches(db, filter, { limit: 3, rows: 4 })
    assert.deepEqual(
      ids,
      all.map(({ id }) => id),
      JSON.stringify(filter),
    )
    assert.ok(most <= 3)
    // Few at a time of forty, or of twenty-five.
    if (filter.recipient !== 's@x') assert.ok(pages >= 3, `${JSON.stringify(filter)}: ${pages} pages`)
  }
})

const bySearches = (
  db: DatabaseSync,
  filter: DeliveryFilter,
  { limit, rows }: { readonly limit: number; readonly rows: number },
) => {
  const ids: string[] = []
  let most = 0
  for (let [pages, before] = [1, atTheTop]; ; pages += 1) {
    const { items, end } = questions.deliveries(db, filter, { limit, before, reach: rows })
    const found = JSON.parse(items) as readonly { readonly id: string }[]
    ids.push(...found.map(({ id }) => id))
    most = Math.max(most, found.length)
    if (end === null) return { ids, most, pages }
    before = end
  }
}

test('a page of sessions names some of a great many messages, and one session all of them', (context) => {
  const db = viewsFor(context)
  const tables = new Map(registered(db).map(({ name, generation }) => [name, generation]))
  db.exec(`INSERT INTO sessions_${tables.get('sessions')} (id, openedAt, listener, peerAddress, peerPort, stage, accepted)
    VALUES ('s', 1, 'mx', '192.0.2.1', 1, 'waiting', 150)`)
  const add = db.prepare(
    `INSERT INTO messages_${tables.get('messages')} (id, session, acceptedAt) VALUES (:id, 's', :at)`,
  )
  for (let at = 0; at < 150; at += 1) add.run({ id: `m${String(at).padStart(3, '0')}`, at })
  const [listed] = [...askSessions(db, { limit: 50, before: atTheTop })]
  assert.deepEqual([listed?.messages.length, listed?.messages[0], listed?.accepted], [100, 'm000', 150])
  const [whole] = [...askSessions(db, { limit: 50 })]
  assert.equal(whole?.messages.length, 150)
  assert.equal(askSession(db, 's')?.messages.at(-1), 'm149')
})
