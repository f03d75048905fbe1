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

test('one that wanted no more goes on, and any is told again, when somebody asks for it over HTTP', async (t) => {
  const to = await receiver(t)
  to.says(410)
  const secretFile = join(scratch('hook'), 'hook.key')
  writeFileSync(secretFile, secret)
  const { items, mail, ask, server } = await apiServer(t, {
    webhooks: [{ url: to.url, events: ['MessageAccepted'], secretFile }],
  })
  const { log } = server.running
  const post = async (path: string, body?: object) => {
    const { status, json } = await ask(path, { method: 'POST', ...(body && { body }) })
    return { status, body: json }
  }
  const found = async (state: string) => {
    const [hook] = await items('/webhooks')
    return hook?.state === state && hook
  }
  await eventually(() => found('telling'))
  await mail()
  const hook = await eventually(() => found('disabled'))
  assert.match(String(hook.error), /^answered 410 at 20\S+Z to event \d+; `fsmtp webhooks enable http/)
  to.says(204)
  const { id, url } = hook
  assert.deepEqual(await post(`/webhooks/${id}/enable`), {
    status: 200,
    body: { url, id, position: hook.position },
  })
  await eventually(() => to.taken.length === 1)
  assert.deepEqual((await post(`/webhooks/${id}/replay`, { from: 0 })).body, { url, id, position: 0 })
  await eventually(() => to.taken.length === 2)
  assert.equal(to.taken[0], to.taken[1])
  const moved: unknown[] = []
  for await (const page of log.readStream(`webhook-${id}`))
    moved.push(...page.filter(({ type }) => type === 'WebhookMoved').map(({ data }) => data.by))
  assert.deepEqual(moved, ['playground', 'playground'])

  const tail = await log.tail()
  const refused = async (path: string, body?: object) => {
    const { status, body: said } = await post(path, body)
    return [status, said.detail]
  }
  assert.deepEqual(await refused('/webhooks/none/enable'), [
    404,
    'there is no webhook none in the configuration; GET /api/v1/webhooks has them',
  ])
  const [status, detail] = await refused(`/webhooks/${id}/replay`, { from: tail + 1_000 })
  assert.equal(status, 400)
  assert.match(String(detail), /^body\.from: the log ends at position \d+$/)
  assert.equal((await refused(`/webhooks/${id}/replay`, {}))[0], 400)
})
