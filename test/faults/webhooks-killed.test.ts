/** A server that is killed while it tells a webhook: what was accepted is told, in order, by the next one. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { acceptedAs, greeted, send } from '../client.ts'
import { eventually, serve, workplace } from '../server.ts'
import { receiver } from '../webhooks/receiver.ts'
import { secret } from '../webhooks/telling.ts'

const kills = 3
const mails = 25

test('killed again and again, it leaves out nothing', async (t) => {
  const to = await receiver(t)
  // Slow enough that something is always under way, and out of order once in a while.
  to.says(async (_, nth) => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    return nth % 40 === 0 ? 503 : 204
  })
  const folder = workplace({
    listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
    webhooks: [{ url: to.url, events: ['MessageAccepted'], secretFile: 'hook.key' }],
  })
  writeFileSync(join(folder, 'hook.key'), secret)
  const accepted: string[] = []
  for (let life = 0; life <= kills; life++) {
    const server = await serve(folder)
    const line = await greeted(server.port('mx'))
    for (let mail = 0; mail < mails; mail++) {
      const id = acceptedAs(await send(line, 'Subject: x\r\n\r\nx', { to: ['postmaster@example.org'] }))
      assert.ok(id)
      accepted.push(id)
    }
    if (life === kills) {
      const last = accepted.at(-1)
      await eventually(() =>
        to.heard.some(({ event }) => (event.data as { message: string }).message === last),
      )
      await line.say('QUIT')
      assert.equal(await server.end(), 0)
    } else await server.end('SIGKILL')
  }
  const taken = new Set(to.taken)
  const told = to.heard
    .filter(({ event }) => taken.has(event.position))
    .map(({ event }) => (event.data as { readonly message: string }).message)
  assert.deepEqual([...new Set(told)], accepted)
  const again = to.taken.length - taken.size
  assert.ok(again <= kills * 100, `${again} came again`)
})
