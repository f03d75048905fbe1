/** What holds for every request: for whom it is, who asks, and how a fault is told. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import type { FastifyContextConfig } from 'fastify'
import { parseConfig } from '../../src/config/load.ts'
import { doorkeeperOf, Unguarded } from '../../src/http/access.ts'
import { openHttp } from '../../src/http/index.ts'
import type { Part } from '../../src/http/listener.ts'
import { Web } from '../../src/http/web.ts'
import { startServer } from '../../src/main.ts'
import { version } from '../../src/version.ts'
import { configText, finished, type Settings, scratch, startTestServer } from '../server.ts'
import { type Answer, ask, watchedServer } from './asking.ts'

const configOf = (settings: Settings) => {
  const folder = scratch('http')
  return parseConfig(configText(settings), { shown: null, file: null, folder, data: folder }).config
}
const http = (port = 0) => ({ service: 'http', address: '127.0.0.1', port })

const problem = ({ status, headers, text }: Answer, expected: number): { readonly detail?: string } => {
  assert.equal(status, expected, text)
  assert.match(String(headers['content-type']), /^application\/problem\+json\b/)
  const body = JSON.parse(text) as Record<string, unknown>
  assert.equal(body.status, expected)
  assert.equal(body.type, 'about:blank')
  assert.equal(typeof body.title, 'string')
  return body
}

test('/healthz says that the process lives, what it is and which server', async (t) => {
  const { http } = await watchedServer(t, { cluster: { node: 'mx-1' } })
  const { status, headers, text } = await ask(http, '/healthz')
  assert.equal(status, 200)
  assert.match(String(headers['content-type']), /^application\/json\b/)
  assert.equal(headers['cache-control'], 'no-store')
  assert.equal(headers['x-content-type-options'], 'nosniff')
  const { uptime, ...rest } = JSON.parse(text) as Record<string, unknown>
  assert.deepEqual(rest, { status: 'ok', version, node: 'mx-1' })
  assert.ok(typeof uptime === 'number' && uptime >= 0)
  const head = await ask(http, '/healthz', { method: 'HEAD' })
  assert.deepEqual([head.status, head.text], [200, ''])
})

test('a request is for us, or refused', async (t) => {
  const settings = { http: { allowedHosts: ['Mail.Example.ORG', 'bücher.example', '192.0.2.7'] } }
  const { http } = await watchedServer(t, settings)
  const said = async (host: string): Promise<number> =>
    (await ask(http, '/healthz', { headers: { host } })).status
  const ours = [
    ...['localhost', 'LOCALHOST:8025', '127.0.0.1', `127.0.0.1:${http}`, '[::1]', '[::1]:80', '127.9.9.9'],
    ...['mx.example.org', 'mx.example.org.', 'mail.example.org:443', 'xn--bcher-kva.example', '192.0.2.7'],
  ]
  for (const host of ours) assert.equal(await said(host), 200, host)
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    'mx.example.org.evil.example',
    '192.0.2.8',
    '[::2]',
  ])
    assert.equal(await said(host), 421, host)
  for (const host of ['a b', 'user@localhost', 'http://localhost', '[::1', '[localhost]', 'localhost:x'])
    assert.equal(await said(host), 400, host)
  const strange = await ask(http, '/metrics', { headers: { host: 'evil.example' } })
  assert.match(problem(strange, 421).detail ?? '', /evil\.example.*http\.allowedHosts/)
})

test('names and networks are taken over when the configuration is read again', async (t) => {
  const { http, running, data } = await watchedServer(t)
  const headers = { host: 'mail.example.org' }
  assert.equal((await ask(http, '/healthz', { headers })).status, 421)
  const text = configText({ listeners: [], http: { allowedHosts: ['mail.example.org'] } }).replace(
    '"listeners":[],',
    '',
  )
  await running.reload(parseConfig(text, { shown: null, file: null, folder: data, data }).config)
  assert.equal((await ask(http, '/healthz', { headers })).status, 200)
})

test('a fault is a problem that says what is wrong', async (t) => {
  const { http } = await watchedServer(t)
  assert.equal(
    problem(await ask(http, '/api/v1/nothing?x=1'), 404).detail,
    'there is no GET /api/v1/nothing; /api/docs shows what there is',
  )
  const other = await ask(http, '/healthz', { method: 'POST' })
  assert.equal(problem(other, 405).detail, '/healthz takes GET, HEAD, and no POST')
  assert.equal(other.headers.allow, 'GET, HEAD')
  for (const [method, path, allow] of [
    ['PUT', '/api/v1/messages', 'GET, HEAD, POST'],
    ['OPTIONS', '/api/v1/messages', 'GET, HEAD, POST'],
    ['PUT', '/api/v1/mailboxes/a@b.example/messages/x?y=z', 'DELETE, GET, HEAD, PATCH'],
    ['POST', '/mail/a/b', 'GET, HEAD'],
  ] as const) {
    const answer = await ask(http, path, { method })
    problem(answer, 405)
    assert.equal(answer.headers.allow, allow, path)
  }
  problem(await ask(http, '/api/v1/messages/a/b/c', { method: 'PUT' }), 404)
  problem(await ask(http, '/%zz'), 400)
  problem(await ask(http, '/', { headers: { 'x-large': 'x'.repeat(20_000) } }), 431)
})

const raw = async (port: number, text: string): Promise<string> => {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  socket.end(text)
  return (await socket.toArray()).join('')
}

test('what says not for whom it is, or is no HTTP, hears so', async (t) => {
  const { http } = await watchedServer(t)
  for (const text of [
    'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n',
    'GET /healthz HTTP/1.0\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    'EHLO client.example\r\n',
    'GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n',
  ]) {
    const answer = await raw(http, text)
    assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/, text)
    assert.match(answer, /^content-type: application\/problem\+json/im, text)
    assert.equal(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))).status, 400)
  }
})

test('figures are for this machine and the networks that are named, and for nobody behind a proxy', async (t) => {
  const doorkeeper = doorkeeperOf(
    configOf({ http: { metrics: { networks: ['10.0.0.0/8', '2001:db8::/32'] } } }),
  )
  const from = (remoteAddress: string | undefined): boolean =>
    doorkeeper.isMonitor({ headers: {}, socket: { remoteAddress } })
  for (const address of [
    '127.0.0.1',
    '::1',
    '::ffff:127.0.0.1',
    '10.1.2.3',
    '::ffff:10.1.2.3',
    '2001:db8::5',
  ])
    assert.equal(from(address), true, address)
  for (const address of ['192.0.2.1', '11.0.0.1', '2001:db9::1', '', undefined])
    assert.equal(from(address), false, String(address))
  const { http } = await watchedServer(t)
  assert.equal((await ask(http, '/metrics')).status, 200)
  for (const name of ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'])
    problem(await ask(http, '/metrics', { headers: { [name]: '127.0.0.1' } }), 403)
})

test('what is wrong exactly is not for everybody', async (t) => {
  const { http } = await watchedServer(t)
  const { status, text } = await ask(http, '/readyz', { headers: { 'x-forwarded-for': '192.0.2.1' } })
  assert.equal(status, 200)
  assert.deepEqual((JSON.parse(text) as { checks: object }).checks, {
    log: { ok: true, detail: null },
    content: { ok: true, detail: null },
    views: { ok: true, detail: null },
    membership: { ok: true, detail: null },
  })
})

test('what does not say who may ask is not served', () => {
  const config = configOf({ listeners: [http()] })
  const warn = () => {}
  const said =
    (config: FastifyContextConfig): Part =>
    (app) => {
      app.get('/secret', { config }, () => 'secret')
    }
  assert.throws(() => new Web({ config: config, warn }, [said({})]), /does not say who may ask/)
  assert.throws(() => new Web({ config, warn }, [said({ access: 'account' })]), Unguarded)
  assert.throws(() => new Web({ config, warn }, [said({ access: 'anybody', role: 'look' })]), Unguarded)
  new Web({ config, warn }, [said({ access: 'account', role: 'look' })])
})

test('the port of an http listener is looked at before anything is changed', async (t) => {
  const holder = createServer()
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
  t.after(() => holder.close())
  const { port } = holder.address() as { port: number }
  const config = configOf({ listeners: [http(port)] })
  await assert.rejects(startServer(config, { info: () => {}, warn: () => {} }), {
    message: new RegExp(`^cannot listen on 127\\.0\\.0\\.1 port ${port}: another program`),
  })
})

test('several listeners answer alike', async (t) => {
  const server = await startTestServer({ listeners: [http(), http()] })
  t.after(() => server.stop())
  const ports = server.running.http.map(({ port }) => port)
  assert.equal(new Set(ports).size, 2)
  for (const port of ports) assert.equal((await ask(port, '/readyz')).status, 200)
})

test('without an http listener nothing is watched', async () => {
  const silent = await openHttp({ config: configOf({}), warn: () => {} })
  const log = {} as Parameters<typeof silent.watchedLog>[0]
  assert.equal(silent.watchedLog(log), log)
  assert.deepEqual(silent.spots, [])
})

const curl = spawnSync('curl', ['--version']).error === undefined

test('curl reads it, too', { skip: !curl && 'curl is not here' }, async (t) => {
  const { http } = await watchedServer(t)
  const asked = ['--silent', '--show-error', '--fail', `http://localhost:${http}/healthz`]
  const { code, stdout, stderr } = await finished(spawn('curl', asked))
  assert.equal(code, 0, stderr)
  assert.equal((JSON.parse(stdout) as { status: string }).status, 'ok')
})
