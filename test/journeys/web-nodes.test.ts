/** Two servers on one log in a database: logins hold on both, and webhooks are told by one of them at a time. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { acceptedAs, greeted, send } from '../client.ts'
import { ask, watchedServer } from '../http/asking.ts'
import { logIn, pageHeaders, password, visitor } from '../http/visitor.ts'
import { startKurrentStandIn } from '../kurrent/stand-in.ts'
import { realServer } from '../kurrent/target.ts'
import { type ChildServer, eventually, fsmtp, objects, scratch, serve, workplace } from '../server.ts'
import { receiver } from '../webhooks/receiver.ts'
import { secret } from '../webhooks/telling.ts'

let logs = 0
const database = async (t: TestContext): Promise<string> => {
  const standIn = realServer === undefined ? await startKurrentStandIn() : null
  const log = new URL(realServer ?? standIn!.url)
  log.searchParams.set('streamPrefix', `web_${Date.now().toString(36)}_${++logs}_`)
  if (standIn) t.after(() => standIn.close())
  return log.href
}
const node = (name: string) => ({ node: `${name}.example.org`, lease: '3s' })

test('who has logged in at one server is known at the other, and let in nowhere once that is over', async (t) => {
  const standIn = realServer === undefined ? await startKurrentStandIn() : null
  const log = new URL(realServer ?? standIn!.url)
  log.searchParams.set('streamPrefix', `logins_${Date.now().toString(36)}_`)
  const a = await watchedServer(t, { log: log.href, cluster: node('a') })
  const b = await watchedServer(t, { log: log.href, cluster: node('b') })
  t.after(() => standIn?.close())
  const user = 'alice@example.org'
  await a.addAccount({ addresses: [user], password })
  const { cookie, ask: askA } = await visitor(a.http, { user })
  const atB = (path: string, method = 'GET') =>
    ask(b.http, path, { method, headers: pageHeaders(b.http, cookie) })
  assert.equal((await atB('/api/v1/logins')).status, 200)
  const entered = await eventually(async () => {
    const answer = await logIn(b.http, { user })
    return answer.status === 200 && answer
  })
  assert.ok(entered.headers['set-cookie'])
  const listed = async (): Promise<readonly { id: string; current: boolean }[]> =>
    (JSON.parse((await askA('/api/v1/logins')).text) as { items: { id: string; current: boolean }[] }).items
  await eventually(async () => (await listed()).length === 2)
  const own = (await listed()).find(({ current }) => current)
  assert.equal((await atB(`/api/v1/logins/${own?.id}`, 'DELETE')).status, 204)
  await eventually(async () => (await askA('/api/v1/logins')).status === 401)
  assert.equal((await atB('/api/v1/logins')).status, 401)
})

const mail = async (server: ChildServer): Promise<string> => {
  const line = await greeted(server.port('mx'))
  const reply = await send(line, 'Subject: hi\r\n\r\nhello', { to: ['postmaster@example.org'] })
  line.hangUp()
  return acceptedAs(reply) ?? assert.fail(reply)
}

test('one server tells a webhook; killed, it is the other that goes on, and started without it again that one keeps it', async (t) => {
  const log = await database(t)
  const to = await receiver(t)
  const secretFile = join(scratch('hook'), 'hook.key')
  writeFileSync(secretFile, secret)
  const webhooks = [{ url: to.url, events: ['MessageAccepted'], secretFile }]
  const folderOf = (name: string, more: object) =>
    workplace({
      listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
      ...{ log, cluster: node(name), ...more },
    })
  const [first, second] = [folderOf('a', { webhooks }), folderOf('b', { webhooks })]
  const up = async (folder: string): Promise<ChildServer> => {
    const server = await serve(folder)
    t.after(async () => {
      if (server.child.exitCode === null && server.child.signalCode === null) await server.end('SIGKILL')
    })
    return server
  }
  const standing = async () => objects(await fsmtp(second, ['webhooks', '--json']))[0]
  const toldBy = (name: string) =>
    eventually(async () => (await standing())?.node === `${name}.example.org`, { within: 60_000 })
  const a = await up(first)
  await toldBy('a')
  const b = await up(second)
  const ids = [await mail(a), await mail(b)]
  const heard = (): readonly unknown[] => [
    ...new Set(to.heard.map(({ event }) => (event.data as { message?: unknown }).message)),
  ]
  await eventually(() => heard().length === 2, { within: 30_000 })
  assert.equal((await standing())?.node, 'a.example.org')
  assert.equal(to.heard.length, 2)
  assert.equal(to.together, 1)
  await a.end('SIGKILL')
  ids.push(await mail(b))
  await eventually(() => heard().length === 3, { within: 60_000 })
  assert.deepEqual(heard(), ids)
  await toldBy('b')
  assert.equal(await b.end(), 0)

  // A leaves it behind unsaid: it is started without it before B is.
  const again = await up(first)
  await toldBy('a')
  await again.end('SIGKILL')
  writeFileSync(
    join(first, 'fsmtp.yaml'),
    JSON.stringify({
      hostname: 'mx.example.org',
      listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
      ...{ domains: [{ name: 'example.org' }], log, cluster: node('a') },
    }),
  )
  const without = await up(first)
  const last = await up(second)
  ids.push(await mail(without), await mail(last))
  await eventually(() => heard().length === 5, { within: 60_000 })
  assert.deepEqual(heard().slice(0, 3), ids.slice(0, 3))
  assert.deepEqual(heard().slice(3).toSorted(), ids.slice(3).toSorted())
  await toldBy('b')
})
