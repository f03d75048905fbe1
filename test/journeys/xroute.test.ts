/** What leaves a playground: one mail, where somebody told it to; everything else stays. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { MessageAccepted, RemoteReply } from '../../machines/vocabulary/events.ts'
import type { StoredEvent } from '../../src/log/port.ts'
import { acceptedAs, greeted, type Line, send } from '../client.ts'
import { startDns } from '../dns/server.ts'
import { fsmtp, startTestServer, type TestServer } from '../server.ts'
import { farHost } from './far-host.ts'

const playground = { playground: true, hostname: 'localhost', domains: [] }

const startPlayground = async (context: TestContext, settings: object = {}): Promise<TestServer> => {
  const server = await startTestServer({ ...playground, ...settings })
  context.after(() => server.stop())
  return server
}

const content = 'Subject: away\r\n\r\nhello'

/** The message's id. */
const sent = async (line: Line, to: string, route?: string): Promise<string> => {
  const parameters = route === undefined ? '' : ` XROUTE=${route}`
  const reply = await send(line, content, { from: 'ann@here.example', to: [to], parameters })
  const id = acceptedAs(reply)
  assert.ok(id, reply)
  return id
}

const endings = new Set(['Delivered', 'Failed', 'Expired'])

/** How the only delivery of a message ended. */
const ending = (server: TestServer, message: string): Promise<StoredEvent> =>
  server.until(
    (events) => {
      const queued = events.find(({ type, data }) => type === 'DeliveryQueued' && data.message === message)
      return events.find(({ type, stream }) => stream === queued?.stream && endings.has(type))
    },
    { what: `the end of what became of ${message}` },
  )

const replyOf = ({ data }: StoredEvent): RemoteReply | null =>
  (data.outcomes as readonly { readonly reply: RemoteReply | null }[])[0]?.reply ?? null

const acceptedIn = async (server: TestServer, id: string): Promise<MessageAccepted> => {
  const found = (await server.events()).find(
    ({ type, data }) => type === 'MessageAccepted' && data.message === id,
  )
  return found?.data as MessageAccepted
}

test('XROUTE=HOST:PORT: the mail is really given to that host, and only that mail', async (context) => {
  const far = await farHost()
  context.after(() => far.close())
  const server = await startPlayground(context)
  const line = await greeted(server.port('mx'))
  const routed = await sent(line, 'bob@example.net', `127.0.0.1:${far.port}`)
  const kept = await sent(line, 'bob@example.net')
  const end = await ending(server, routed)
  assert.deepEqual([end.type, replyOf(end)?.code], ['Delivered', 250])
  assert.deepEqual(
    far.received.map(({ sender, recipients }) => [sender, ...recipients]),
    [['ann@here.example', 'bob@example.net']],
  )
  assert.ok(far.received[0]!.content.endsWith(`${content}\r\n`))
  const { recipients } = await acceptedIn(server, kept)
  assert.deepEqual(recipients[0]?.destination, { kind: 'mailbox', mailbox: 'bob@example.net' })
  line.hangUp()
  await server.stop()
  // The history of both says the same again.
  const proved = await fsmtp(server.data, ['verify', '--data', server.data])
  assert.equal(proved.code, 0, proved.stdout)
})

test('XROUTE=direct: to the hosts that DNS names', async (context) => {
  const far = await farHost()
  context.after(() => far.close())
  const dns = await startDns({
    'example.net': { MX: [[10, 'mx.example.net']] },
    'mx.example.net': { A: ['127.0.0.1'] },
  })
  context.after(() => dns.close())
  const server = await startPlayground(context, {
    dns: { servers: [dns.address] },
    delivery: { port: far.port, allowPrivate: true },
  })
  const line = await greeted(server.port('mx'))
  const end = await ending(server, await sent(line, 'bob@example.net', 'direct'))
  assert.equal(end.type, 'Delivered')
  assert.equal(far.received.length, 1)
  assert.ok(dns.asked.includes('udp MX example.net'))
  line.hangUp()
  await server.stop()
})

test('what is pretended stays pretended, also when it is told to leave', async (context) => {
  const dns = await startDns({})
  context.after(() => dns.close())
  const server = await startPlayground(context, { dns: { servers: [dns.address] } })
  const line = await greeted(server.port('mx'))
  const end = await ending(server, await sent(line, 'bob@delivered.test', 'direct'))
  assert.match(replyOf(end)!.text, /said a host that is not there/)
  assert.deepEqual(dns.asked, [])
  line.hangUp()
})

test('a mail that leaves and is refused comes back as a notice, here', async (context) => {
  const far = await farHost({ recipient: () => '550 5.1.1 Nobody of that name' })
  context.after(() => far.close())
  const server = await startPlayground(context)
  const line = await greeted(server.port('mx'))
  const end = await ending(server, await sent(line, 'bob@example.net', `127.0.0.1:${far.port}`))
  assert.deepEqual([end.type, replyOf(end)?.enhanced], ['Failed', '5.1.1'])
  const notice = await server.until((events) =>
    events.find(({ type, data }) => type === 'MessageAccepted' && data.cause !== undefined),
  )
  const { recipients } = notice.data as MessageAccepted
  assert.deepEqual(recipients[0]?.destination, { kind: 'mailbox', mailbox: 'ann@here.example' })
  line.hangUp()
  await server.stop()
})

test('a host that is told to send it to itself keeps it in its own mailbox', async (context) => {
  const server = await startPlayground(context)
  const line = await greeted(server.port('mx'))
  const end = await ending(server, await sent(line, 'bob@example.net', `127.0.0.1:${server.port('mx')}`))
  assert.equal(end.type, 'Delivered')
  const arrived = await server.until((events) =>
    events.filter(({ type }) => type === 'MessageAccepted').at(1),
  )
  assert.deepEqual((arrived.data as MessageAccepted).recipients[0]?.destination.kind, 'mailbox')
  line.hangUp()
})
