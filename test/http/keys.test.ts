/** Keys of programs, roles, pages of other sites, proxies and rates: what a listener lets through. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../src/config/load.ts'
import { refusalOf } from '../../src/http/login/admission.ts'
import type { Caller } from '../../src/http/login/caller.ts'
import { clientsOf } from '../../src/http/login/client.ts'
import { fromOf } from '../../src/http/login/origin.ts'
import { configText, eventually, fsmtp, objects, type Settings, scratch, workplace } from '../server.ts'
import { ask, watchedServer } from './asking.ts'
import { cookieOf, logIn, pageHeaders, password, visitor, withKey } from './visitor.ts'

const alice = 'alice@example.org'

const place = async (t: Parameters<typeof watchedServer>[0], settings: Settings = {}) => {
  const folder = workplace(settings)
  const words = ['--data', scratch('keys')]
  const server = await watchedServer(t, settings, { data: words[1]! })
  await server.addAccount({ addresses: [alice], password })
  const run = (...more: string[]) => fsmtp(folder, [...more, ...words])
  const key = async (...more: string[]): Promise<string> => {
    const done = await run('key', 'add', ...more)
    assert.equal(done.code, 0, done.stderr)
    return done.stdout.trim()
  }
  return { ...server, run, key }
}

test('a key is shown once, lets a program in by its role, and is gone when it is removed', async (t) => {
  const { http, run, key, events } = await place(t)
  const text = await key('reports', '--role', 'look')
  assert.match(text, /^fsmtp_reports_[0-9a-f]{64}$/)
  assert.ok(!JSON.stringify(await events()).includes(text.slice(-64)), 'the log holds the secret')
  const asked = withKey(text)
  assert.equal((await ask(http, '/api/v1/logins', asked)).status, 200)
  const narrow = await ask(http, '/api/v1/keys', asked)
  assert.equal(narrow.status, 403)
  assert.match(narrow.text, /wants the role administer; reports has look/)
  const all = await ask(http, '/api/v1/keys', withKey(await key('root', '--role', 'administer')))
  assert.deepEqual(
    (JSON.parse(all.text) as { items: { name: string }[] }).items.map(({ name }) => name),
    ['reports', 'root'],
  )
  assert.ok(!all.text.includes('hash'))
  const listed = objects(await run('key', 'list', '--json'))
  assert.deepEqual(
    listed.map(({ name, role, account }) => [name, role, account]),
    [
      ['reports', 'look', null],
      ['root', 'administer', null],
    ],
  )
  assert.equal((await run('key', 'add', 'reports', '--role', 'look')).code, 1)
  assert.equal((await run('key', 'add', 'x', '--role', 'everything')).code, 2)
  assert.equal((await run('key', 'add', 'Not A Name', '--role', 'look')).code, 1)
  assert.equal((await run('key', 'remove', 'reports')).code, 0)
  await eventually(async () => (await ask(http, '/api/v1/logins', asked)).status === 401)
  assert.equal((await run('key', 'remove', 'reports')).code, 1)
  const again = await key('reports', '--role', 'act')
  assert.notEqual(again, text)
  assert.equal((await ask(http, '/api/v1/logins', asked)).status, 401)
  assert.equal((await ask(http, '/api/v1/logins', withKey(again))).status, 200)
})

test('a key is good at once, and only as it was given', async (t) => {
  const { http, key } = await place(t)
  const text = await key('shop', '--role', 'administer', '--account', alice)
  assert.equal((await ask(http, '/api/v1/logins', withKey(text))).status, 200)
  const narrow = await ask(http, '/api/v1/keys', withKey(text))
  assert.equal(narrow.status, 403)
  assert.match(narrow.text, /shop sees what concerns alice@example\.org/)
  const wrong = `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`
  for (const authorization of [`Bearer ${wrong}`, 'Bearer x', 'Basic YTpi', text, ''])
    assert.equal(
      (await ask(http, '/api/v1/login', { headers: { authorization } })).status,
      401,
      authorization,
    )
})

test('logins are seen and ended by whose they are, and by who administers; not by every program', async (t) => {
  const { http, key } = await place(t)
  const { ask: asAlice } = await visitor(http, { user: alice })
  const logins = async (text: string): Promise<readonly { readonly id: string }[]> =>
    JSON.parse((await ask(http, '/api/v1/logins', withKey(text))).text).items
  const end = async (text: string, path: string): Promise<number> =>
    (await ask(http, `/api/v1/logins${path}`, withKey(text, { method: 'DELETE' }))).status
  const [looks, acts] = [await key('looks', '--role', 'look'), await key('acts', '--role', 'act')]
  const [own, root] = [
    await key('own', '--role', 'look', '--account', alice),
    await key('root', '--role', 'administer'),
  ]
  const [{ id } = { id: '' }] = await logins(root)
  assert.deepEqual([await logins(looks), await logins(acts)], [[], []])
  assert.deepEqual(await logins(own), await logins(root))
  assert.deepEqual(
    [await end(looks, `/${id}`), await end(acts, `/${id}`), await end(own, `/${id}`), await end(own, '')],
    [403, 404, 403, 403],
  )
  assert.ok((await end(looks, `?account=${alice}`)) >= 400)
  assert.ok((await end(acts, `?account=${alice}`)) >= 400)
  assert.equal((await asAlice('/api/v1/logins')).status, 200)
  assert.equal(await end(root, `/${id}`), 204)
  assert.equal((await asAlice('/api/v1/logins')).status, 401)
})

test('a server without accounts that log in starts with a key, and takes no password', async (t) => {
  const settings = { http: { accounts: false } }
  const folder = workplace(settings)
  const data = scratch('keys')
  const added = await fsmtp(folder, ['key', 'add', 'only', '--role', 'look', '--data', data])
  const { http, addAccount } = await watchedServer(t, settings, { data })
  await addAccount({ addresses: [alice], password })
  assert.equal((await logIn(http, { user: alice })).status, 403)
  assert.equal((await ask(http, '/api/v1/logins', withKey(added.stdout.trim()))).status, 200)
})

test('what changes something comes from a page of ours, or with a key', async (t) => {
  const { http, key } = await place(t)
  const { cookie } = await visitor(http, { user: alice })
  const revoke = async (headers: Readonly<Record<string, string>>): Promise<number> =>
    (await ask(http, `/api/v1/logins/${'0'.repeat(20)}`, { method: 'DELETE', headers })).status
  assert.equal(await revoke(pageHeaders(http, cookie)), 404)
  assert.equal(await revoke({ cookie, origin: `http://127.0.0.1:${http}` }), 404)
  assert.equal(await revoke({ cookie, 'sec-fetch-site': 'same-origin' }), 404)
  const strange: readonly Readonly<Record<string, string>>[] = [
    {},
    { origin: 'http://evil.example' },
    { origin: `http://localhost:${http}` },
    { origin: 'http://127.0.0.1:1' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site', origin: `http://127.0.0.1:${http}` },
    { 'sec-fetch-site': 'same-site' },
  ]
  for (const headers of strange)
    assert.equal(await revoke({ cookie, ...headers }), 403, JSON.stringify(headers))
  const { authorization = '' } = withKey(await key('any', '--role', 'act')).headers ?? {}
  assert.equal(await revoke({ authorization }), 404)
  const stolen = await logIn(http, { user: alice, headers: { origin: 'http://evil.example' } })
  assert.deepEqual([stolen.status, stolen.headers['set-cookie']], [403, undefined])
  const read = await ask(http, '/api/v1/logins', { headers: { cookie, origin: 'http://evil.example' } })
  assert.equal(read.headers['access-control-allow-origin'], undefined)
  assert.equal(read.headers['cross-origin-resource-policy'], 'same-origin')
})

test('over HTTPS as a named proxy says, the cookie is Secure and of this host alone', async (t) => {
  const { http } = await place(t, { http: { proxies: ['127.0.0.1'], allowedHosts: ['mail.example.org'] } })
  const headers = {
    ...{ host: 'mail.example.org', origin: 'https://mail.example.org' },
    ...{ 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'https' },
  }
  const answer = await logIn(http, { user: alice, headers })
  assert.equal(answer.status, 200, answer.text)
  assert.match(answer.headers['set-cookie']?.[0] ?? '', /^__Host-fsmtp=.*; SameSite=Strict; Secure$/)
  const cookie = cookieOf(answer)
  const logins = await ask(http, '/api/v1/logins', { headers: { ...headers, cookie } })
  assert.equal((JSON.parse(logins.text) as { items: { address: string }[] }).items[0]?.address, '192.0.2.7')
  const plain = await ask(http, '/api/v1/logins', {
    headers: { ...headers, cookie, 'x-forwarded-proto': 'http' },
  })
  assert.equal(plain.status, 401)
})

test('a password is not taken over a line that others may read, unless that is wanted', async (t) => {
  const elsewhere = { 'x-forwarded-for': '192.0.2.7' }
  const unnamed = await place(t)
  const refused = await logIn(unnamed.http, {
    user: alice,
    headers: { ...elsewhere, 'x-forwarded-proto': 'https' },
  })
  assert.equal(refused.status, 403)
  assert.match(refused.text, /http\.proxies/)
  const proxied = await place(t, { http: { proxies: ['127.0.0.1'] } })
  assert.equal((await logIn(proxied.http, { user: alice, headers: elsewhere })).status, 403)
  const wanted = await place(t, { http: { proxies: ['127.0.0.1'], plainLogin: true } })
  assert.equal((await logIn(wanted.http, { user: alice, headers: elsewhere })).status, 200)
})

test('one client asks for so much and no more; others, and this machine, go on', async (t) => {
  const { http } = await place(t, { http: { proxies: ['127.0.0.1'], rate: { requests: 3, per: '1h' } } })
  const from = async (address: string): Promise<number> =>
    (await ask(http, '/healthz', { headers: { 'x-forwarded-for': address } })).status
  const statuses = [await from('192.0.2.1'), await from('192.0.2.1'), await from('192.0.2.1')]
  assert.deepEqual(statuses, [200, 200, 200])
  const over = await ask(http, '/healthz', { headers: { 'x-forwarded-for': '198.51.100.9, 192.0.2.1' } })
  assert.deepEqual([over.status, over.headers['retry-after']], [429, '3600'])
  assert.equal(await from('192.0.2.2'), 200)
  assert.deepEqual(
    [await from('2001:db8::1'), await from('2001:db8::2'), await from('2001:db8::3')],
    [200, 200, 200],
  )
  assert.equal(await from('2001:db8::4'), 429)
  for (let more = 0; more < 5; more++) assert.equal((await ask(http, '/healthz')).status, 200)
})

test('what a proxy says is believed of those that are named, up to the first that is not', () => {
  const folder = scratch('http')
  const text = configText({ http: { proxies: ['10.0.0.0/8'] } })
  const clientOf = clientsOf(parseConfig(text, { shown: null, file: null, folder, data: folder }).config)
  const seen = (remoteAddress: string, headers: Readonly<Record<string, string>> = {}) => {
    const { address, isHere, isSecure } = clientOf({ headers, socket: { remoteAddress } })
    return [address, isHere, isSecure]
  }
  const says = (path: string, proto = 'http') => ({ 'x-forwarded-for': path, 'x-forwarded-proto': proto })
  assert.deepEqual(seen('::ffff:127.0.0.1'), ['127.0.0.1', true, false])
  assert.deepEqual(seen('127.0.0.1', says('192.0.2.1', 'https')), ['127.0.0.1', false, false])
  assert.deepEqual(seen('10.0.0.1', says('192.0.2.1', 'https')), ['192.0.2.1', false, true])
  assert.deepEqual(seen('10.0.0.1', says('127.0.0.1, 192.0.2.1')), ['192.0.2.1', false, false])
  assert.deepEqual(seen('10.0.0.1', says('192.0.2.1, 10.0.0.2', 'https, http')), ['192.0.2.1', false, false])
  assert.deepEqual(seen('10.0.0.1', says('127.0.0.1')), ['127.0.0.1', false, false])
  assert.deepEqual(seen('10.0.0.1', says('unknown')), ['10.0.0.1', false, false])
})

test('a proxy on this machine makes nobody else one of this machine', () => {
  const folder = scratch('http')
  const text = configText({ http: { proxies: ['127.0.0.1', '::1', '10.0.0.0/8'] } })
  const clientOf = clientsOf(parseConfig(text, { shown: null, file: null, folder, data: folder }).config)
  const seen = (headers: Readonly<Record<string, string>>, remoteAddress = '127.0.0.1') => {
    const { address, isHere } = clientOf({ headers, socket: { remoteAddress } })
    return [address, isHere]
  }
  assert.deepEqual(seen({}), ['127.0.0.1', true])
  assert.deepEqual(seen({ 'x-forwarded-for': '::ffff:127.0.0.1' }, '::1'), ['::1', true])
  assert.deepEqual(seen({ 'x-forwarded-for': '192.0.2.1, 127.0.0.1' }), ['192.0.2.1', false])
  // An address with a port, a name, another machine of ours.
  for (const path of ['192.0.2.1:4711', 'unknown', '[2001:db8::1]:80', '10.0.0.7', 'localhost'])
    assert.deepEqual(seen({ 'x-forwarded-for': path }), ['127.0.0.1', false], path)
  for (const name of ['forwarded', 'x-real-ip', 'via'])
    assert.deepEqual(seen({ [name]: '192.0.2.1' }), ['127.0.0.1', false], name)
})

test('from which page a browser asks', () => {
  const host = 'mail.example.org'
  assert.equal(fromOf({ host }), 'no-page')
  assert.equal(fromOf({ host, origin: 'https://mail.example.org' }), 'own-page')
  assert.equal(fromOf({ host: 'mail.example.org:443', origin: 'https://MAIL.example.org' }), 'own-page')
  assert.equal(fromOf({ host: 'mail.example.org:8443', origin: 'https://mail.example.org:8443' }), 'own-page')
  for (const origin of [
    'https://mail.example.org:8443',
    'https://example.org',
    'https://mail.example.org.evil',
    'null',
    'file://',
    'https://mail.example.org/x',
  ])
    assert.equal(fromOf({ host, origin }), 'other-page', origin)
  assert.equal(fromOf({ host, 'sec-fetch-site': 'none' }), 'no-page')
})

test('who may have which route', () => {
  const client = { address: '192.0.2.1', isHere: false, isSecure: true }
  const caller = (role: Caller['role'], account: string | null, kind: Caller['kind'] = 'key'): Caller => ({
    ...{ kind, name: 'x', role, account, login: null },
  })
  const status = (
    route: Omit<Parameters<typeof refusalOf>[0], 'method'> & { readonly method?: string },
    who: Caller | null,
    isMonitor = false,
  ): number | null =>
    refusalOf({ method: 'GET', ...route }, { caller: who, client, from: 'no-page', isMonitor })?.status ??
    null
  const roles = ['look', 'act', 'administer'] as const
  for (const [have, role] of roles.entries())
    for (const [want, wanted] of roles.entries()) {
      const expected = have >= want ? null : 403
      assert.equal(status({ access: 'account', role: wanted }, caller(role, null)), expected)
      assert.equal(status({ access: 'account', role: wanted, own: true }, caller(role, alice)), expected)
      assert.equal(status({ access: 'account', role: wanted }, caller(role, alice)), 403)
    }
  assert.equal(status({ access: 'account', role: 'look' }, null), 401)
  assert.equal(status({ access: 'anybody' }, null), null)
  assert.deepEqual(
    [null, caller('look', null), caller('administer', alice)].map((who) =>
      status({ access: 'monitor' }, who),
    ),
    [403, null, 403],
  )
  assert.equal(status({ access: 'monitor' }, null, true), null)
  const changing = { access: 'account', role: 'act', method: 'POST' } as const
  assert.deepEqual(
    (['key', 'account', 'playground'] as const).map((kind) => status(changing, caller('act', null, kind))),
    [null, 403, null],
  )
})
