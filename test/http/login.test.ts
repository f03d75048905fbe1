/** Logging in over HTTP: who is let in, for how long, and what ends it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { Enrolment } from '../../src/authentication/enrolment.ts'
import { eventually, type Settings } from '../server.ts'
import { ask, watchedServer } from './asking.ts'
import { cookieOf, logIn, pageHeaders, password, visitor } from './visitor.ts'

const alice = 'alice@example.org'
const bob = 'bob@example.org'

const server = async (t: Parameters<typeof watchedServer>[0], settings: Settings = {}) => {
  const up = await watchedServer(t, settings)
  for (const address of [alice, bob]) await up.addAccount({ addresses: [address], password })
  const enrolment = new Enrolment({ directory: up.running.directory, log: up.running.log })
  return { ...up, enrolment }
}

type Listed = {
  readonly items: readonly { readonly id: string; readonly account: string; readonly current: boolean }[]
}
const listed = ({ text }: { readonly text: string }) => (JSON.parse(text) as Listed).items

test('an account logs in with its mail password, and is known by a cookie that only its browser has', async (t) => {
  const { http, events, port } = await server(t)
  const unknown = await ask(http, '/api/v1/login')
  assert.deepEqual(JSON.parse(unknown.text), { required: true, accounts: true, caller: null, smtp: [] })
  assert.equal((await ask(http, '/api/v1/logins')).status, 401)
  assert.match(String((await ask(http, '/api/v1/logins')).headers['www-authenticate']), /^Bearer/)

  const answer = await logIn(http, { user: 'Alice@Example.ORG' })
  assert.equal(answer.status, 200, answer.text)
  const caller = { kind: 'account', name: alice, role: 'act', account: alice }
  const smtp = [{ service: 'mx', address: '127.0.0.1', port: port('mx') }]
  assert.deepEqual(JSON.parse(answer.text), { required: true, accounts: true, caller, smtp })
  const [cookie = ''] = answer.headers['set-cookie'] ?? []
  assert.match(
    cookie,
    /^fsmtp=[0-9a-z]{20}\.[0-9a-f]{64}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/,
  )
  const headers = { cookie: cookieOf(answer) }
  assert.deepEqual(JSON.parse((await ask(http, '/api/v1/login', { headers })).text).caller, caller)
  assert.deepEqual(
    listed(await ask(http, '/api/v1/logins', { headers })).map(({ account, current }) => [account, current]),
    [[alice, true]],
  )
  const secret = cookieOf(answer).slice(-64)
  const told = JSON.stringify(await events())
  assert.ok(!told.includes(secret), 'the log holds the secret')
  assert.ok(!told.includes(password))
  assert.match(told, /"LoginOpened"/)
})

test('a wrong password, an unknown name and a cookie that is none let nobody in', async (t) => {
  const { http } = await server(t)
  for (const entering of [{ user: alice, password: 'wrong horse battery' }, { user: 'nobody@example.org' }]) {
    const answer = await logIn(http, entering)
    assert.deepEqual([answer.status, answer.headers['set-cookie']], [401, undefined])
    assert.match(answer.text, /the name or the password is wrong/)
  }
  const { cookie } = await visitor(http, { user: alice })
  const other = `${cookie.slice(0, -1)}${cookie.endsWith('0') ? '1' : '0'}`
  for (const wrong of [
    other,
    'fsmtp=',
    'fsmtp=x',
    `fsmtp=${'0'.repeat(20)}.${'0'.repeat(64)}`,
    `__Host-${cookie}`,
  ])
    assert.equal((await ask(http, '/api/v1/logins', { headers: { cookie: wrong } })).status, 401, wrong)
  for (const body of ['', '{}', 'null', '{"user":1}', '{"user":"a","password":"b","more":1}', 'x'])
    assert.equal(
      (
        await ask(http, '/api/v1/login', {
          ...{ method: 'POST', body },
          headers: { 'content-type': 'application/json' },
        })
      ).status,
      400,
      body,
    )
  const large = await logIn(http, { user: alice, password: 'x'.repeat(5000) })
  assert.equal(large.status, 413)
})

const submits = { service: 'submissions', address: '127.0.0.1', port: 0 }

/** One guess over SMTP, as a mail program makes it; what the server says to it. */
const guessOverSmtp = async (port: number, user: string): Promise<string> => {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }).setEncoding('utf8')
  const plain = Buffer.from(`\0${user}\0wrong horse battery`).toString('base64')
  socket.write(`EHLO client.example\r\nAUTH PLAIN ${plain}\r\nQUIT\r\n`)
  return (await socket.toArray()).join('')
}

test('guesses over HTTP and over SMTP are counted together', async (t) => {
  const { http, port } = await server(t, {
    listeners: [submits, { ...submits, service: 'http' }],
    limits: { loginFailures: { perSession: 3, perAddress: 2, perAccount: 50, window: '15m' } },
  })
  assert.match(await guessOverSmtp(port('submissions'), alice), /^535 /m)
  assert.equal((await logIn(http, { user: alice, password: 'another guess' })).status, 401)
  const answer = await logIn(http, { user: alice })
  assert.equal(answer.status, 429, answer.text)
  assert.ok(Number(answer.headers['retry-after']) > 0)
})

test('logging out ends the login, here and in the log', async (t) => {
  const { http, until } = await server(t)
  const page = await visitor(http, { user: alice })
  const out = await page.ask('/api/v1/login', { method: 'DELETE' })
  assert.equal(out.status, 204)
  assert.match(out.headers['set-cookie']?.[0] ?? '', /^fsmtp=; Max-Age=0;/)
  assert.equal((await page.ask('/api/v1/logins')).status, 401)
  const closed = await until((events) => events.find(({ type }) => type === 'LoginClosed'))
  assert.deepEqual([closed.data.reason, closed.data.by], ['logged-out', alice])
})

test('logins are listed and revoked by whose they are, and by administrators', async (t) => {
  const { http } = await server(t, { http: { administrators: [bob] } })
  const [first, second] = [await visitor(http, { user: alice }), await visitor(http, { user: alice })]
  const boss = await visitor(http, { user: bob })
  const [own] = listed(await boss.ask('/api/v1/logins')).filter(({ current }) => current)
  assert.equal(listed(await boss.ask('/api/v1/logins')).length, 3)
  assert.equal(listed(await first.ask('/api/v1/logins')).length, 2)
  assert.equal((await first.ask(`/api/v1/logins/${own?.id}`, { method: 'DELETE' })).status, 404)
  const mine = listed(await first.ask('/api/v1/logins')).find(({ current }) => !current)
  assert.equal((await first.ask(`/api/v1/logins/${mine?.id}`, { method: 'DELETE' })).status, 204)
  assert.equal((await second.ask('/api/v1/logins')).status, 401)
  const last = listed(await first.ask('/api/v1/logins'))[0]
  assert.equal((await boss.ask(`/api/v1/logins/${last?.id}`, { method: 'DELETE' })).status, 204)
  assert.equal((await first.ask('/api/v1/logins')).status, 401)
  assert.equal((await boss.ask('/api/v1/logins')).status, 200)
})

type Ended = { readonly ended: number }
const ended = ({ text }: { readonly text: string }) => (JSON.parse(text) as Ended).ended

test('an account logs out everywhere, or everywhere else, and administrators end those of another', async (t) => {
  const { http } = await server(t, { http: { administrators: [bob] } })
  const enter = (user: string) => visitor(http, { user })
  const end = (who: Awaited<ReturnType<typeof enter>>, asked = '') =>
    who.ask(`/api/v1/logins${asked}`, { method: 'DELETE' })
  const [first, second, third, boss] = [
    ...[await enter(alice), await enter(alice), await enter(alice)],
    await enter(bob),
  ]
  assert.equal(ended(await end(first!, '?others=true')), 2)
  assert.deepEqual(
    [(await second!.ask('/api/v1/logins')).status, (await third!.ask('/api/v1/logins')).status],
    [401, 401],
  )
  assert.equal((await first!.ask('/api/v1/logins')).status, 200)
  assert.equal((await end(first!, `?account=${bob}`)).status, 403)
  const again = await enter(alice)
  assert.equal(ended(await end(boss!, `?account=${alice}`)), 2)
  assert.equal((await again.ask('/api/v1/logins')).status, 401)
  await enter(alice)
  const everywhere = await end(boss!)
  assert.equal(ended(everywhere), 1)
  assert.match(everywhere.headers['set-cookie']?.[0] ?? '', /^fsmtp=; Max-Age=0;/)
  assert.equal((await boss!.ask('/api/v1/logins')).status, 401)
  assert.equal(listed(await (await enter(bob)).ask('/api/v1/logins')).length, 2)
})

test('a changed password, and a removed account, end the logins of that account alone', async (t) => {
  const { http, enrolment, running } = await server(t)
  const [hers, his] = [await visitor(http, { user: alice }), await visitor(http, { user: bob })]
  const changed = await enrolment.changePassword({ address: alice, password: 'another good secret' })
  assert.ok(changed.ok)
  await eventually(async () => (await hers.ask('/api/v1/logins')).status === 401)
  assert.equal((await his.ask('/api/v1/logins')).status, 200)
  await running.directory.until(changed.position)
  assert.ok((await enrolment.removeAccount(bob)).ok)
  await eventually(async () => (await his.ask('/api/v1/logins')).status === 401)
})

test('a login ends when its time is over, and with the oldest when there are too many', async (t) => {
  const { http, until } = await server(t, { http: { loginLifetime: '1m' } })
  const first = await visitor(http, { user: alice })
  const opened = await until((events) => events.find(({ type }) => type === 'LoginOpened'))
  assert.equal(opened.data.expiresAt, opened.at + 60_000)
  for (let login = 0; login < 20; login++) await visitor(http, { user: alice })
  assert.equal((await first.ask('/api/v1/logins')).status, 401)
  const closed = await until((events) => events.find(({ type }) => type === 'LoginClosed'))
  assert.equal(closed.data.reason, 'too-many')
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 61_000 })
  const last = await ask(http, '/api/v1/logins', { headers: pageHeaders(http, first.cookie) })
  assert.equal(last.status, 401)
})

test('logging in anew ends the login that the browser had', async (t) => {
  const { http } = await server(t)
  const page = await visitor(http, { user: alice })
  const again = await logIn(http, { user: bob, headers: pageHeaders(http, page.cookie) })
  assert.equal(again.status, 200)
  assert.equal((await page.ask('/api/v1/logins')).status, 401)
})

test('where accounts do not log in, none does; and a server without a key does not start', async (t) => {
  await assert.rejects(
    watchedServer(t, { http: { accounts: false } }),
    /http\.accounts is off and there is no key/,
  )
})

test('a playground has no login, and lets no page of another site do anything', async (t) => {
  const { http, port } = await watchedServer(t, { playground: true, hostname: 'localhost', domains: [] })
  const { text } = await ask(http, '/api/v1/login')
  const caller = { kind: 'playground', name: 'playground', role: 'administer', account: null }
  const smtp = [{ service: 'mx', address: '127.0.0.1', port: port('mx') }]
  assert.deepEqual(JSON.parse(text), { required: false, accounts: false, caller, smtp })
  assert.equal((await logIn(http, { user: 'demo@localhost' })).status, 409)
  assert.equal((await ask(http, '/api/v1/logins', { method: 'DELETE' })).status, 400)
  for (const authorization of ['Bearer wrong', 'Bearer', 'Basic YTpi', ''])
    for (const path of ['/api/v1/login', '/api/v1/sessions', '/healthz'])
      assert.equal((await ask(http, path, { headers: { authorization } })).status, 401, authorization)
  const id = '0'.repeat(20)
  const from = async (headers: Readonly<Record<string, string>>): Promise<number> =>
    (await ask(http, `/api/v1/logins/${id}`, { method: 'DELETE', headers })).status
  assert.equal(await from({}), 404)
  assert.equal(await from({ origin: `http://127.0.0.1:${http}` }), 404)
  assert.equal(await from({ origin: 'http://evil.example' }), 403)
  assert.equal(await from({ origin: 'null' }), 403)
  assert.equal(await from({ 'sec-fetch-site': 'cross-site' }), 403)
})
