/** An account that sends too much, over real sockets: what is more is held, not lost; mailboxes here get theirs; a start forgets nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptedAs, greeted, send } from '../client.ts'
import { type ChildServer, eventually, fsmtp, objects, serve, workplace } from '../server.ts'
import { farHost } from './far-host.ts'

const submit = async (server: ChildServer, to: readonly string[], from = 'ann@example.org') => {
  const line = await greeted(server.port('mx'))
  assert.match(await line.say(`XCLIENT LOGIN=${from}`), /^220/)
  assert.match(await line.say('EHLO client.example'), /^250/)
  const reply = await send(line, 'Subject: hi\r\n\r\nhello', { from, to })
  line.hangUp()
  return acceptedAs(reply) ?? assert.fail(reply)
}

type Delivery = { readonly message: string; readonly status: string; readonly reason: string | null }
const deliveries = async (folder: string, ...filter: string[]) =>
  objects(await fsmtp(folder, ['deliveries', '--json', ...filter])) as unknown[] as Delivery[]
const settled = (folder: string, statuses: string): Promise<readonly Delivery[]> =>
  eventually(
    async () => {
      const found = await deliveries(folder)
      return found.map(({ status }) => status).join(' ') === statuses && found
    },
    { what: statuses },
  )

test('a burst is held, and released; what is for mailboxes here is in them', async (t) => {
  const far = await farHost()
  t.after(() => far.close())
  const folder = workplace({
    hostname: 'mx.example.org',
    listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
    domains: [{ name: 'example.org' }],
    proxy: { trusted: ['127.0.0.1/32'], protocols: ['xclient'] },
    limits: { sending: { messages: 2, accounts: { 'Bob@example.org': { messages: 3 } } } },
    delivery: { routes: { 'far.example': `127.0.0.1:${far.port}` } },
  })
  for (const name of ['ann', 'bob'])
    await fsmtp(folder, ['user', 'add', `${name}@example.org`], { input: 'a long password\n' })
  const server = await serve(folder)
  t.after(() => server.child.kill('SIGKILL'))

  for (let sent = 0; sent < 3; sent++) await submit(server, ['eve@far.example', 'bob@example.org'])
  for (let sent = 0; sent < 3; sent++) await submit(server, ['eve@far.example'], 'bob@example.org')
  const found = await settled(folder, 'delivered delivered held delivered delivered delivered')
  assert.equal(found[2]?.reason, 'sending-limit')
  assert.equal(objects(await fsmtp(folder, ['mailbox', 'bob@example.org', '--json'])).length, 3)
  assert.match(
    server.output(),
    /ann@example\.org has sent 3 messages within 1h, and limits\.sending allows 2: what it sends elsewhere is held/,
  )
  const trace = await fsmtp(folder, ['message', found[2]!.message, '--trace'])
  assert.match(trace.stdout, /was held by a limit: ann@example\.org has sent 3 messages within 1h/)

  server.child.kill('SIGKILL')
  await new Promise((resolve) => server.child.once('exit', resolve))
  const next = await serve(folder)
  t.after(() => next.child.kill('SIGKILL'))
  await submit(next, ['eve@far.example'])
  await settled(folder, 'delivered delivered held delivered delivered delivered held')
  assert.equal(far.received.length, 5)

  const released = await fsmtp(folder, ['release', '--sender', 'ann@example.org'])
  assert.deepEqual([released.code, released.stdout], [0, '2 deliveries released\n'])
  await settled(folder, 'delivered delivered delivered delivered delivered delivered delivered')
  assert.equal(far.received.length, 7)
  const proved = await fsmtp(folder, ['verify'])
  assert.equal(proved.code, 0, proved.stdout)
})
