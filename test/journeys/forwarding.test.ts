/** Mail for aliases over real sockets: to mailboxes here and to a host elsewhere, and all the ways on which it may come back. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { acceptedAs, greeted, send } from '../client.ts'
import { type ChildServer, eventually, fsmtp, objects, serve, workplace } from '../server.ts'
import { type Behaviour, type FarHost, farHost, type Received } from './far-host.ts'

type House = {
  readonly folder: string
  /** Where carol has her mail. */
  readonly far: FarHost
  /** Where bob writes from. */
  readonly origin: FarHost
  up(): Promise<ChildServer>
}

const house = async (t: TestContext, behaviour: Behaviour = {}): Promise<House> => {
  const [far, origin] = [await farHost(behaviour), await farHost()]
  t.after(() => Promise.all([far.close(), origin.close()]))
  const folder = workplace({
    hostname: 'mx.example.org',
    listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
    domains: [
      { name: 'example.org', aliases: { sales: ['ann', 'carol@far.example'], info: ['carol@far.example'] } },
    ],
    proxy: { trusted: ['127.0.0.1/32'], protocols: ['xclient'] },
    delivery: {
      routes: { 'far.example': `127.0.0.1:${far.port}`, 'origin.example': `127.0.0.1:${origin.port}` },
    },
  })
  const added = await fsmtp(folder, ['user', 'add', 'ann@example.org'], { input: 'a long password\n' })
  assert.equal(added.code, 0, added.stderr)
  return {
    ...{ folder, far, origin },
    up: async () => {
      const server = await serve(folder)
      t.after(() => server.child.kill('SIGKILL'))
      return server
    },
  }
}

const content = 'From: bob@origin.example\r\nSubject: an order\r\n\r\nten of them'

type Mail = { readonly from?: string; readonly to: string; readonly text?: string }
/** As any other server sends it; the reply. */
const bring = async (server: ChildServer, { from = 'bob@origin.example', to, text = content }: Mail) => {
  const line = await greeted(server.port('mx'))
  const reply = await send(line, text, { from, to: [to] })
  line.hangUp()
  return reply
}
const accepted = (reply: string): string => acceptedAs(reply) ?? assert.fail(reply)

const arrived = (host: FarHost, count = 1): Promise<readonly Received[]> =>
  eventually(() => host.received.length === count && host.received, {
    what: `${count} mails at the other host`,
  })
const inMailbox = async (folder: string): Promise<Record<string, unknown>[]> =>
  objects(await fsmtp(folder, ['mailbox', 'ann@example.org', '--json']))
const clean = async (folder: string): Promise<void> => {
  const proved = await fsmtp(folder, ['verify'])
  assert.equal(proved.code, 0, proved.stdout)
}

test('an alias: in the mailbox here, and at the other host with a sender of ours', async (t) => {
  const { folder, far, up } = await house(t)
  const server = await up()
  const message = accepted(await bring(server, { to: 'Sales+spring@example.org' }))
  const [mail] = await arrived(far)
  assert.match(mail!.sender, /^SRS0=[A-Z2-7]{8}=[A-Z2-7]{2}=origin\.example=bob@example\.org$/)
  assert.deepEqual(mail?.recipients, ['carol@far.example'])
  assert.match(mail!.content, /^Delivered-To: sales@example\.org\r\nReceived: /)
  assert.match(mail!.content, /\r\n\tfor <Sales\+spring@example\.org>; /)
  assert.ok(mail?.content.endsWith(`${content}\r\n`), mail?.content)
  const [filed] = await eventually(async () => (await inMailbox(folder)).length > 0 && inMailbox(folder))
  assert.equal(filed?.message, message)

  const [listed] = objects(await fsmtp(folder, ['messages', '--json']))
  assert.deepEqual(listed?.recipients, ['Sales+spring@example.org'])
  const shown = await fsmtp(folder, ['message', message])
  assert.match(shown.stdout, /<Sales\+spring@example\.org> -> <ann@example\.org> filed in the mailbox ann@/)
  assert.match(shown.stdout, /<Sales\+spring@example\.org> -> <carol@far\.example> delivered, by delivery /)
  const trace = await fsmtp(folder, ['message', message, '--trace'])
  assert.match(trace.stdout, /<sales@example\.org> -> <carol@far\.example>, with the sender <SRS0=/)
  assert.match((await fsmtp(folder, ['deliveries'])).stdout, /sales@example\.org -> carol@far\.example/)
  const [row] = objects(await fsmtp(folder, ['deliveries', '--json']))
  assert.equal(row?.forwarder, 'sales@example.org')
  await clean(folder)
})

test('the other host’s report comes back through us to the one who wrote, without a sender', async (t) => {
  const { folder, far, origin, up } = await house(t)
  const server = await up()
  await bring(server, { to: 'info@example.org' })
  const [mail] = await arrived(far)
  // In lower case, as some hosts have it.
  const reply = await bring(server, {
    ...{ from: '', to: mail!.sender.toLowerCase(), text: 'Subject: Undelivered\r\n\r\nno' },
  })
  assert.match(reply, /^250 /)
  const [report] = await arrived(origin)
  assert.equal(report?.sender, '')
  assert.deepEqual(report?.recipients, ['bob@origin.example'])
  assert.match(report!.content, /Subject: Undelivered/)
  const forged = await bring(server, { from: '', to: mail!.sender.replace('=bob@', '=rob@') })
  assert.equal(forged, '550 5.1.1 This return path was not made here')
  assert.equal(origin.received.length, 1)
  await clean(folder)
})

test('what comes back to an alias that forwarded it is a loop; for another alias it is not yet', async (t) => {
  const { folder, far, up } = await house(t)
  const server = await up()
  await bring(server, { to: 'info@example.org' })
  const [mail] = await arrived(far)
  const straightBack = { from: mail!.sender, text: mail!.content.replace(/\r\n$/, '') }
  assert.match(await bring(server, { ...straightBack, to: 'info@example.org' }), /^554 5\.4\.6 .*loop/)
  accepted(await bring(server, { ...straightBack, to: 'sales@example.org' }))
  const [, again] = await arrived(far, 2)
  assert.equal(again?.sender, mail?.sender, 'a sender of ours is good already')
  const round = { from: again!.sender, text: again!.content.replace(/\r\n$/, '') }
  for (const to of ['info@example.org', 'sales+x@example.org'])
    assert.match(await bring(server, { ...round, to }), /^554 5\.4\.6 /)
  const [refused] = objects(await fsmtp(folder, ['sessions', '--json', '--outcome', 'refused']))
  assert.equal(refused?.reason, 'forwarding-loop')
  await clean(folder)
})

test('refused by the other host, our own report goes to the one who wrote and names the alias', async (t) => {
  const { folder, origin, up } = await house(t, { recipient: () => '550 5.1.1 Nobody of that name' })
  const server = await up()
  accepted(await bring(server, { to: 'sales@example.org' }))
  const [report] = await arrived(origin)
  assert.equal(report?.sender, '')
  assert.deepEqual(report?.recipients, ['bob@origin.example'])
  assert.match(report!.content, /^To: bob@origin\.example\r$/m)
  assert.match(report!.content, /^<sales@example\.org>\r$/m)
  assert.match(report!.content, /^Original-Recipient: rfc822; sales@example\.org\r$/m)
  assert.match(report!.content, /^Final-Recipient: rfc822; sales@example\.org\r$/m)
  // Who stands behind an alias is for its owner to tell.
  assert.doesNotMatch(report!.content, /carol|far\.example/)
  assert.equal((await inMailbox(folder)).length, 1, 'ann has it all the same')
  await clean(folder)
})

test('mail of ours, and mail without a sender, is forwarded with the sender it has', async (t) => {
  const { far, up } = await house(t)
  const server = await up()
  const line = await greeted(server.port('mx'))
  assert.match(await line.say('XCLIENT LOGIN=ann@example.org'), /^220/)
  assert.match(await line.say('EHLO client.example'), /^250/)
  const text = 'From: ann@example.org\r\n\r\nhello'
  accepted(await send(line, text, { from: 'ann@example.org', to: ['info@example.org'] }))
  line.hangUp()
  await arrived(far, 1)
  accepted(await bring(server, { from: '', to: 'info@example.org' }))
  const mails = await arrived(far, 2)
  assert.deepEqual(
    mails.map(({ sender }) => sender),
    ['ann@example.org', ''],
  )
})

test('killed with two mails of one message owed to one host, both leave after the next start', async (t) => {
  let isStuck = true
  const { folder, far, up } = await house(t, {
    beforeAnswer: () => (isStuck ? new Promise<void>(() => {}) : undefined),
  })
  const first = await up()
  const line = await greeted(first.port('mx'))
  await line.say('XCLIENT LOGIN=ann@example.org')
  await line.say('EHLO client.example')
  const to = ['zoe@far.example', 'sales@example.org', 'info@example.org']
  const text = 'From: ann@example.org\r\n\r\nhello'
  accepted(await send(line, text, { from: 'ann@example.org', to }))
  await first.end('SIGKILL')
  isStuck = false
  await up()
  // Carol is named by two aliases, and has it once.
  const found = await eventually(
    async () => {
      const rows = objects(await fsmtp(folder, ['deliveries', '--json']))
      return rows.length === 2 && rows.every(({ status }) => status === 'delivered') && rows
    },
    { what: 'two deliveries that are delivered' },
  )
  assert.deepEqual(new Set(found.map(({ forwarder }) => forwarder)), new Set([null, 'sales@example.org']))
  const reached = new Set(far.received.flatMap(({ recipients }) => recipients))
  assert.deepEqual(reached, new Set(['zoe@far.example', 'carol@far.example']))
  await clean(folder)
})

test('SIGHUP takes over aliases', async (t) => {
  const { folder, far, up } = await house(t)
  const server = await up()
  assert.match(await bring(server, { to: 'later@example.org' }), /^550 5\.1\.1/)
  const file = join(folder, 'fsmtp.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace('"info":', '"later":'))
  server.child.kill('SIGHUP')
  await eventually(async () => /^250/.test(await bring(server, { to: 'later@example.org' })))
  assert.match(await bring(server, { to: 'info@example.org' }), /^550 5\.1\.1/)
  await arrived(far)
  await clean(folder)
})

test('`config check` says where an alias leads to nobody, `domain list` how many there are', async (t) => {
  const { folder } = await house(t)
  const fine = await fsmtp(folder, ['config', 'check'])
  assert.doesNotMatch(fine.stdout, /aliases/)
  const file = join(folder, 'fsmtp.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace('"ann"', '"anne"'))
  const said = await fsmtp(folder, ['config', 'check'])
  assert.equal(said.code, 0, said.stdout)
  assert.match(said.stdout, /domains\[0\]\.aliases\.sales: nobody has the address anne@example\.org/)
  const [domain] = objects(await fsmtp(folder, ['domain', 'list', '--json']))
  assert.equal(domain?.aliases, 2)
})
