/** The API says how webhooks are. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { scratch } from '../../server.ts'
import { receiver } from '../../webhooks/receiver.ts'
import { secret } from '../../webhooks/telling.ts'
import { apiServer, eventually } from './asking.ts'

test('webhooks, how far each is told, and what keeps it', async (t) => {
  const to = await receiver(t)
  to.says(503)
  const secretFile = join(scratch('hook'), 'hook.key')
  writeFileSync(secretFile, secret)
  const url = `${to.url.replace('http://', 'http://user:open-sesame@')}&more=open-sesame`
  const { items, mail } = await apiServer(t, {
    webhooks: [{ url, events: ['MessageAccepted'], secretFile }],
  })
  await eventually(async () => (await items('/webhooks'))[0]?.state === 'telling')
  await mail()
  const [found] = await eventually(async () => {
    const all = await items('/webhooks')
    return all[0]?.state === 'waiting' && all
  })
  assert.deepEqual([found?.behind, found?.error, found?.events], [1, 'answered 503', ['MessageAccepted']])
  assert.ok(!JSON.stringify(found).includes('open-sesame'))
  assert.equal(found?.url, to.url.replace('http://', 'http://user:***@').replace(/\?.*/, '?***'))
})
