/** `fsmtp serve` as the operating system sees it: refusing to start, signals, an orderly end. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { makeCertificate } from '../../src/config/own-certificate.ts'
import { greeted, Line, send } from '../client.ts'
import { chanceOf } from '../faults/chance.ts'
import { client, Ledger } from '../faults/load.ts'
import {
  type ChildServer,
  configText,
  eventually,
  type Finished,
  fsmtp,
  objects,
  serve,
  workplace,
} from '../server.ts'

const playground = { playground: true, hostname: 'localhost', domains: [] }
const mx = (port: number) => [{ service: 'mx', address: '127.0.0.1', port }]

/** Runs, and is stopped with the test if it still does. */
const served = async (t: TestContext, folder: string): Promise<ChildServer> => {
  const server = await serve(folder)
  t.after(() => server.child.kill('SIGKILL'))
  return server
}

/** One line that names the fault; nothing is there that was not there before. */
const refused = ({ code, stdout, stderr }: Finished, pattern: RegExp): void => {
  assert.equal(code, 1, stderr)
  assert.equal(stdout, '')
  assert.match(stderr, pattern)
  assert.equal(stderr.trimEnd().split('\n').length, 1, stderr)
}

test('a port in use: one line, exit 1, nothing changed', async (t) => {
  const holder = createServer()
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
  t.after(() => holder.close())
  const { port } = holder.address() as { port: number }
  const folder = workplace({ ...playground, listeners: mx(port) })
  refused(
    await fsmtp(folder, ['serve']),
    new RegExp(`^fsmtp: cannot listen on 127\\.0\\.0\\.1 port ${port}: `),
  )
  assert.deepEqual(readdirSync(folder), ['fsmtp.yaml'])
})

test('a data directory in use: one line, exit 1, and its server goes on', async (t) => {
  const folder = workplace({ ...playground, listeners: mx(0) })
  const server = await served(t, folder)
  refused(await fsmtp(folder, ['serve']), new RegExp(`in use by process ${server.child.pid}`))
  const line = await greeted(server.port('mx'))
  assert.match(await send(line, 'Subject: x', { to: ['a@b.example'] }), /^250/)
  line.hangUp()
  assert.equal(await server.end(), 0)
})

test('a configuration with faults: each with its line, exit 1, nothing changed', async () => {
  const folder = workplace()
  writeFileSync(join(folder, 'fsmtp.yaml'), 'hostname: mx.example.org\nlimts:\n  errors: 3\n')
  refused(await fsmtp(folder, ['serve']), /fsmtp\.yaml:2.*limts.*limits/)
  writeFileSync(join(folder, 'fsmtp.yaml'), 'hostname: [\n')
  const broken = await fsmtp(folder, ['serve'])
  assert.equal(broken.code, 1)
  assert.match(broken.stderr, /fsmtp\.yaml:/)
  assert.deepEqual(readdirSync(folder), ['fsmtp.yaml'])
})

test('a certificate that is not there: exit 1, nothing changed', async () => {
  const folder = workplace({ ...playground, tls: { certificate: 'cert.pem', key: 'key.pem' } })
  refused(await fsmtp(folder, ['serve']), /cert\.pem does not exist/)
  assert.ok(!existsSync(join(folder, 'data')))
})

test('no configuration where one was named: exit 1', async () => {
  refused(await fsmtp(workplace(), ['serve', '--config', 'other.yaml']), /other\.yaml.*there is no such file/)
})

test('wrong use: exit 2', async () => {
  const folder = workplace()
  for (const words of [['sreve'], ['serve', '--nonsense'], ['backtest'], []]) {
    const { code, stderr, stdout } = await fsmtp(folder, words)
    assert.equal(code, 2, words.join(' '))
    assert.ok(stderr + stdout !== '')
  }
  assert.deepEqual(readdirSync(folder), ['fsmtp.yaml'])
})

test('SIGTERM: those between messages hear 421, those inside one may finish, exit 0', async (t) => {
  const folder = workplace({ ...playground, listeners: mx(0) })
  const server = await served(t, folder)
  const idle = await greeted(server.port('mx'))
  const busy = await greeted(server.port('mx'))
  for (const command of ['MAIL FROM:<a@b.example>', 'RCPT TO:<c@d.example>', 'DATA']) await busy.say(command)
  busy.send('Subject: half\r\n\r\n')
  const ended = server.end('SIGTERM')
  assert.match(await idle.read(), /^421 4\.3\.2 Shutting down/)
  await idle.closed()
  idle.hangUp()
  await assert.rejects(Line.to(server.port('mx')), /ECONNREFUSED/)
  busy.send('the other half\r\n.\r\n')
  assert.match(await busy.read(), /^250 2\.6\.0/)
  assert.match(await busy.read(), /^421 4\.3\.2/)
  await busy.closed()
  busy.hangUp()
  assert.equal(await ended, 0)
  const filed = objects(await fsmtp(folder, ['mailbox', 'c@d.example', '--json']))
  assert.deepEqual(
    filed.map(({ subject }) => subject),
    ['half'],
  )
})

test('SIGTERM twice: what is left is ended, exit 0', async (t) => {
  const server = await served(t, workplace({ ...playground, listeners: mx(0) }))
  const busy = await greeted(server.port('mx'))
  for (const command of ['MAIL FROM:<a@b.example>', 'RCPT TO:<c@d.example>', 'DATA']) await busy.say(command)
  const ended = server.end('SIGTERM')
  await eventually(() => server.output().includes('stopping'))
  // Two at once are taken for one: a launcher passes on what the whole group was sent.
  await eventually(() => server.child.kill('SIGTERM') && server.output().includes('again'))
  assert.match(await busy.read(), /^421 4\.3\.2/)
  busy.hangUp()
  assert.equal(await ended, 0)
})

test('after the grace, what is left is ended too', async (t) => {
  const server = await served(
    t,
    workplace({ ...playground, listeners: mx(0), limits: { shutdownGrace: '1s' } }),
  )
  const busy = await greeted(server.port('mx'))
  for (const command of ['MAIL FROM:<a@b.example>', 'RCPT TO:<c@d.example>']) await busy.say(command)
  const ended = server.end('SIGTERM')
  assert.match(await busy.read(), /^421 4\.3\.2/)
  busy.hangUp()
  assert.equal(await ended, 0)
})

test('SIGTERM under load loses nothing that was acknowledged, and cuts nobody in the middle of a message', async (t) => {
  const folder = workplace({ ...playground, listeners: mx(0) })
  const server = await served(t, folder)
  const ledger = new Ledger()
  const clients = Array.from({ length: 6 }, (_, seed) =>
    client(server.port('mx'), { ledger, chance: chanceOf(seed) }),
  )
  await eventually(() => ledger.acknowledged.length > 60)
  assert.equal(await server.end('SIGTERM'), 0)
  await Promise.all(clients)
  assert.equal(ledger.sent.size, ledger.acknowledged.length, 'every message that was begun was answered for')
  const [summary] = objects(await fsmtp(folder, ['verify', '--json'])).slice(-1)
  assert.equal(summary?.messages, ledger.acknowledged.length)
  assert.deepEqual([summary?.diverged, summary?.unaccounted, summary?.contentFaults], [0, 0, 0])
})

const shown = async (server: ChildServer): Promise<string> => {
  const line = await greeted(server.port('mx'))
  assert.match(await line.say('STARTTLS'), /^220/)
  const { fingerprint256 } = (await line.secure()).getPeerCertificate()
  line.hangUp()
  return fingerprint256
}

test('SIGHUP reads certificates and limits again; a fault in them changes nothing', async (t) => {
  const settings = { ...playground, listeners: mx(0), tls: { certificate: 'cert.pem', key: 'key.pem' } }
  const folder = workplace(settings)
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o600 })
  const renew = async (): Promise<void> => {
    const { cert, key } = await makeCertificate({ hostname: 'localhost', now: new Date() })
    write('cert.pem', cert)
    write('key.pem', key)
  }
  const times = (text: string): number => server.output().split(text).length - 1
  await renew()
  const server = await served(t, folder)
  const first = await shown(server)
  assert.equal(await shown(server), first)

  const old = await greeted(server.port('mx'))
  await renew()
  write('fsmtp.yaml', configText({ ...settings, limits: { messageSize: '1kb' } }))
  server.child.kill('SIGHUP')
  await eventually(() => times('were read again') === 1)
  const second = await shown(server)
  assert.notEqual(second, first)
  assert.match(
    await old.say('MAIL FROM:<a@b.example> SIZE=5000'),
    /^250/,
    'a session keeps the rules it began with',
  )
  old.hangUp()
  const young = await greeted(server.port('mx'))
  assert.match(await young.say('MAIL FROM:<a@b.example> SIZE=5000'), /^552/)
  young.hangUp()

  write('cert.pem', 'no certificate\n')
  server.child.kill('SIGHUP')
  await eventually(() => times('stays as it was') === 1)
  write('fsmtp.yaml', 'hostname: [\n')
  server.child.kill('SIGHUP')
  await eventually(() => times('stays as it was') === 2)
  assert.equal(await shown(server), second)
  assert.equal(await server.end(), 0)
})
