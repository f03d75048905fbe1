/** An address that its host does not know, over real sockets: tried once, then returned untried, until somebody clears it. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { acceptedAs, greeted, send } from '../client.ts'
import { type ChildServer, eventually, fsmtp, objects, serve, workplace } from '../server.ts'
import { farHost } from './far-host.ts'

const house = async (t: TestContext) => {
  const asked: string[] = []
  const far = await farHost({
    recipient: (address) => {
      asked.push(address)
      return /^gone/i.test(address) ? '550 5.1.1 No such user here' : null
    },
  })
  t.after(() => far.close())
  const folder = workplace({
    hostname: 'mx.example.org',
    listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
    domains: [{ name: 'example.org' }],
    proxy: { trusted: ['127.0.0.1/32'], protocols: ['xclient'] },
    delivery: { routes: { 'far.example': `127.0.0.1:${far.port}` } },
  })
  const added = await fsmtp(folder, ['user', 'add', 'ann@example.org'], { input: 'a long password\n' })
  assert.equal(added.code, 0, added.stderr)
  return { asked, far, folder }
}

const submit = async (server: ChildServer, to: readonly string[]): Promise<string> => {
  const line = await greeted(server.port('mx'))
  assert.match(await line.say('XCLIENT LOGIN=ann@example.org'), /^220/)
  assert.match(await line.say('EHLO client.example'), /^250/)
  const reply = await send(line, 'Subject: hi\r\n\r\nhello', { from: 'ann@example.org', to })
  line.hangUp()
  return acceptedAs(reply) ?? assert.fail(reply)
}

type Delivery = { readonly id: string; readonly status: string; readonly reason: string }
const ended = (folder: string, message: string): Promise<Delivery> =>
  eventually(
    async () => {
      const found = objects(await fsmtp(folder, ['deliveries', '--json', '--message', message]))
      const [delivery] = found as unknown[] as Delivery[]
      return delivery !== undefined && ['failed', 'delivered'].includes(delivery.status) && delivery
    },
    { what: `the end of ${message}` },
  )
const list = async (folder: string, ...words: string[]) =>
  objects(await fsmtp(folder, ['suppressions', ...words, '--json']))

/** The text of the newest notice in the sender's mailbox, once there are so many. */
const notice = (folder: string, count: number): Promise<string> =>
  eventually(
    async () => {
      const found = objects(await fsmtp(folder, ['mailbox', 'ann@example.org', '--json']))
      if (found.length < count) return false
      const { stdout } = await fsmtp(folder, ['message', String(found.at(-1)!.message), '--text'])
      return stdout
    },
    { what: `notice ${count}` },
  )

test('an address that its host does not know is tried once, then returned with the reason, until it is cleared', async (t) => {
  const { asked, far, folder } = await house(t)
  const server = await serve(folder)
  t.after(() => server.child.kill('SIGKILL'))
  const first = await ended(folder, await submit(server, ['Gone@far.example']))
  assert.deepEqual([first.status, first.reason], ['failed', 'refused-for-good'])
  await notice(folder, 1)
  const [row] = await list(folder)
  assert.equal(row?.address, 'gone@far.example')
  assert.deepEqual([row.delivery, row.enhancedCode, row.suppressed], [first.id, '5.1.1', true])

  const second = await ended(folder, await submit(server, ['gone@far.example', 'ann@far.example']))
  assert.deepEqual([second.status, second.reason], ['failed', 'suppressed'])
  assert.deepEqual(asked, ['Gone@far.example', 'ann@far.example'])
  assert.deepEqual(
    far.received.map(({ recipients }) => recipients),
    [['ann@far.example']],
  )
  const words = (await notice(folder, 2)).replace(/\s+/g, ' ')
  assert.match(words, /<gone@far\.example> It was not sent.*: mail to this address is suppressed since \d{4}/)
  assert.match(words, /when the other side said: 550 5\.1\.1 No such user here; it may be tried again after/)
  assert.doesNotMatch(words, /<ann@far\.example>/)

  const cleared = await fsmtp(folder, ['suppressions', 'clear', 'GONE@far.example', 'eve@far.example'])
  assert.equal(cleared.code, 1)
  assert.equal(
    cleared.stdout,
    '1 address cleared\neve@far.example  not: eve@far.example is not on the list; `fsmtp suppressions --all` shows all that are\n',
  )
  assert.deepEqual(await list(folder), [])
  const third = await ended(folder, await submit(server, ['gone@far.example']))
  assert.equal(third.reason, 'refused-for-good')
  assert.equal(asked.length, 3)
})

test('what is added while no server runs is not tried by the next one', async (t) => {
  const { asked, folder } = await house(t)
  const early = await serve(folder)
  early.child.kill('SIGTERM')
  await new Promise((resolve) => early.child.once('exit', resolve))
  const added = await fsmtp(folder, ['suppressions', 'add', 'ann@far.example', 'no address', '--json'])
  assert.deepEqual([added.code, added.stderr], [2, "fsmtp: 'no address' is no mail address\n"])
  const both = await fsmtp(folder, ['suppressions', 'add', 'ann@far.example', 'Ann@far.example'])
  assert.deepEqual([both.code, both.stdout], [0, '1 address added\n'])
  const again = await fsmtp(folder, ['suppressions', 'add', 'ann@far.example', '--json'])
  assert.deepEqual(objects(again), [
    { address: 'ann@far.example', done: false, reason: 'ann@far.example was added before' },
  ])
  const server = await serve(folder)
  t.after(() => server.child.kill('SIGKILL'))
  const { reason } = await ended(folder, await submit(server, ['ann@far.example']))
  assert.equal(reason, 'suppressed')
  assert.deepEqual(asked, [])
  const { stdout } = await fsmtp(folder, ['suppressions'])
  assert.match(stdout, /ann@far\.example +\d{4}-\S+ +cleared +added by operator/)
  const proved = await fsmtp(folder, ['verify'])
  assert.equal(proved.code, 0, proved.stdout)
})
