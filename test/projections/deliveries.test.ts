import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openMemoryLog } from '../../src/log/memory.ts'
import { atTheTop } from '../../src/views/answers/pages.ts'
import { openViews, type ViewReader } from '../../src/views/index.ts'
import { tellDelivery } from '../history/deliveries.ts'
import { rowsOf } from '../tables/table.ts'
import { beginning, Teller } from './marbles.ts'
import { atEnd, directoryFor, foldAll } from './views.ts'

const file = new URL('./deliveries.md', import.meta.url)

type Lives = Readonly<Record<string, readonly [line: string, life?: Parameters<typeof tellDelivery>[3]]>>

/** The views of a line of session events, then of some deliveries. */
const viewsWith = async (
  context: TestContext,
  line: string,
  lives: Lives,
  after = '',
): Promise<ViewReader> => {
  const directory = directoryFor(context)
  const log = openMemoryLog()
  const teller = new Teller(log)
  await teller.tell(line)
  for (const [id, [words, life]] of Object.entries(lives)) await tellDelivery(log, id, words, life)
  await teller.tell(after)
  await foldAll({ directory, log, batch: 3 })
  const views = openViews({ directory, log })
  atEnd(context, () => views.close())
  return views
}

const seconds = (time: string | null): number | null =>
  time === null ? null : (Date.parse(time) - beginning) / 1000

const orNull = (cell: string): string | null => (cell === '' ? null : cell)
/** Jitter is up to a tenth of the pause. */
const isAbout = (found: number | null, wanted: string): boolean =>
  wanted === '' ? found === null : found !== null && Math.abs(found - Number(wanted)) <= 40

for (const row of rowsOf(file, 'Lives')) {
  const life = row.cell('life')
  test(`deliveries.md:${row.line} ${life}`, async (context) => {
    const views = await viewsWith(context, '', { d1: [life] })
    const found = views.delivery('d1')!
    const { status, attempts, finishedAt, reason, lastReply } = found
    assert.deepEqual(
      { status, attempts, finished: seconds(finishedAt), reason, lastReply },
      {
        status: row.cell('status'),
        attempts: Number(row.cell('attempts')),
        finished: row.cell('finished') === '' ? null : Number(row.cell('finished')),
        reason: orNull(row.cell('reason')),
        lastReply: orNull(row.cell('last reply')),
      },
    )
    const next = seconds(found.nextAttemptAt)
    assert.ok(isAbout(next, row.cell('next')), `next ${next}, not ${row.cell('next')}`)
    const due = views.noticesDue(9).map(({ kind, attempt }) => `${kind} ${attempt}`)
    assert.equal(due.join(', '), row.cell('notices due'))
  })
}

for (const row of rowsOf(file, 'Recipients')) {
  const life = row.cell('life')
  test(`deliveries.md:${row.line} ${life}`, async (context) => {
    const views = await viewsWith(context, '', { d1: [life] })
    const told = views
      .delivery('d1')!
      .recipients.map(({ address, status, reply }) => [address, status, reply ?? ''].join(' ').trim())
    assert.equal(told.join('; '), row.cell('recipients'))
  })
}

test('a delivery has the shape that is promised outside', async (context) => {
  const views = await viewsWith(context, '', {
    d1: ['queue(Bob@y.example) start route connected end(Bob@y.example=451)', { nextHop: 'y.example' }],
  })
  const { nextAttemptAt, ...rest } = views.delivery('d1')!
  assert.match(nextAttemptAt!, /^2026-01-01T00:0[45]:\d\d\.\d{3}Z$/)
  assert.deepEqual(rest, {
    id: 'd1',
    message: 't1',
    sender: 'alice@example.net',
    nextHop: 'y.example',
    forwarder: null,
    domain: 'y.example',
    status: 'deferred',
    queuedAt: '2026-01-01T00:00:00.000Z',
    acceptedAt: '2026-01-01T00:00:00.000Z',
    attempts: 1,
    finishedAt: null,
    recipients: [
      {
        address: 'Bob@y.example',
        status: 'deferred',
        reply: '451 4.7.1 Come back later',
        enhancedCode: '4.7.1',
      },
    ],
    lastReply: '451 4.7.1 Come back later',
    reason: 'refused-for-now',
    fault: null,
    node: null,
    leaseUntil: null,
    noted: null,
    warned: false,
    uncertain: 0,
  })
})

test('an attempt under way says who makes it; one that was cut off says what it may have done', async (context) => {
  const views = await viewsWith(context, '', {
    d1: ['queue start'],
    d2: ['queue start route connected lost', { message: 't2' }],
    d3: ['queue start lost', { message: 't3' }],
  })
  assert.deepEqual(views.openDeliveries(), [{ id: 'd1', node: 'mx', leaseUntil: beginning + 1_801_000 }])
  assert.equal(views.delivery('d1')?.node, 'mx')
  assert.equal(views.delivery('d2')?.uncertain, 1)
  assert.equal(views.delivery('d3')?.uncertain, 0)
  assert.equal(views.delivery('d2')?.leaseUntil, null)
})

const ids = (found: Iterable<{ readonly id: string }>): string => [...found].map(({ id }) => id).join(' ')

test('deliveries are found by what people know of them', async (context) => {
  const hour = 3_600_000
  const views = await viewsWith(context, '', {
    d1: ['queue(Bob@y eve@y) start route connected end(Bob@y=250 eve@y=250)', { start: beginning }],
    d2: ['queue(bob@z) hold', { message: 't2', nextHop: 'z', sender: '', start: beginning + hour }],
    d3: ['queue(x_y@z) start', { message: 't2', nextHop: 'zz', start: beginning + 2 * hour }],
    d4: ['queue(xxy@z) start fault(timeout)', { message: 't4', start: beginning + 3 * hour }],
  })
  const found = (filter: Parameters<typeof views.deliveries>[0]) => ids(views.deliveries(filter))
  for (const limit of [undefined, 50]) {
    assert.equal(found({ limit }), 'd1 d2 d3 d4')
    assert.equal(found({ status: 'held', limit }), 'd2')
    assert.equal(found({ status: 'expired', limit }), '')
    assert.equal(found({ recipient: 'BOB@y', limit }), 'd1')
    assert.equal(found({ recipient: '<bob@Z>', limit }), 'd2')
    assert.equal(found({ recipient: 'x_y@z', limit }), 'd3')
    assert.equal(found({ recipient: 'x*', limit }), 'd3 d4')
    assert.equal(found({ recipient: '*@z', status: 'active', limit }), 'd3')
    assert.equal(found({ domain: 'Z', limit }), 'd2 d3 d4')
    assert.equal(found({ domain: '*', recipient: 'eve@y', limit }), 'd1')
    assert.equal(found({ sender: '<>', limit }), 'd2')
    assert.equal(found({ sender: 'Alice@*', limit }), 'd1 d3 d4')
    assert.equal(found({ sender: 'alice@example.NET', domain: 'z', limit }), 'd3 d4')
    assert.equal(found({ message: 't2', limit }), 'd2 d3')
    assert.equal(found({ message: 't2', sender: '<>', limit }), 'd2')
    assert.equal(found({ since: beginning + hour, until: beginning + 2 * hour, limit }), 'd2 d3')
    assert.equal(found({ until: beginning, limit }), 'd1')
    assert.equal(found({ domain: 'z', since: beginning + 2 * hour, limit }), 'd3 d4')
  }
  assert.equal(found({ limit: 2 }), 'd3 d4')
  assert.equal(found({ domain: 'z', limit: 2 }), 'd3 d4')
  assert.equal(found({ recipient: 'x*', limit: 1 }), 'd4')
  assert.equal(found({ status: 'queued', limit: 1 }), '')
  assert.deepEqual(views.deliveryIds('d'), ['d1', 'd2', 'd3'])
  assert.deepEqual(views.deliveryIds('4'), ['d4'])
  assert.equal(ids(views.deliveriesOf('t2')), 'd2 d3')
})

test('what is due comes in the order of its times, and only what waits for one', async (context) => {
  const views = await viewsWith(context, '', {
    d1: ['queue', { acceptedAt: beginning + 5_000 }],
    d2: ['queue', { message: 't2', acceptedAt: beginning + 1_000 }],
    d3: ['queue hold', { message: 't3' }],
    d4: ['queue start fault(timeout)', { message: 't4', nextHop: 'z' }],
    d5: ['queue start route connected end(bob@y)', { message: 't5' }],
  })
  const due = (before: number, limit = 9, except: readonly string[] = []) =>
    views.dueDeliveries(before, { limit, except }).map(({ id }) => id)
  assert.deepEqual(due(beginning), [])
  assert.deepEqual(due(beginning + 5_000), ['d2', 'd1'])
  assert.deepEqual(due(beginning + 3_600_000), ['d2', 'd1', 'd4'])
  assert.deepEqual(due(beginning + 3_600_000, 1), ['d2'])
  assert.deepEqual(due(beginning + 3_600_000, 9, ['y']), ['d4'])
  const [, , { at, ...last } = { at: 0 }] = views.dueDeliveries(beginning + 3_600_000, { limit: 3 })
  assert.ok(Math.abs(at - beginning - 302_000) <= 30_000)
  assert.deepEqual(last, {
    ...{ id: 'd4', message: 't4', nextHop: 'z', sender: 'alice@example.net' },
    ...{ attempts: 1, isRetry: true },
  })
})

test('what the router owes: a next hop of a message, until its delivery is queued', async (context) => {
  const views = await viewsWith(
    context,
    'open accept(t1 a@here b@y=>y c@y=>y d@z=>z) accept(t2 a@here)',
    { d1: ['queue(b@y c@y)', { message: 't1', nextHop: 'y' }] },
    'accept(t3 b@y=>y)',
  )
  assert.deepEqual(views.unrouted(9), [
    { message: 't1', nextHop: 'z', acceptedAt: beginning + 2_000, stream: 'smtp_session-s1', revision: 1 },
    { message: 't3', nextHop: 'y', acceptedAt: beginning + 4_000, stream: 'smtp_session-s1', revision: 3 },
  ])
  assert.equal(views.unrouted(1).length, 1)
  assert.equal(views.ledger().unaccounted, 0)
})

test('what is forwarded for an alias is owed apart from other mail for the same hop', async (context) => {
  const accept =
    'open accept(t1 b@y=>y sales@here->a@here sales@here->c@y=>y info@here->c@y=>y info@here->d@y=>y)'
  const owed = (views: ViewReader) => views.unrouted(9).map(({ nextHop, message }) => `${message} ${nextHop}`)
  const hop = { message: 't1', nextHop: 'y' }
  const all = await viewsWith(context, accept, {})
  assert.deepEqual(owed(all), ['t1 y', 't1 y', 't1 y'])
  assert.deepEqual(all.ledger(), { messages: 1, filed: 1, waiting: 3, unaccounted: 0 })
  const some = await viewsWith(context, accept, {
    d1: ['queue(b@y)', hop],
    d2: ['queue(d@y) start route connected end(d@y=250)', { ...hop, forwarder: 'info@here' }],
  })
  assert.deepEqual(owed(some), ['t1 y'])
  assert.equal(some.delivery('d2')?.forwarder, 'info@here')
  assert.deepEqual(some.ledger(), { messages: 1, filed: 1, waiting: 2, unaccounted: 0 })
  assert.deepEqual(some.message('t1')?.recipients, ['b@y', 'sales@here', 'info@here'])
})

test('deliveries are found by the account that submitted the mail', async (context) => {
  const views = await viewsWith(
    context,
    'open submit(Ann@x t1 b@y=>y c@z=>z) submit(bob@x t2 b@y=>y) accept(t3 b@y=>y) submit(ann@x t4 b@y=>y)',
    {
      t1aaaaaa: ['queue(b@y) start route connected end(b@y=250)', { message: 't1', nextHop: 'y' }],
      t1bbbbbb: ['queue(c@z)', { message: 't1', nextHop: 'z' }],
      t2aaaaaa: ['queue(b@y)', { message: 't2', nextHop: 'y' }],
      t3aaaaaa: ['queue(b@y)', { message: 't3', nextHop: 'y' }],
      t4aaaaaa: ['queue(b@y)', { message: 't4', nextHop: 'y' }],
    },
  )
  const found = (filter: Parameters<typeof views.deliveries>[0]) =>
    [...views.deliveries(filter)].map(({ id }) => id.slice(0, 3)).join(' ')
  assert.equal(found({ account: 'ann@X' }), 't1a t1b t4a')
  assert.equal(found({ account: 'ann@x', limit: 9, before: atTheTop }), 't4a t1b t1a')
  assert.equal(found({ account: 'ann@x', limit: 1, before: atTheTop }), 't4a')
  assert.equal(found({ account: 'ann@x', status: 'delivered' }), 't1a')
  assert.equal(found({ account: 'ann@x', message: 't2' }), '')
  assert.equal(found({ account: 'bob@x', domain: 'y' }), 't2a')
  assert.equal(found({ account: '*' }), '')
})

test('forwarded mail is found by its alias, the domain of that, and the sender it came from', async (context) => {
  const accept =
    'open mail accept(t1 Sales@Here.example->c@y=>y) mail accept(t2 b@y=>y) mail accept(t3 sales@here.example->d@z=>z)'
  const srs = { sender: 'SRS0=x=y=z=alice@here.example', nextHop: 'y' }
  const views = await viewsWith(context, accept, {
    t1aaaaaa: ['queue(c@y)', { ...srs, message: 't1', forwarder: 'Sales@Here.example' }],
    t2aaaaaa: ['queue(b@y)', { message: 't2', sender: 'alice@example.net', nextHop: 'y' }],
    t3aaaaaa: ['queue(d@z)', { ...srs, message: 't3', forwarder: 'sales@here.example', nextHop: 'z' }],
  })
  const found = (filter: Parameters<typeof views.deliveries>[0]) =>
    [undefined, 50].map((limit) =>
      [...views.deliveries({ ...filter, limit })].map(({ id }) => id.slice(0, 2)).join(' '),
    )
  assert.deepEqual(found({ recipient: 'SALES@here.example' }), ['t1 t3', 't1 t3'])
  assert.deepEqual(found({ recipient: 'c@y' }), ['t1', 't1'])
  assert.deepEqual(found({ domain: 'here.EXAMPLE' }), ['t1 t3', 't1 t3'])
  assert.deepEqual(found({ domain: 'y' }), ['t1 t2', 't1 t2'])
  assert.deepEqual(found({ domain: 'ere.example' }), ['', ''])
  assert.deepEqual(found({ sender: 'Alice@example.net' }), ['t1 t2 t3', 't1 t2 t3'])
  assert.deepEqual(found({ sender: '*@example.net' }), ['t1 t2 t3', 't1 t2 t3'])
  assert.deepEqual(found({ sender: srs.sender }), ['t1 t3', 't1 t3'])
  assert.deepEqual(found({ sender: 'alice@example.net', domain: 'z' }), ['t3', 't3'])
})

test('a notice is due until a message is accepted that is it, or the log says that none will be', async (context) => {
  const lives: Lives = {
    d1: ['queue start gone(no-such-domain)'],
    d2: ['queue start gone(no-such-domain)', { message: 't2' }],
    d3: ['queue start gone(no-such-domain)', { message: 't3', sender: '' }],
    d4: ['queue(bob@y/NEVER eve@y) start route connected end(bob@y=250 eve@y=550)', { message: 't4' }],
    d5: ['queue start gone(no-such-domain)', { message: 't5' }],
  }
  const views = await viewsWith(
    context,
    '',
    lives,
    'report(n1 d1 failed alice@example.net 1) dropped(d5 failed 1 nobody-to-tell)',
  )
  assert.deepEqual(
    views.noticesDue(9).map(({ delivery, kind, message, sender }) => [delivery, kind, message, sender]),
    [
      ['d2', 'failed', 't2', 'alice@example.net'],
      ['d4', 'failed', 't4', 'alice@example.net'],
    ],
  )
  assert.deepEqual(views.notices('d1'), [{ kind: 'failed', attempt: 1, message: 'n1', reason: null }])
  assert.deepEqual(views.notices('d2'), [])
  const report = views.message('n1')!
  assert.deepEqual(views.notices('d5'), [
    { kind: 'failed', attempt: 1, message: null, reason: 'nobody-to-tell' },
  ])
  assert.deepEqual(report.cause, { delivery: 'd1', kind: 'failed', attempt: 1 })
  assert.equal(report.session, null)
  assert.equal(report.stream, 'notice-d1_failed_1')
})

test('a message waits while a delivery of it does', async (context) => {
  const accepted = 'open accept(t1 a@here b@y=>y c@y=>y d@z=>z)'
  const y = { message: 't1', nextHop: 'y' }
  const z = { message: 't1', nextHop: 'z' }
  const waiting = async (lives: Lives) => {
    const views = await viewsWith(context, accepted, lives)
    return [views.message('t1')?.waiting, views.ledger().waiting, views.ledger().unaccounted]
  }
  const cases: readonly (readonly [Lives, waiting: number])[] = [
    [{}, 3],
    [{ d1: ['queue(b@y c@y)', y] }, 3],
    [{ d1: ['queue(b@y c@y) start route connected end(b@y=250 c@y=451)', y] }, 2],
    [{ d1: ['queue(b@y c@y) start route connected end(b@y=250 c@y=250)', y] }, 1],
    [{ d1: ['queue(b@y c@y) cancel', y], d2: ['queue(d@z)', z] }, 1],
    [
      { d1: ['queue(b@y c@y) start gone(null-mx)', y], d2: ['queue(d@z) start route connected end(d@z)', z] },
      0,
    ],
  ]
  for (const [lives, wanted] of cases) assert.deepEqual(await waiting(lives), [wanted, wanted, 0])
})

test('two recipients of one address wait for one mail', async (context) => {
  const views = await viewsWith(context, 'open accept(t1 b@y=>y b@y=>y)', {
    d1: ['queue(b@y b@y) start route connected end(b@y=250)', { message: 't1' }],
  })
  assert.equal(views.message('t1')?.waiting, 0)
})

test('a rebuilt view of deliveries equals the live one', async (context) => {
  const views = await viewsWith(context, 'open accept(t1 b@y=>y) accept(t2 b@y=>y)', {
    d1: [
      'queue(b@y/SUCCESS) start route connected end(b@y=451) +2h start fault(timeout) start lost',
      { message: 't1' },
    ],
    d2: ['queue(b@y) start gone(null-mx)', { message: 't2' }],
  })
  const sums = async () => (await views.checked()).map(({ name, rows, checksum }) => [name, rows, checksum])
  const before = await sums()
  await views.rebuild([])
  assert.deepEqual(await sums(), before)
})
