/** `fsmtp webhooks`, beside a server that tells, and without one. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { greeted, send } from '../client.ts'
import { eventually, fsmtp, objects, startTestServer, workplace } from '../server.ts'
import { receiver } from './receiver.ts'
import { secret } from './telling.ts'

const mail = async (port: number): Promise<void> => {
  const line = await greeted(port)
  assert.match(await send(line, 'Subject: hello\r\n\r\nhello', { to: ['postmaster@example.org'] }), /^250 /)
  await line.say('QUIT')
}

const place = (url: string) => {
  const settings = {
    listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
    webhooks: [{ url, events: ['MessageAccepted'], secretFile: 'hook.key' }],
  }
  const folder = workplace(settings)
  writeFileSync(join(folder, 'hook.key'), secret)
  const data = join(folder, 'data')
  const absolute = {
    ...settings,
    webhooks: [{ ...settings.webhooks[0], secretFile: join(folder, 'hook.key') }],
  }
  return {
    folder,
    start: () => startTestServer(absolute, { data }),
    run: (...words: string[]) => fsmtp(folder, [...words, '--data', data]),
  }
}

test('accepted mail is told; the command says how far, tells it again, and works without a server', async (t) => {
  const to = await receiver(t)
  const { start, run } = place(to.url.replace('http://', 'http://user:open-sesame@'))
  const server = await start()
  await server.until((events) => events.some(({ type }) => type === 'WebhookTaken'))
  await mail(server.port('mx'))
  await eventually(() => to.taken.length === 1)
  const [told] = to.heard
  assert.equal(told?.event.type, 'MessageAccepted')
  assert.equal(told?.headers.authorization, `Basic ${Buffer.from('user:open-sesame').toString('base64')}`)
  await server.until((events) => events.some(({ type }) => type === 'WebhookAdvanced'))

  const [state] = objects(await run('webhooks', '--json'))
  assert.deepEqual([state?.state, state?.behind, state?.position], ['telling', 0, told?.event.position])
  assert.match(String(state?.url), /user:\*\*\*@/)

  const again = await run('webhooks', 'replay', String(state?.url), '--from', '0')
  assert.equal(again.code, 0, again.stderr)
  await eventually(() => to.taken.length === 2)
  assert.equal(to.heard[1]?.headers['webhook-id'], told?.headers['webhook-id'])

  to.says(410)
  await mail(server.port('mx'))
  await server.until((events) => events.some(({ type }) => type === 'WebhookDisabled'))
  await server.stop()
  const [down] = objects(await run('webhooks', '--json'))
  assert.deepEqual([down?.state, down?.behind, down?.node], ['disabled', 1, null])
  const table = await run('webhooks')
  assert.match(table.stdout, /disabled .*answered 410 at 20.* to event \d+/)
  assert.match(String(down?.error), /; `fsmtp webhooks enable http:.*` goes on with it$/)
  assert.ok(!`${table.stdout}${again.stdout}`.includes('open-sesame'))
  to.says(204)
  assert.equal((await run('webhooks', 'enable', String(state?.id))).code, 0)
  const restarted = await start()
  t.after(() => restarted.stop())
  await eventually(() => to.taken.length === 3)

  for (const [words, code] of [
    [['replay', 'http://nobody.example/', '--from', '0'], 1],
    [['replay', String(state?.url), '--from', '99999999'], 1],
    [['replay', String(state?.url), '--from', 'x'], 2],
    [['replay', String(state?.url)], 2],
  ] as const)
    assert.equal((await run('webhooks', ...words)).code, code, words.join(' '))
})

test('a secret that is not there keeps the server from starting, before anything is made', async () => {
  const { folder, run } = place('http://127.0.0.1:9/')
  writeFileSync(join(folder, 'hook.key'), 'short')
  const started = await run('serve')
  assert.equal(started.code, 1)
  assert.match(started.stderr, /webhooks\[0\]\.secretFile: .*hook\.key holds a secret of less than 24 bytes/)
  const checked = await run('config', 'check')
  assert.equal(checked.code, 1)
  assert.match(checked.stdout, /fsmtp\.yaml:1:\d+: webhooks\[0\]\.secretFile: /)
})

test('a secret without whsec_ is warned of when a server starts and by `config check`, and works', async (t) => {
  const { start, run, folder } = place('http://127.0.0.1:9/')
  const checked = await run('config', 'check')
  assert.equal(checked.code, 0, checked.stdout)
  assert.match(checked.stdout, /note: fsmtp\.yaml:1:\d+: webhooks\[0\]\.secretFile: .*without whsec_/)
  writeFileSync(join(folder, 'hook.key'), `whsec_${Buffer.alloc(32, 1).toString('base64')}\n`)
  assert.doesNotMatch((await run('config', 'check')).stdout, /whsec_/)
  const server = await start()
  t.after(() => server.stop())
  await server.until((events) => events.some(({ type }) => type === 'WebhookTaken'))
})
