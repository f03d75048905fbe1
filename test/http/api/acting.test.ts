/** What is done over the Web API: mail is sent, deliveries are acted upon. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { scratch } from '../../server.ts'
import { type Api, type Asked, apiServer, detailOf, eventually, type Json } from './asking.ts'

const demo = { addresses: ['demo@localhost'], password: 'a password' } as const

/** A playground with its account. */
const sending = async (t: TestContext, place?: { readonly data: string }): Promise<Api> => {
  const api = await apiServer(t, {}, place)
  if (place === undefined) await api.server.addAccount(demo)
  return api
}

const post = (api: Api, body: object | string, headers: Asked['headers'] = {}) =>
  api.ask('/messages', { method: 'POST', body, headers })

test('a mail is composed of its fields, and taken like any other of the account', async (t) => {
  const api = await sending(t)
  const sent = await post(api, {
    to: ['Ann Ö <ann@example.net>', 'bob@example.net'],
    bcc: 'secret@example.net',
    subject: 'Grüße',
    text: 'Hi\n.\n.. dots',
    html: '<p>Hi</p>',
    headers: { 'X-Team': 'a' },
    attachments: [{ filename: 'a.bin', content: Buffer.from([0, 255, 10]).toString('base64') }],
  })
  assert.equal(sent.status, 202, sent.text)
  const id = String(sent.json.id)
  assert.equal(sent.headers.location, `/api/v1/messages/${id}`)
  const found = await api.get(`/messages/${id}`)
  assert.deepEqual(
    [found.sender, found.user, found.recipients, found.subject],
    [
      'demo@localhost',
      'demo@localhost',
      ['ann@example.net', 'bob@example.net', 'secret@example.net'],
      'Grüße',
    ],
  )
  const { text } = await api.ask(`/messages/${id}/raw`)
  assert.match(text, /^X-Team: a\r$/m)
  assert.doesNotMatch(text.slice(text.indexOf('\r\n\r\n')), /secret/)
  assert.doesNotMatch(text, /^bcc:/im)
  const parts = await api.get(`/messages/${id}/parts`)
  assert.equal(parts.text, 'Hi\n.\n.. dots\n')
  assert.deepEqual(
    (parts.attachments as readonly Json[]).map(({ name, size }) => [name, size]),
    [['a.bin', 3]],
  )
  const session = await api.get(`/sessions/${found.session}`)
  assert.deepEqual(
    [session.listener, session.outcome, session.user],
    ['submission', 'accepted', 'demo@localhost'],
  )
  const steps = await api.items(`/sessions/${found.session}/steps`)
  assert.ok(steps.every(({ diverged }) => diverged === null))
})

test('a mail is given whole, its blind copies are taken out of it', async (t) => {
  const api = await sending(t)
  const mail = 'From: demo@localhost\nTo: ann@example.net\nBcc: eve@example.net\nSubject: Raw\n\n.dot\n'
  const sent = await post(api, mail, { 'content-type': 'message/rfc822' })
  assert.equal(sent.status, 202, sent.text)
  await api.settled()
  const found = await api.get(`/messages/${sent.json.id}`)
  assert.deepEqual(found.recipients, ['ann@example.net', 'eve@example.net'])
  const { text } = await api.ask(`/messages/${sent.json.id}/raw`)
  assert.ok(text.endsWith('Subject: Raw\r\n\r\n.dot\r\n'), text)
  assert.doesNotMatch(text, /eve/)
  const other = await api.ask('/messages?to=bob@example.net', {
    ...{ method: 'POST', body: mail, headers: { 'content-type': 'message/rfc822' } },
  })
  assert.deepEqual((await api.get(`/messages/${other.json.id}`)).recipients, ['bob@example.net'])
})

test('what is refused is told in the words of the server', async (t) => {
  const api = await sending(t)
  const never = await post(api, { to: '552@example.net' })
  assert.equal(never.status, 422)
  assert.match(detailOf(never), /refused: 552 5\.\d\.\d /)
  const later = await post(api, { to: '451@example.net' })
  assert.equal(later.status, 503)
  const some = await post(api, { to: ['552@example.net', 'a@example.net'] })
  assert.equal(some.status, 202)
  assert.deepEqual(
    (some.json.refused as readonly Json[]).map(({ address }) => address),
    ['552@example.net'],
  )
  assert.equal((await api.items('/messages')).length <= 1, true)
})

test('nothing that is given becomes a command, another header line, or a file of this machine', async (t) => {
  const api = await sending(t)
  const to = 'a@example.net'
  for (const [body, words] of [
    [{ to: 'a@b>\r\nRCPT TO:<c@d' }, /^to: write addresses/],
    [{ to, subject: 'a\r\nBcc: x@y' }, /^subject: must be one line/],
    [{ to, headers: { 'X-A': 'a\nBcc: x@y' } }, /^headers: X-A must be one line/],
    [{ to, headers: { 'X A': 'a' } }, /^headers: a name/],
    [{ to, headers: { Bcc: 'x@y' } }, /^headers: Bcc is not yours/],
    [{ to, attachments: [{ path: '/etc/passwd', content: '' }] }, /^body\.attachments/],
    [{ to, attachments: [{ content: 'not base64!' }] }, /base64/],
    [{ subject: 'nobody' }, /^to: say who gets it/],
    [{ to, nonsense: 1 }, /nonsense/],
    ['{"to":', /is no JSON/],
    [`${'['.repeat(50_000)}`, /nested deeper/],
  ] as const) {
    const answer = await post(api, body, { 'content-type': 'application/json' })
    assert.equal(answer.status, 400, JSON.stringify(body))
    assert.match(detailOf(answer), words)
  }
  assert.equal((await post(api, 'a=b', { 'content-type': 'application/x-www-form-urlencoded' })).status, 415)
  assert.equal((await post(api, 'hi', { 'content-type': 'text/plain' })).status, 415)
  assert.deepEqual(await api.items('/messages'), [])
})

test('under a key the same is sent once, also by a server that was started again', async (t) => {
  const data = scratch()
  const api = await apiServer(t, {}, { data })
  await api.server.addAccount(demo)
  const mail = { to: 'a@example.net', subject: 'Once' }
  const key = { 'idempotency-key': 'order-1' }
  const first = await post(api, mail, key)
  assert.equal(first.status, 202, first.text)
  assert.deepEqual((await post(api, mail, key)).json, first.json)
  const another = await post(api, { ...mail, subject: 'Twice' }, key)
  assert.equal(another.status, 422)
  assert.match(detailOf(another), /used for another request/)
  const refusing = { to: ['a@example.net', '550@example.net'], subject: 'Once' }
  const many = await Promise.all(
    [1, 2, 3, 4].map(() => post(api, refusing, { 'idempotency-key': 'order-2' })),
  )
  for (const { status, json } of many) {
    assert.deepEqual([status, json], [202, many[0]?.json])
    assert.deepEqual(
      (json.refused as readonly Json[]).map(({ address }) => address),
      ['550@example.net'],
    )
  }
  await api.server.stop()
  const again = await apiServer(t, {}, { data })
  assert.deepEqual((await post(again, mail, key)).json, first.json)
  assert.equal((await again.items('/messages')).length, 2)
  assert.equal((await post(again, mail, { 'idempotency-key': 'a b' })).status, 400)
})

test('a key whose request was cut off is looked up in the history of its session', async (t) => {
  const { before, beforeSoon, begin } = await import('../../../src/submission/once.ts')
  const api = await sending(t)
  const { log } = api.server.running
  const [session] = (await api.mail().then(() => api.items('/sessions'))).map(({ id }) => String(id))
  const [message] = (await api.items('/messages')).map(({ id }) => id)
  const options = { log, node: 'n', account: 'demo@localhost', key: 'cut', request: 'r' }
  assert.deepEqual(await before(options), { kind: 'new', revision: -1 })
  await begin(options, -1, session!)
  assert.deepEqual(await before(options), { kind: 'accepted', message, refused: [] })
  const unknown = { ...options, key: 'lost' }
  await begin(unknown, -1, 'nosuchsession')
  assert.deepEqual(await before(unknown), { kind: 'under way' })
  assert.deepEqual(await before({ ...unknown, request: 'x' }), { kind: 'other' })
  assert.deepEqual(await beforeSoon(unknown, 200), { kind: 'under way' })
  const soon = beforeSoon(unknown, 60_000)
  const { settle } = await import('../../../src/submission/once.ts')
  await settle(unknown, 0, { kind: 'accepted', message: 'm', refused: [] })
  assert.deepEqual(await soon, { kind: 'accepted', message: 'm', refused: [] })
})

test('the history of what was sent over the API says so, and of no proxy', async (t) => {
  const api = await sending(t)
  const { json } = await post(api, { to: 'a@example.net', text: 'Hi' })
  await api.settled()
  const told = (await api.items(`/messages/${json.id}/trace`)).map(({ text }) => String(text))
  assert.ok(told.includes('Submitted over the Web API by demo@localhost from 127.0.0.1'), told.join('\n'))
  assert.doesNotMatch(told.join('\n'), /proxy/)
})

test('what is refused for now names its session, in the answer and in the log', async (t) => {
  const warnings: (readonly [string, unknown])[] = []
  const api = await apiServer(t, {}, { hears: { warn: (what, _, about) => warnings.push([what, about]) } })
  await api.server.addAccount(demo)
  const answer = await post(api, { to: '451@example.net', subject: 'Later' })
  assert.equal(answer.status, 503)
  const [session] = await api.items('/sessions')
  assert.equal(answer.json.session, session?.id)
  assert.match(detailOf(answer), new RegExp(`^it was refused: 451 .*\\(session ${session?.id}\\)$`))
  assert.deepEqual(warnings.at(-1), [
    'a request could not be answered',
    { request: 'POST /api/v1/messages', session: session?.id },
  ])
})

/** Deliveries that wait: the playground's host puts them off. */
const deferred = async (t: TestContext, count: number): Promise<Api> => {
  const api = await apiServer(t)
  for (let at = 0; at < count; at++) await api.mail(undefined, { to: [`a${at}@deferred.test`] })
  await eventually(async () => (await api.items('/deliveries?status=deferred')).length === count)
  return api
}

test('one delivery is held, released, tried, cancelled; and what cannot be done is told', async (t) => {
  const api = await deferred(t, 1)
  const [one] = await api.items('/deliveries')
  const act = (name: string) => api.ask(`/deliveries/${one?.id}/${name}`, { method: 'POST' })
  assert.deepEqual((await act('hold')).json, { id: one?.id, done: true, state: 'held', status: 'held' })
  await api.settled()
  assert.equal((await api.get(`/deliveries/${one?.id}`)).status, 'held')
  const retry = await act('retry')
  assert.equal(retry.status, 409)
  assert.match(detailOf(retry), /it is held; release it first/)
  assert.equal((await act('cancel')).json.status, 'cancelled')
  await api.settled()
  const { history } = await api.get(`/deliveries/${one?.id}`)
  const acts = (history as readonly Json[]).filter(({ kind }) => kind === 'act')
  assert.deepEqual(acts.map(({ act: name }) => name).slice(0, 1), ['hold'])
  assert.ok((await api.items(`/deliveries/${one?.id}/steps`)).length > 3)
  assert.ok(
    (await api.items(`/deliveries/${one?.id}/transcript`)).some(({ line }) => /^C: EHLO/.test(String(line))),
  )
  assert.equal((await api.ask('/deliveries/nothing/retry', { method: 'POST' })).status, 404)
})

test('many are acted upon by filters, with a count before', async (t) => {
  const api = await deferred(t, 3)
  const act = (body: object) => api.ask('/deliveries/actions', { method: 'POST', body })
  const filter = { domain: 'deferred.test' }
  const dry = (await act({ action: 'hold', filter, dryRun: true })).json
  assert.deepEqual([dry.count, dry.left, dry.dryRun], [3, 0, true])
  assert.equal((await api.items('/deliveries?status=held')).length, 0)
  const one = (await act({ action: 'hold', filter: { recipient: 'a0@deferred.test' } })).json
  assert.equal(one.count, 1)
  await api.settled()
  const rest = (await act({ action: 'hold', filter })).json
  assert.deepEqual([rest.count, rest.left], [2, 1])
  await api.settled()
  assert.equal((await api.items('/deliveries?status=held')).length, 3)
  for (const body of [
    { action: 'hold', filter: {} },
    { action: 'explode', filter },
    { action: 'hold' },
    { action: 'hold', filter: { domian: 'x' } },
  ])
    assert.equal((await act(body)).status, 400, JSON.stringify(body))
})

test('what is not taken is told with what is', async (t) => {
  const api = await sending(t)
  const body = '{"to": "ann@example.net", "text": "Hi"}'
  const typed = async (path: string, type: string | null, text = body) => {
    const headers: Record<string, string> = type === null ? {} : { 'content-type': type }
    const answer = await api.ask(path, { method: 'POST', body: text, headers })
    return [answer.status, detailOf(answer)]
  }
  const form = 'application/x-www-form-urlencoded'
  assert.deepEqual(await typed('/messages', form), [
    415,
    `the body says it is ${form}: send it with Content-Type: application/json or message/rfc822`,
  ])
  assert.deepEqual(await typed('/messages', null), [
    415,
    'the body does not say what it is: send it with Content-Type: application/json or message/rfc822',
  ])
  for (const type of [`${form}; charset=utf-8`, 'message/rfc822'])
    assert.deepEqual(await typed('/deliveries/actions', type), [
      415,
      `the body says it is ${type.split(';')[0]}: send it with Content-Type: application/json`,
    ])
  const json = async (path: string, value: object) => typed(path, 'application/json', JSON.stringify(value))
  for (const [path, value, detail] of [
    ['/deliveries/actions', { action: 'hold' }, /^body\.filter: is missing: give an object$/],
    ['/deliveries/actions', { action: 'hold', filter: {} }, /^body\.filter: names nothing/],
    ['/deliveries/actions', { action: 'hold', filter: 'all' }, /^body\.filter: must be an object$/],
    ['/deliveries/actions', { action: 'hold', filter: { x: '1' } }, /^body\.filter: there is no field x$/],
    ['/messages', { to: ['a@example.net'], txt: 'x' }, /^body: there is no field txt$/],
    ['/messages', { to: 'a@example.net', text: 7 }, /^body\.text: must be a text$/],
  ] as const) {
    const [status, said] = await json(path, value)
    assert.deepEqual([status, detail.test(String(said))], [400, true], String(said))
  }
})

test('in a playground anybody may be the sender, as over SMTP', async (t) => {
  const api = await sending(t)
  const { status, json } = await post(api, {
    from: 'App <app@example.org>',
    to: 'ann@example.net',
    text: 'Hi',
  })
  assert.equal(status, 202)
  await api.settled()
  assert.equal((await api.get(`/messages/${json.id}`)).sender, 'app@example.org')
})
