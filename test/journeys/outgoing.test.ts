/** Mail for other hosts, over real sockets: taken from an account, sent, put off, acted upon, reported, and never lost. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { acceptedAs, greeted, send } from '../client.ts'
import { type ChildServer, eventually, fsmtp, objects, serve, workplace } from '../server.ts'
import { type Behaviour, type FarHost, farHost } from './far-host.ts'

const domains = ['one.example', 'two.example', 'three.example'] as const

type House = { readonly folder: string; readonly far: FarHost; up(): Promise<ChildServer> }

/** A server for example.org that sends everything to one far host. */
const house = async (t: TestContext, behaviour: Behaviour = {}, delivery: object = {}): Promise<House> => {
  const far = await farHost(behaviour)
  t.after(() => far.close())
  const hop = `127.0.0.1:${far.port}`
  const folder = workplace({
    hostname: 'mx.example.org',
    listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
    domains: [{ name: 'example.org' }],
    proxy: { trusted: ['127.0.0.1/32'], protocols: ['xclient'] },
    delivery: { routes: Object.fromEntries(domains.map((domain) => [domain, hop])), ...delivery },
  })
  const added = await fsmtp(folder, ['user', 'add', 'ann@example.org'], { input: 'a long password\n' })
  assert.equal(added.code, 0, added.stderr)
  return {
    folder,
    far,
    up: async () => {
      const server = await serve(folder)
      t.after(() => server.child.kill('SIGKILL'))
      return server
    },
  }
}

/** Sends as the account; the message's id. */
const submit = async (
  server: ChildServer,
  to: readonly string[],
  content = 'Subject: hi\r\n\r\nhello',
): Promise<string> => {
  const line = await greeted(server.port('mx'))
  assert.match(await line.say('XCLIENT LOGIN=ann@example.org'), /^220/)
  assert.match(await line.say('EHLO client.example'), /^250/)
  const reply = await send(line, content, { from: 'ann@example.org', to })
  line.hangUp()
  const id = acceptedAs(reply)
  assert.ok(id, reply)
  return id
}

type Row = Record<string, unknown> & { readonly id: string; readonly status: string }
const deliveries = async (folder: string, ...filter: string[]): Promise<Row[]> =>
  objects(await fsmtp(folder, ['deliveries', '--json', ...filter])) as Row[]
const allAre = (folder: string, status: string, count: number): Promise<Row[]> =>
  eventually(
    async () => {
      const found = await deliveries(folder)
      return found.length === count && found.every((row) => row.status === status) && found
    },
    { what: `${count} deliveries that are ${status}` },
  )
const clean = async (folder: string): Promise<void> => {
  const proved = await fsmtp(folder, ['verify'])
  assert.equal(proved.code, 0, proved.stdout)
}

test('a mail for three domains becomes three deliveries, and arrives as it was', async (t) => {
  const { folder, far, up } = await house(t)
  const server = await up()
  const content = 'From: ann@example.org\r\nSubject: hi\r\n\r\n..dots\r\nand lines'
  const message = await submit(
    server,
    domains.map((domain) => `bob@${domain}`),
    content.replace('..', '...'),
  )
  const found = await allAre(folder, 'delivered', 3)
  assert.deepEqual(found.map(({ nextHop }) => nextHop).sort(), [...domains].sort())
  assert.ok(found.every((row) => row.message === message && row.attempts === 1))
  assert.equal(far.received.length, 3)
  for (const { sender, content: arrived } of far.received) {
    assert.equal(sender, 'ann@example.org')
    assert.match(arrived, /^Received: from client\.example /)
    assert.ok(arrived.endsWith(`${content}\r\n`), arrived)
  }
  const story = await fsmtp(folder, ['message', message, '--trace'])
  for (const domain of domains) assert.ok(story.stdout.includes(domain), story.stdout)
  await clean(folder)
})

test('refused for now it is put off, and `retry` sends it; the far side’s words are told', async (t) => {
  let isBusy = true
  const { folder, far, up } = await house(t, {
    recipient: () => (isBusy ? '451 4.7.1 Come back later' : null),
  })
  const server = await up()
  await submit(server, ['bob@one.example'])
  const [row] = await allAre(folder, 'deferred', 1)
  assert.equal(row?.lastReply, '451 4.7.1 Come back later')
  const shown = await fsmtp(folder, ['delivery', row!.id])
  assert.match(shown.stdout, /S: 451 4\.7\.1 Come back later/)
  isBusy = false
  const dry = await fsmtp(folder, ['retry', '--domain', 'one.example', '--dry-run'])
  assert.equal(dry.code, 0, dry.stderr)
  assert.equal(far.received.length, 0)
  const retried = await fsmtp(folder, ['retry', row!.id])
  assert.equal(retried.stdout.trim(), '1 delivery to be tried now', retried.stderr)
  await allAre(folder, 'delivered', 1)
  assert.equal(far.received.length, 1)
  await clean(folder)
})

test('held it stays, also over a restart; acted upon with the server down, too', async (t) => {
  const { folder, far, up } = await house(t, { recipient: () => '451 4.7.1 Come back later' })
  const server = await up()
  await submit(server, ['bob@one.example'])
  await submit(server, ['bob@two.example'])
  const rows = await allAre(folder, 'deferred', 2)
  assert.equal(
    (await fsmtp(folder, ['hold', ...rows.map(({ id }) => id)])).stdout.trim(),
    '2 deliveries held',
  )
  assert.equal(await server.end(), 0)
  const cancelled = await fsmtp(folder, ['cancel', '--domain', 'two.example'])
  assert.equal(cancelled.stdout.trim(), '1 delivery cancelled', cancelled.stderr)
  const again = await fsmtp(folder, ['retry', rows.find(({ nextHop }) => nextHop === 'one.example')!.id])
  assert.equal(again.code, 1)
  assert.match(again.stdout, /it is held/)
  await up()
  const after = await deliveries(folder)
  assert.deepEqual(after.map(({ status }) => status).sort(), ['cancelled', 'held'])
  assert.equal(far.received.length, 0)
  await clean(folder)
})

const hanging = () => {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  return { wait: () => promise, answer: (reply?: string) => resolve(reply) }
}

test('held in the middle of an attempt: it is held when the host has put it off, and says so before', async (t) => {
  const { wait, answer } = hanging()
  const { folder, far, up } = await house(t, { beforeAnswer: wait })
  const server = await up()
  await submit(server, ['bob@one.example'])
  await eventually(() => far.dots() === 1, { what: 'the final dot' })
  const dry = objects(await fsmtp(folder, ['hold', '--domain', 'one.example', '--dry-run', '--json']))
  assert.deepEqual([dry[0]!.done, dry[0]!.noted], [true, 'hold'])
  const held = await fsmtp(folder, ['hold', '--domain', 'one.example'])
  assert.deepEqual(
    [held.code, held.stdout],
    [0, '1 delivery will be held when its attempt ends\n'],
    held.stderr,
  )
  const [row] = await allAre(folder, 'active', 1)
  assert.equal(row!.noted, 'hold')
  const again = await fsmtp(folder, ['hold', row!.id])
  assert.equal(again.code, 1)
  assert.match(again.stdout, /not: it is active; it will be held when its attempt ends$/m)
  const shown = await fsmtp(folder, ['delivery', row!.id])
  assert.match(shown.stdout, /^Next: .*is under way on .*; it will be held when its attempt ends$/m)
  const released = objects(await fsmtp(folder, ['release', '--domain', 'one.example', '--json']))
  assert.deepEqual(released, [
    { id: row!.id, done: true, state: 'sending', status: 'active', noted: 'release' },
  ])
  assert.equal((await fsmtp(folder, ['hold', row!.id])).code, 0)
  answer('451 4.3.0 Not now')
  const [after] = await allAre(folder, 'held', 1)
  assert.deepEqual([after!.noted, after!.nextAttemptAt], [null, null])
  const told = await fsmtp(folder, ['delivery', row!.id])
  assert.match(told.stdout, /^ +then +held now, as was asked meanwhile$/m)
  assert.match(told.stdout, /^hold .* by operator, for when its attempt has ended$/m)
  assert.match(told.stdout, /^release .* by operator: the hold is taken back$/m)
  await clean(folder)
})

test('cancelled before the final dot, nothing leaves; after it, the host’s yes counts', async (t) => {
  const [early, late] = [hanging(), hanging()]
  const { folder, far, up } = await house(t, {
    recipient: async (address) => {
      if (address.endsWith('@one.example')) await early.wait()
      return null
    },
    beforeAnswer: late.wait,
  })
  const server = await up()
  await submit(server, ['bob@one.example'])
  await submit(server, ['bob@two.example'])
  await eventually(() => far.dots() === 1, { what: 'the final dot' })
  await eventually(async () => {
    const [first] = await deliveries(folder, '--domain', 'one.example')
    const replayed = first && (await fsmtp(folder, ['replay', first.id]))
    return replayed?.stdout.includes('Connected')
  })
  const cancelled = await fsmtp(folder, ['cancel', '--status', 'active'])
  assert.deepEqual(
    [cancelled.code, cancelled.stdout],
    [0, '1 delivery cancelled\n1 delivery will be cancelled when its attempt ends\n'],
    cancelled.stderr,
  )
  const [first] = await deliveries(folder, '--domain', 'one.example')
  assert.deepEqual([first!.status, first!.reason], ['cancelled', 'cancelled'])
  early.answer()
  late.answer()
  const second = await eventually(async () => {
    const [found] = await deliveries(folder, '--domain', 'two.example')
    return found?.status === 'delivered' && found
  })
  assert.equal(far.received.length, 1)
  const told = await fsmtp(folder, ['delivery', second.id])
  assert.match(told.stdout, /^ +then +not cancelled, as was asked meanwhile: it was over$/m)
  await clean(folder)
})

test('killed in the middle of an attempt after it was to be held: held at the next start, and not sent again', async (t) => {
  let isStuck = true
  const { folder, far, up } = await house(t, {
    beforeAnswer: () => (isStuck ? new Promise<void>(() => {}) : undefined),
  })
  const first = await up()
  await submit(first, ['bob@one.example'])
  await submit(first, ['bob@two.example'])
  await eventually(() => far.dots() === 2, { what: 'two final dots' })
  await fsmtp(folder, ['hold', '--domain', 'one.example'])
  await first.end('SIGKILL')
  isStuck = false
  const offline = await fsmtp(folder, ['cancel', '--domain', 'two.example'])
  assert.deepEqual([offline.code, offline.stdout], [0, '1 delivery cancelled\n'], offline.stderr)
  await up()
  await eventually(async () => {
    const statuses = (await deliveries(folder)).map(({ status }) => status).sort()
    return statuses.join() === 'cancelled,held'
  })
  assert.equal(far.dots(), 2)
  const released = await fsmtp(folder, ['release', '--domain', 'one.example'])
  assert.equal(released.stdout, '1 delivery released\n')
  await eventually(async () => (await deliveries(folder, '--status', 'delivered')).length === 1)
  assert.equal(far.dots(), 3)
  await clean(folder)
})

test('refused for good, the sender finds a notice in the mailbox; a notice that cannot be delivered makes none', async (t) => {
  const { folder, up } = await house(t, { recipient: () => '550 5.1.1 Nobody of that name' })
  const server = await up()
  await submit(server, ['nobody@one.example'])
  await allAre(folder, 'failed', 1)
  const [filed] = await eventually(async () => {
    const found = objects(await fsmtp(folder, ['mailbox', 'ann@example.org', '--json']))
    return found.length > 0 && found
  })
  const notice = await fsmtp(folder, ['message', String(filed!.message), '--raw'])
  assert.equal(notice.code, 0, notice.stderr)
  assert.match(notice.stdout, /^Return-Path: <>\r$/m)
  assert.match(notice.stdout, /multipart\/report/)
  assert.match(notice.stdout, /Diagnostic-Code: smtp; 550 5\.1\.1 Nobody of that name/)
  await clean(folder)
})

test('killed between the final dot and its answer: sent again at the next start, and the history says it may be there twice', async (t) => {
  let isStuck = true
  const { folder, far, up } = await house(t, {
    beforeAnswer: () => (isStuck ? new Promise<void>(() => {}) : undefined),
  })
  const first = await up()
  await submit(first, ['bob@one.example'])
  await eventually(() => far.dots() === 1, { what: 'the final dot' })
  await first.end('SIGKILL')
  isStuck = false
  await up()
  const [row] = await allAre(folder, 'delivered', 1)
  assert.equal(row?.attempts, 2)
  const steps = objects(await fsmtp(folder, ['replay', row!.id, '--json']))
  const lost = steps.find(({ event }) => event === 'AttemptLost')
  assert.equal((lost?.facts as { uncertain?: boolean } | undefined)?.uncertain, true)
  await clean(folder)
})

test('killed before anything was sent: accepted mail is delivered after the next start, once', async (t) => {
  const { folder, far, up } = await house(t)
  const first = await up()
  const sent = new Set<string>()
  for (let at = 0; at < 20; at++) {
    const content = `Subject: ${at}\r\n\r\nbody ${at}`
    await submit(first, ['bob@one.example'], content)
    sent.add(hash('sha256', `${content}\r\n`, 'hex'))
  }
  await first.end('SIGKILL')
  await up()
  await allAre(folder, 'delivered', 20)
  const arrived = far.received.map(({ content }) =>
    hash('sha256', content.slice(content.indexOf('Subject: ')), 'hex'),
  )
  assert.deepEqual(new Set(arrived), sent)
  const unsure = (await deliveries(folder)).filter(({ uncertain }) => Number(uncertain) > 0).length
  assert.ok(arrived.length <= sent.size + unsure, `${arrived.length} arrived, ${unsure} may be there twice`)
  await clean(folder)
})

test('SIGHUP takes over routes for mail that waits', async (t) => {
  const { folder, far, up } = await house(t, {}, { routes: { 'one.example': '127.0.0.1:1' } })
  const server = await up()
  await submit(server, ['bob@one.example'])
  await allAre(folder, 'deferred', 1)
  const file = join(folder, 'fsmtp.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace('127.0.0.1:1"', `127.0.0.1:${far.port}"`))
  server.child.kill('SIGHUP')
  await eventually(async () => {
    await fsmtp(folder, ['retry', '--domain', 'one.example'])
    return far.received.length === 1
  })
  await allAre(folder, 'delivered', 1)
})
