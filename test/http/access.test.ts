/**
 * Every route and everybody who may ask: `access.md` is the test. A route that is served and has no row there fails, and so does a row of
 * a route that is not served.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { parseConfig } from '../../src/config/load.ts'
import { apiDocument } from '../../src/http/api/index.ts'
import { readRegister } from '../../src/http/login/following.ts'
import { addKey, removeKey } from '../../src/http/login/keys.ts'
import { cookieText, hashOf, newSecret } from '../../src/http/login/secrets.ts'
import { Web } from '../../src/http/web.ts'
import { kindOf } from '../../src/log/port.ts'
import { webhookId } from '../../src/webhooks/standing.ts'
import { acceptedAs, greeted, send } from '../client.ts'
import { configText, eventually, scratch } from '../server.ts'
import { type Row, rowsOf } from '../tables/table.ts'
import { type Asked, ask, type WatchedServer, watchedServer } from './asking.ts'
import { pageHeaders, password, visitor, withKey } from './visitor.ts'

const table = new URL('access.md', import.meta.url)
const rows = rowsOf(table, 'Routes')
const [alice, bob, boss] = ['alice@example.org', 'bob@example.org', 'boss@example.org']
/** Nobody asks from this machine, which may see figures without a key. */
const far = { 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'https' }
const json = { 'content-type': 'application/json' }

/** `GET /api/v1/messages/:id` of each route, out of the tree that fastify prints. */
const servedRoutes = async (t: TestContext): Promise<readonly string[]> => {
  const folder = scratch('http')
  const text = configText({ listeners: [{ service: 'http', address: '127.0.0.1', port: 0 }] })
  const { config } = parseConfig(text, { shown: null, file: null, folder, data: folder })
  let app: FastifyInstance | undefined
  new Web({ config, warn: () => {} }, [
    (one) => {
      app = one
    },
  ])
  t.after(() => app?.close())
  await app?.ready()
  const above: string[] = []
  return (app?.printRoutes({ commonPrefix: false }) ?? '').split('\n').flatMap((line) => {
    const [, indent, piece, methods] = /^([│ ]*)[└├]── (.*?) \((.+)\)$/.exec(line) ?? []
    if (piece === undefined) return []
    const depth = (indent?.length ?? 0) / 4
    above[depth] = piece
    const path = above
      .slice(0, depth + 1)
      .join('')
      .replace(/([^/])\*$/, '$1/*')
    // HEAD is asked for as GET is.
    const asked = (methods ?? '').split(', ').filter((method) => !['HEAD', '-'].includes(method))
    return asked.map((method) => `${method} ${path}`)
  })
}

test('each route that is served has its row, and each row its route', async (t) => {
  const served = await servedRoutes(t)
  assert.ok(served.length > 50, served.join('\n'))
  assert.deepEqual(rows.map(({ cell }) => cell('route')).toSorted(), served.toSorted())
})

/** Nobody is there, and nobody is told anything. */
const hook = 'http://127.0.0.1:9/hook'
const hookSecret = (): string => {
  const file = join(scratch('hook'), 'hook.key')
  writeFileSync(file, `whsec_${Buffer.alloc(32, 1).toString('base64')}\n`)
  return file
}

/** A server with mail, and everybody who may ask for it. */
const place = async (t: TestContext) => {
  const server = await watchedServer(t, {
    listeners: ['mx', 'submissions', 'http'].map((service) => ({ service, address: '127.0.0.1', port: 0 })),
    http: { administrators: [boss], proxies: ['127.0.0.1'] },
    delivery: { routes: { 'far.example': '127.0.0.1:9' } },
    webhooks: [{ url: hook, events: ['DomainAdded'], secretFile: hookSecret() }],
  })
  for (const address of [alice, bob, boss]) await server.addAccount({ addresses: [address], password })
  return { ...server, keys: await keysOf(server), expired: await expiredLogin(server) }
}
type Place = Awaited<ReturnType<typeof place>>

const keysOf = async ({ running: { log } }: WatchedServer) => {
  const key = async (name: string, role: 'look' | 'act' | 'administer', account: string | null = null) =>
    (await addKey({ register: await readRegister(log), log }, { name, role, account })).text ?? assert.fail()
  const keys = {
    ...{ look: await key('look', 'look'), act: await key('act', 'act') },
    ...{ administer: await key('administer', 'administer'), revoked: await key('revoked', 'administer') },
    ...{ aliceLook: await key('alice', 'look', alice), bobAct: await key('bob', 'act', bob) },
  }
  const removed = await removeKey({ register: await readRegister(log), log }, 'revoked')
  assert.ok(removed.ok)
  return keys
}

/** The cookie of a login of the administrator that is over. */
const expiredLogin = async ({ running: { log } }: WatchedServer): Promise<string> => {
  const [name, secret, at] = ['0'.repeat(20), newSecret(), Date.now()]
  const data = {
    ...{ login: name, account: boss, hash: hashOf(secret), expiresAt: at - 1 },
    ...{ peer: { address: '127.0.0.1' }, agent: '' },
  }
  const event = { id: name, kind: kindOf('LoginOpened', 1, {}), at, data }
  await log.append([{ stream: `web_login-${name}`, expected: -1, events: [event] }])
  return `__Host-fsmtp=${cookieText({ name, secret })}`
}

type Ask = (path: string, asked: Asked) => Promise<number>

/** By the columns of the table. */
const everybody = async ({ http, keys, expired }: Place): Promise<Readonly<Record<string, Ask>>> => {
  const asking =
    (headers: Readonly<Record<string, string>>): Ask =>
    async (path, more) =>
      (await ask(http, path, { ...more, headers: { ...far, ...more.headers, ...headers } })).status
  const cookie = async (user: string): Promise<string> => (await visitor(http, { user, headers: far })).cookie
  const page = async (user: string): Promise<Ask> => asking(pageHeaders(http, await cookie(user)))
  const key = (text: string): Ask => asking(withKey(text).headers ?? {})
  const administrator = await cookie(boss)
  return {
    ...{ nobody: asking({}), expired: asking(pageHeaders(http, expired)), revoked: key(keys.revoked) },
    'boss, from elsewhere': asking({ cookie: administrator, origin: 'https://evil.example' }),
    'boss, from no page': asking({ cookie: administrator }),
    ...{ alice: await page(alice), bob: await page(bob), boss: asking(pageHeaders(http, administrator)) },
    ...{ look: key(keys.look), act: key(keys.act), administer: key(keys.administer) },
    ...{ 'alice’s, look': key(keys.aliceLook), 'bob’s, act': key(keys.bobAct) },
  }
}

/** What is alice's: a mail to herself and to somebody far, its session, its delivery; and mails in her mailbox, one for each who wants to delete one. */
const thingsOf = async ({ http, keys, port }: Place) => {
  const get = async (path: string): Promise<readonly Readonly<Record<string, string>>[]> =>
    JSON.parse((await ask(http, `/api/v1${path}`, withKey(keys.administer))).text).items ?? []
  const attachments = [{ filename: 'a', contentType: 'application/x', content: 'eA==' }]
  const body = JSON.stringify({ to: [alice, 'x@far.example'], html: '<p>hello</p>', attachments })
  const { ask: asked } = await visitor(http, { user: alice })
  const { id } = JSON.parse((await asked('/api/v1/messages', { method: 'POST', headers: json, body })).text)
  const line = await greeted(port('mx'))
  for (let mail = 0; mail < 15; mail++)
    assert.ok(acceptedAs(await send(line, 'Subject: in\r\n\r\nhello', { to: [alice] })))
  await line.say('QUIT')
  const inbox = async () => get(`/mailboxes/${alice}/messages`)
  await eventually(async () => (await inbox()).length === 16)
  const [delivery] = await eventually(async () => {
    const found = await get(`/deliveries?message=${id}`)
    return found.length === 1 && found
  })
  const [session] = await get(`/sessions?user=${alice}`)
  return { id: String(id), delivery: delivery?.id, session: session?.id, inbox, get }
}
type Things = Awaited<ReturnType<typeof thingsOf>>

/** What stands for `:id` and the like, by the path before it. */
const pathOf = async (route: string, { id, delivery, session, inbox, get }: Things): Promise<string> => {
  const path = route
    .replace('/messages/:id', `/messages/${route.includes('mailboxes') ? ':id' : id}`)
    .replace('/deliveries/:id', `/deliveries/${delivery}`)
    .replace('/sessions/:id', `/sessions/${session}`)
    .replace('/parts/:part', '/parts/1')
    .replace(':address', alice)
    .replace('/machines/:name', '/machines/session')
    .replace('/views/:name', '/views/messages')
    .replace('/webhooks/:id', `/webhooks/${webhookId(hook)}`)
    .replace('/assets/:name', '/assets/none')
    .replace('/*', '/x')
  if (route.includes('mailboxes')) return path.replace(':id', (await inbox())[0]?.id ?? assert.fail())
  const ofAlice = async () => (await get('/logins')).filter(({ account }) => account === alice)
  return path.replace('/logins/:id', `/logins/${route.includes('logins') ? (await ofAlice())[0]?.id : ''}`)
}

const cellOf = (status: number): string => ([401, 403, 404].includes(status) ? String(status) : 'yes')

test('the description says of each call whether it is for one account', () => {
  type Call = { readonly description: string; readonly 'x-account'?: string | null }
  const { paths } = apiDocument() as { readonly paths: Readonly<Record<string, Record<string, Call>>> }
  const calls = rows.flatMap(({ cell }) => {
    const [method = '', route = ''] = cell('route').split(' ')
    const call = paths[route.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
    return call === undefined || call['x-account'] === undefined ? [] : [{ cell, call }]
  })
  assert.ok(calls.length > 30)
  for (const { cell, call } of calls) {
    const isClosed = cell('alice') === '403'
    assert.equal(call['x-account'] === null, isClosed, cell('route'))
    assert.match(call.description, isClosed ? /Not for keys and logins of one account/ : /of one account: /)
  }
})

test('who may ask for what', async (t) => {
  const server = await place(t)
  const things = await thingsOf(server)
  const people = await everybody(server)
  const answers = async ({ cell, line }: Row): Promise<string[]> => {
    const [method = '', route = ''] = cell('route').split(' ')
    const wrong: string[] = []
    // Who has logged out may not be anybody any more.
    const asking = cell('note').startsWith('anew') ? await everybody(server) : people
    for (const [who, asks] of Object.entries(asking)) {
      const body = method === 'GET' || cell('body') === '' ? {} : { body: cell('body'), headers: json }
      const found = cellOf(await asks(await pathOf(route, things), { method, ...body }))
      if (found !== cell(who)) wrong.push(`${line}: ${who} asks ${cell('route')}: ${found}`)
      if (method === 'GET')
        assert.equal(
          cellOf(await asks(await pathOf(route, things), { method: 'HEAD' })),
          found,
          `HEAD ${route}`,
        )
    }
    return wrong
  }
  const wrong: string[] = []
  for (const row of rows) wrong.push(...(await answers(row)))
  assert.deepEqual(wrong, [])
})
