/** Traces: what a collector is told of a real mail, and that mail does not mind what the collector does. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { acceptedAs, greeted, send } from '../client.ts'
import { valueIn } from '../http/exposition.ts'
import { figures } from '../http/figures.ts'
import { eventually, fsmtp, type Settings, scratch, startTestServer, workplace } from '../server.ts'
import { type Collector, collector, type Told } from './collector.ts'

const listeners = ['mx', 'http'].map((service) => ({ service, address: '127.0.0.1', port: 0 }))
const playground: Settings = { playground: true, hostname: 'localhost', domains: [], listeners }

const tracedServer = async (t: TestContext, { url }: Pick<Collector, 'url'>, telemetry: Settings = {}) => {
  const server = await startTestServer({
    ...{ ...playground, telemetry: { endpoint: url, ...telemetry } },
    delivery: { retry: ['1h'], warnAfter: '2h', giveUpAfter: '5h' },
  })
  t.after(() => server.stop())
  return server
}

const named = ({ spans }: Pick<Collector, 'spans'>, name: string): readonly Told[] =>
  spans.filter((span) => span.name === name)
const outcomes = (spans: readonly Told[]): readonly unknown[] =>
  spans.map(({ attributes }) => attributes['fsmtp.outcome']).toSorted()

test('one mail is told as a session with its transaction, and a message with its deliveries and their attempts', async (t) => {
  const to = await collector(t)
  const server = await tracedServer(t, to, { headers: { 'X-Scope': 'mail' }, service: 'post' })
  const before = Date.now()
  const line = await greeted(server.port('mx'))
  const recipients = ['a@delivered.test', 'b@deferred.test', 'c@bounced.test', 'me@localhost']
  const secret = 'Subject: secret-subject\r\n\r\nsecret-content'
  const message = acceptedAs(await send(line, secret, { to: recipients, from: 'secret-sender@localhost' }))
  assert.ok(message)
  await line.say('RSET')
  assert.match(await send(line, '', { to: ['550@refused.test'] }), /^550/)
  assert.match(await line.say('QUIT'), /^221/)
  line.hangUp()
  await eventually(() => named(to, 'attempt').length >= 3 && named(to, 'session mx').length === 1, {
    ...{ what: 'that all is told', within: 30_000 },
  })

  const [session] = named(to, 'session mx')
  const [opened] = await server
    .events()
    .then((events) => events.filter(({ type }) => type === 'SessionOpened'))
  const closed = (await server.events()).find(({ type }) => type === 'SessionClosed')
  assert.equal(session?.parentSpanId, null)
  assert.equal(session?.kind, 2)
  assert.deepEqual([session?.from, session?.to], [opened?.at, closed?.at])
  assert.ok(session!.from >= before && session!.to <= Date.now())
  const id = opened!.stream.replace('smtp_session-', '')
  assert.equal(session?.attributes['fsmtp.session.id'], id)
  assert.equal(session?.attributes['fsmtp.outcome'], 'accepted')
  assert.equal(session?.attributes['fsmtp.reason'], 'quit')
  assert.deepEqual(
    [session?.resource['service.name'], session?.resource['service.instance.id']],
    ['post', 'localhost'],
  )

  const transactions = named(to, 'transaction')
  assert.deepEqual(outcomes(transactions), ['accepted', 'refused'])
  for (const { traceId, parentSpanId, from, to: end } of transactions) {
    assert.deepEqual([traceId, parentSpanId], [session?.traceId, session?.spanId])
    assert.ok(from >= session!.from && end <= session!.to)
  }
  const accepted = transactions.find(({ attributes }) => attributes['fsmtp.outcome'] === 'accepted')
  const refused = transactions.find(({ attributes }) => attributes['fsmtp.outcome'] === 'refused')
  assert.equal(accepted?.attributes['fsmtp.message.id'], message)
  assert.equal(accepted?.attributes['fsmtp.recipients.accepted'], 4)
  assert.equal(refused?.attributes['fsmtp.reply.code'], 550)
  assert.ok(refused?.attributes['fsmtp.reason'])

  const told = named(to, 'message').find(({ attributes }) => attributes['fsmtp.message.id'] === message)
  assert.ok(told)
  assert.deepEqual(accepted?.links, [{ traceId: told.traceId, spanId: told.spanId }])
  assert.deepEqual(told.links, [{ traceId: accepted!.traceId, spanId: accepted!.spanId }])
  assert.notEqual(told.traceId, session?.traceId)
  const attempts = named(to, 'attempt')
  assert.deepEqual(outcomes(attempts), ['deferred', 'delivered', 'failed'])
  const events = await server.events()
  for (const attempt of attempts) {
    const delivery = String(attempt.attributes['fsmtp.delivery.id'])
    assert.equal(attempt.traceId, told.traceId)
    assert.equal(attempt.kind, 3)
    const ofDelivery = events.filter(({ stream }) => stream === `delivery-${delivery}`)
    const started = ofDelivery.find(({ type }) => type === 'AttemptStarted')
    const ended = ofDelivery.find(({ data }) => data.endedAt !== undefined)
    assert.deepEqual([attempt.from, attempt.to], [started?.data.startedAt, ended?.data.endedAt])
    const isOver = attempt.attributes['fsmtp.outcome'] !== 'deferred'
    const [span] = to.spans.filter(({ spanId }) => spanId === attempt.parentSpanId)
    assert.equal(span?.name, isOver ? 'delivery' : undefined)
    if (span === undefined) continue
    assert.deepEqual([span.traceId, span.parentSpanId], [told.traceId, told.spanId])
    assert.equal(span.from, ofDelivery.find(({ type }) => type === 'DeliveryQueued')?.at)
    assert.ok(span.to >= attempt.to)
  }
  const failed = attempts.find(({ attributes }) => attributes['fsmtp.outcome'] === 'failed')
  assert.equal(failed?.status?.code, 2)
  assert.ok(Number(failed?.attributes['fsmtp.reply.code']) >= 500)
  assert.match(String(failed?.attributes['fsmtp.next_hop']), /^bounced\.test/)
  assert.equal(new Set(to.spans.map(({ spanId }) => spanId)).size, to.spans.length, 'a span is there twice')

  for (const { path, headers, body } of to.requests) {
    assert.equal(path, '/v1/traces')
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(headers['x-scope'], 'mail')
    for (const word of ['secret-', 'a@delivered', 'c@bounced', 'me@localhost', 'client.example'])
      assert.ok(!body.includes(word), word)
  }
  const http = server.running.http[0]!.port
  assert.equal(
    valueIn(await figures(http), 'fsmtp_telemetry_spans_total', { result: 'exported' }),
    to.spans.length,
  )
})

test('a silent collector keeps no mail and no stop waiting; a fault is said once, and what waits is told when it is back', async (t) => {
  const to = await collector(t)
  to.says(() => {})
  const server = await tracedServer(t, to, { timeout: '1s' })
  const line = await greeted(server.port('mx'))
  for (let mails = 0; mails < 20; mails++)
    assert.ok(acceptedAs(await send(line, 'Subject: x\r\n\r\nx', { to: ['me@localhost'] })))
  await eventually(() => to.requests.length > 0)
  await eventually(() => server.notices.some((text) => /takes no traces \(timeout\)/.test(text)))
  assert.ok(acceptedAs(await send(line, 'Subject: x\r\n\r\nx', { to: ['me@localhost'] })))
  to.says((reply) => reply.writeHead(503).end())
  const http = server.running.http[0]!.port
  const found = await eventually(async () => {
    const now = await figures(http)
    return valueIn(now, 'fsmtp_telemetry_failures_total', { error: 'answered 503' }) > 0 && now
  })
  assert.ok(valueIn(found, 'fsmtp_telemetry_spans_waiting') >= 21)
  assert.equal(valueIn(found, 'fsmtp_telemetry_spans_total', { result: 'exported' }), 0)
  await line.say('QUIT')
  line.hangUp()
  to.says((reply) => reply.writeHead(200).end('{}'))
  await eventually(() => named(to, 'session mx').length === 1, { within: 30_000 })
  assert.equal(named(to, 'transaction').length, 21)
  assert.equal(server.notices.filter((text) => /takes no traces/.test(text)).length, 1)
})

test('what the collector refuses is not sent again; there is no traffic where none is configured', async (t) => {
  const to = await collector(t)
  to.says((reply) => reply.writeHead(400).end('no'))
  const server = await tracedServer(t, to)
  const mail = async (): Promise<void> => {
    const line = await greeted(server.port('mx'))
    assert.ok(acceptedAs(await send(line, 'Subject: x\r\n\r\nx', { to: ['me@localhost'] })))
    await line.say('QUIT')
    line.hangUp()
  }
  await mail()
  await eventually(() => server.notices.some((text) => /\(answered 400\): does not want them/.test(text)))
  to.says((reply) => reply.writeHead(200).end('{}'))
  await mail()
  await eventually(() => named(to, 'session mx').length === 1)
  assert.equal(to.spans.filter(({ name }) => name === 'session mx').length, 1)
})

const refusals = [
  [{ endpont: 'http://127.0.0.1:4318' }, /telemetry\.endpont: unknown key; did you mean endpoint\?/],
  [
    { endpoint: 'grpc://127.0.0.1:4317' },
    /telemetry\.endpoint: is no URL of the form http:\/\/127\.0\.0\.1:4318/,
  ],
  [{ endpoint: 'http://me:open-sesame@127.0.0.1' }, /telemetry\.endpoint: must be without a user/],
  [{ endpoint: 'http://127.0.0.1', headersFile: 'none' }, /telemetry\.headersFile: .*none does not exist/],
] as const

test('what is wrong with the section is said with its line; secrets of it are not shown', async () => {
  for (const [telemetry, words] of refusals) {
    const checked = await fsmtp(workplace({ telemetry }), ['config', 'check'])
    assert.equal(checked.code, 1, checked.stdout)
    assert.match(checked.stdout, words)
    assert.ok(!`${checked.stdout}${checked.stderr}`.includes('open-sesame'))
  }
  const place = workplace({
    telemetry: { endpoint: 'http://127.0.0.1:4318', headers: { authorization: 'Bearer open-sesame' } },
  })
  const shown = await fsmtp(place, ['config', 'show'])
  assert.match(shown.stdout, /telemetry\.headers\.authorization +file +\*\*\*/)
  assert.match(shown.stdout, /telemetry\.endpoint +file +http:\/\/127\.0\.0\.1:4318\/v1\/traces/)
  assert.ok(!shown.stdout.includes('open-sesame'))
})

test('headers come from a file', async (t) => {
  const to = await collector(t)
  const headersFile = join(scratch('headers'), 'collector.headers')
  writeFileSync(headersFile, '# of the collector\nAuthorization: Bearer open-sesame\n')
  const server = await tracedServer(t, to, { headersFile })
  const line = await greeted(server.port('mx'))
  await line.say('QUIT')
  line.hangUp()
  await eventually(() => to.spans.length > 0)
  assert.equal(to.requests[0]?.headers.authorization, 'Bearer open-sesame')
  assert.deepEqual(outcomes(to.spans), ['idle'])
})
