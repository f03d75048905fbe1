/** What senders hear of their mail, and when: at once, once, and whatever happens to the server in between. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import PostalMime from 'postal-mime'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { acceptedAs, greeted } from '../client.ts'
import { farSide, outcomeOf } from '../delivery/far-side.ts'
import { type ChildServer, eventually, fsmtp, objects, serve, workplace } from '../server.ts'
import { farHost } from './far-host.ts'

type House = { readonly folder: string; up(): Promise<ChildServer> }
type Replies = Readonly<Record<string, string>>

/** A server for example.org, and the one host of all others, which answers recipients by their names. */
const house = async (t: TestContext, replies: Replies, delivery: object = {}): Promise<House> => {
  const far = await farHost({ recipient: (address) => replies[address.split('@')[0]!] ?? null })
  t.after(() => far.close())
  const folder = workplace({
    hostname: 'mx.example.org',
    listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
    domains: [{ name: 'example.org' }],
    proxy: { trusted: ['127.0.0.1/32'], protocols: ['xclient'] },
    delivery: { routes: { 'far.example': `127.0.0.1:${far.port}` }, ...delivery },
  })
  const added = await fsmtp(folder, ['user', 'add', 'ann@example.org'], { input: 'a long password\n' })
  assert.equal(added.code, 0, added.stderr)
  const up = async () => {
    const server = await serve(folder)
    t.after(() => server.child.kill('SIGKILL'))
    return server
  }
  return { folder, up }
}

/** Recipients as RCPT has them: `<bob@far.example> NOTIFY=SUCCESS`. */
const submit = async (server: ChildServer, ...recipients: string[]): Promise<void> => {
  const line = await greeted(server.port('mx'))
  await line.say('XCLIENT LOGIN=ann@example.org')
  await line.say('EHLO client.example')
  for (const command of ['MAIL FROM:<ann@example.org>', ...recipients.map((one) => `RCPT TO:${one}`)])
    assert.match(await line.say(command), /^250/)
  await line.say('DATA')
  const reply = await line.say('Subject: hi\r\n\r\nhello\r\n.')
  assert.ok(acceptedAs(reply), reply)
  line.hangUp()
}

type Told = { readonly subject: string; readonly text: string }
/** The notices in the sender's mailbox, in the order in which they came. */
const told = async (folder: string): Promise<readonly Told[]> => {
  const filed = objects(await fsmtp(folder, ['mailbox', 'ann@example.org', '--json']))
  return Promise.all(
    filed.map(async ({ message }) => {
      const { stdout } = await fsmtp(folder, ['message', String(message), '--raw'])
      const { subject = '', text = '' } = await PostalMime.parse(stdout, { forceRfc822Attachments: true })
      return { subject, text }
    }),
  )
}
const toldOf = (folder: string, count: number): Promise<readonly Told[]> =>
  eventually(
    async () => {
      const found = await told(folder)
      return found.length >= count && found
    },
    { what: `${count} notices` },
  )
const delivery = async (folder: string): Promise<Record<string, unknown>> =>
  objects(await fsmtp(folder, ['deliveries', '--json']))[0] ?? {}
const is = (folder: string, status: string): Promise<unknown> =>
  eventually(async () => (await delivery(folder)).status === status, { what: status })
const clean = async (folder: string): Promise<void> => {
  const proved = await fsmtp(folder, ['verify'])
  assert.equal(proved.code, 0, proved.stdout)
}
const about = (notices: readonly Told[]): readonly string[] =>
  notices.map(({ text }) => [...text.matchAll(/^<(\w+)@far\.example>$/gm)].map(([, name]) => name).join(' '))

test('one refused, one put off: the sender hears of the first at once, and of nothing more once the second is delivered', async (t) => {
  const replies: Record<string, string> = {
    bob: '550 5.1.1 Nobody of that name',
    eve: '451 4.7.1 Come back later',
  }
  const { folder, up } = await house(t, replies)
  const server = await up()
  await submit(server, '<bob@far.example>', '<eve@far.example>')
  const [notice] = await toldOf(folder, 1)
  assert.equal(notice?.subject, 'Not delivered to bob@far.example: hi')
  assert.deepEqual(about([notice]), ['bob'])
  assert.match(notice.text, /said: 550 5\.1\.1 Nobody of that name/)
  assert.equal((await delivery(folder)).status, 'deferred')
  await clean(folder)
  delete replies.eve
  assert.equal((await fsmtp(folder, ['retry', '--status', 'deferred'])).code, 0)
  await is(folder, 'failed')
  // Stopping lets what is under way end.
  assert.equal(await server.end(), 0)
  assert.deepEqual(about(await told(folder)), ['bob'])
  await clean(folder)
})

test('one refused, one put off until patience ends: two notices, each about one of them', async (t) => {
  const replies = { bob: '550 5.1.1 Nobody of that name', eve: '451 4.7.1 Come back later' }
  const { folder, up } = await house(t, replies, { retry: ['1s'], giveUpAfter: '2s', warnAfter: '1h' })
  const server = await up()
  await submit(server, '<bob@far.example>', '<eve@far.example>')
  const notices = await toldOf(folder, 2)
  await is(folder, 'expired')
  assert.equal(await server.end(), 0)
  assert.deepEqual(about(await told(folder)), ['bob', 'eve'])
  assert.match(
    notices[1]!.text.replace(/\s+/g, ' '),
    /451 4\.7\.1 Come back later It was tried [2-9] times, the last/,
  )
  await clean(folder)
})

test('one delivered with NOTIFY=SUCCESS, one put off: the sender hears of the success at once', async (t) => {
  const { folder, up } = await house(t, { bob: '451 4.7.1 Come back later' })
  const server = await up()
  await submit(server, '<bob@far.example>', '<eve@far.example> NOTIFY=SUCCESS,FAILURE')
  const notices = await toldOf(folder, 1)
  assert.equal(notices[0]?.subject, 'Delivered to eve@far.example: hi')
  assert.deepEqual(about(notices), ['eve'])
  assert.equal((await delivery(folder)).status, 'deferred')
  assert.equal(await server.end(), 0)
  assert.deepEqual(about(await told(folder)), ['eve'])
  await clean(folder)
})

/** The attempt in between is made at a time of its own. */
const patient = { giveUpAfter: '900d', warnAfter: '899d' }

test('cut off between a refusal and its notice: it is made at the next start, and no other at the one after', async (t) => {
  const { folder, up } = await house(t, { bob: '451 4.7.1 Later', eve: '451 4.7.1 Later' }, patient)
  const first = await up()
  await submit(first, '<bob@far.example>', '<eve@far.example>')
  await is(folder, 'deferred')
  assert.equal(await first.end(), 0)
  // An attempt is made and recorded, and nobody is there any more to tell of it.
  const log = await openSqliteLog({ directory: join(folder, 'data') })
  const { id } = await delivery(folder)
  const far = await farSide(
    () => ({
      send: () => ({
        outcomes: [outcomeOf('bob@far.example', 'failed'), outcomeOf('eve@far.example', 'deferred')],
        ...{ fault: null, uncertain: false },
      }),
    }),
    { log },
  )
  await far.courier.act(String(id), 'RETRY', 'test')
  await far.until(String(id), 'Deferred')
  await far.courier.stop(0)
  await log.close()
  assert.deepEqual(far.notified, [`failed ${id}`])
  assert.deepEqual(await told(folder), [])
  for (let start = 0; start < 2; start++) {
    const server = await up()
    assert.deepEqual(about(await toldOf(folder, 1)), ['bob'])
    assert.equal(await server.end(), 0)
  }
  assert.deepEqual(about(await told(folder)), ['bob'])
  await clean(folder)
})
