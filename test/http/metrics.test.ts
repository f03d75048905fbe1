/** The figures: in the format they are promised in, and moved by what happens. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { version } from '../../src/version.ts'
import { acceptedAs, greeted, send } from '../client.ts'
import { eventually } from '../server.ts'
import { ask, watchedServer } from './asking.ts'
import { type Exposition, readExposition, valueIn } from './exposition.ts'
import { figures } from './figures.ts'

test('figures are in the text format, and those of the process are there', async (t) => {
  const { http } = await watchedServer(t)
  const found = await figures(http)
  assert.equal(valueIn(found, 'fsmtp_build_info', { version, node_version: process.version }), 1)
  assert.ok(valueIn(found, 'process_resident_memory_bytes') > 10_000_000)
  for (const name of [
    'nodejs_eventloop_lag_p99_seconds',
    'nodejs_heap_size_used_bytes',
    'process_cpu_seconds_total',
  ])
    assert.ok(found.has(name), name)
  for (const check of ['log', 'content', 'views', 'membership'])
    assert.equal(valueIn(found, 'fsmtp_check_ok', { check }), 1)
  for (const [name, { help }] of found) if (name.startsWith('fsmtp_')) assert.match(help, /\.$/, name)
})

test('a mail that is taken and one that is refused move their figures', async (t) => {
  const { http, port } = await watchedServer(t)
  const before = await figures(http)
  const line = await greeted(port('mx'))
  assert.equal(valueIn(await figures(http), 'fsmtp_sessions', { service: 'mx' }), 1)
  assert.ok(acceptedAs(await send(line, 'Subject: x\r\n\r\nhello', { to: ['postmaster@example.org'] })))
  await line.say('RSET')
  assert.match(await send(line, '', { to: ['somebody@elsewhere.example'] }), /^550/)
  assert.match(await line.say('QUIT'), /^221/)
  line.hangUp()
  const after = await eventually(async () => {
    const now = await figures(http)
    return valueIn(now, 'fsmtp_sessions_closed_total', { reason: 'quit' }) === 1 && now
  })
  const moved = (name: string, labels = {}) => valueIn(after, name, labels) - valueIn(before, name, labels)
  assert.equal(moved('fsmtp_sessions_opened_total', { service: 'mx' }), 1)
  assert.equal(moved('fsmtp_messages_accepted_total', { origin: 'client' }), 1)
  assert.equal(moved('fsmtp_recipients_accepted_total', { origin: 'client', destination: 'mailbox' }), 1)
  assert.equal(moved('fsmtp_message_bytes_total', { origin: 'client' }), 'Subject: x\r\n\r\nhello\r\n'.length)
  assert.equal(moved('fsmtp_refusals_total', { what: 'recipient', reason: 'relaying-denied' }), 1)
  assert.ok(moved('fsmtp_log_append_seconds_count') >= 2)
  assert.ok(moved('fsmtp_log_append_seconds_sum') > 0)
  assert.equal(valueIn(after, 'fsmtp_log_waiting_bytes'), 0)
  assert.equal(valueIn(after, 'fsmtp_log_appends_in_flight'), 0)
  await eventually(async () => valueIn(await figures(http), 'fsmtp_sessions', { service: 'mx' }) === 0, {
    what: 'that nobody is there',
  })
  await eventually(
    async () => valueIn(await figures(http), 'fsmtp_view_lag_events', { view: 'messages' }) === 0,
    { what: 'that the view has read all' },
  )
})

test('attempts to deliver are counted by what they came to, and what is left is told by status', async (t) => {
  const { http, port } = await watchedServer(t, {
    ...{ playground: true, hostname: 'localhost', domains: [] },
    delivery: { retry: ['1h'], warnAfter: '2h', giveUpAfter: '5h' },
  })
  const line = await greeted(port('mx'))
  const to = ['a@delivered.test', 'b@deferred.test', 'c@bounced.test']
  assert.ok(acceptedAs(await send(line, 'Subject: x\r\n\r\nx', { to, from: 'me@localhost' })))
  line.hangUp()
  const found = await eventually(async () => {
    const now = await figures(http)
    const attempts = ['delivered', 'deferred', 'failed'].map((result) =>
      valueIn(now, 'fsmtp_delivery_attempts_total', { result, route: 'mx' }),
    )
    return (
      attempts.every((count) => count === 1) &&
      valueIn(now, 'fsmtp_messages_accepted_total', { origin: 'notice' }) === 1 &&
      now
    )
  })
  assert.equal(valueIn(found, 'fsmtp_deliveries_queued_total'), 3)
  assert.equal(valueIn(found, 'fsmtp_destinations_resting'), 0)
  const left = await eventually(
    async () => {
      const now = await figures(http)
      return valueIn(now, 'fsmtp_deliveries', { status: 'deferred' }) === 1 && now
    },
    { what: 'the deferred one' },
  )
  assert.equal(valueIn(left, 'fsmtp_deliveries', { status: 'queued' }), 0)
  assert.ok(valueIn(left, 'fsmtp_delivery_oldest_seconds', { status: 'deferred' }) > 0)
  const over = (now: Exposition, status: string) =>
    valueIn(now, 'fsmtp_deliveries_finished_total', { status, route: 'mx' })
  assert.deepEqual(
    ['delivered', 'failed'].map((status) => over(left, status)),
    [1, 1],
  )
  const cancelled = await ask(http, '/api/v1/deliveries/actions', {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify({ action: 'cancel', filter: { status: 'deferred' } }),
  })
  assert.equal(cancelled.status, 200, cancelled.text)
  // Of the way it was tried before.
  await eventually(async () => over(await figures(http), 'cancelled') === 1)
})

test('what is no exposition is noticed', () => {
  const wrong = [
    'x 1\n',
    '# HELP x y\n# TYPE x gauge\nx 1',
    '# HELP x y\n# TYPE x gauge\ny 1\n',
    '# HELP x y\n# TYPE x gauge\nx 1\nx 2\n',
    '# HELP x y\n# TYPE x gauge\nx{a=b} 1\n',
    '# HELP x y\n# TYPE x gauge\nx{a="b"c="d"} 1\n',
    '# HELP x y\n# TYPE x gauge\nx undefined\n',
    '# HELP x y\n# TYPE x counter\nx -1\n',
    '# HELP x y\n# TYPE x histogram\nx_bucket{le="1"} 2\nx_bucket{le="+Inf"} 1\nx_sum 1\nx_count 1\n',
  ]
  for (const text of wrong) assert.throws(() => readExposition(text), text)
})
