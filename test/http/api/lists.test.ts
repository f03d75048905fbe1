/** Every list answers `{items, next}`, and those that may be long come page by page. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rows } from '../../../src/http/api/index.ts'
import { apiServer, detailOf, type Json } from './asking.ts'

const names = (items: readonly Json[]): readonly unknown[] => items.map(({ mailbox }) => mailbox)

test('every list says whether there is a page behind', async (t) => {
  const api = await apiServer(t)
  await api.server.addAccount({ addresses: ['demo@localhost'], password: 'a password' })
  const message = await api.mail('Subject: x\r\n\r\nx', { to: ['a@deferred.test'] })
  const { session } = await api.get(`/messages/${message}`)
  const [delivery] = await api.items('/deliveries')
  const ids: Readonly<Record<string, string>> = {
    '/messages/{id}': `/messages/${message}`,
    '/sessions/{id}': `/sessions/${session}`,
    '/deliveries/{id}': `/deliveries/${delivery?.id}`,
    '/machines/{name}': '/machines/session',
    '/mailboxes/{address}': '/mailboxes/alice@example.org',
  }
  await api.mail()
  let lists = 0
  for (const { method, path } of rows) {
    if (method !== 'GET' || path === '/mailboxes/{address}/events') continue
    const [, room = '', rest = ''] = /^(\/\w+\/\{\w+\})?(.*)$/.exec(path) ?? []
    if (rest.includes('{') || rest === '/history' || rest === '/html') continue
    const { status, json, text } = await api.ask(`${ids[room] ?? room}${rest}`)
    assert.equal(status, 200, `${path} ${text}`)
    if (!('items' in json)) continue
    lists++
    assert.ok(json.next === null || typeof json.next === 'string', path)
  }
  assert.ok(lists >= 15, `${lists} lists`)
})

test('mailboxes come page by page, by name, and are searched', async (t) => {
  const api = await apiServer(t)
  for (const who of ['b', 'a', 'd', 'c', 'ab'])
    await api.mail('Subject: x\r\n\r\nx', { to: [`${who}@many.example`] })
  const all = ['a', 'ab', 'b', 'c', 'd'].map((who) => `${who}@many.example`)
  assert.deepEqual(names(await api.items('/mailboxes')), all)
  const first = await api.get('/mailboxes?limit=2')
  assert.deepEqual(names(first.items as readonly Json[]), all.slice(0, 2))
  // Nothing is shown twice or left out, whatever appears meanwhile.
  await api.mail('Subject: x\r\n\r\nx', { to: ['0@many.example', 'bb@many.example'] })
  const second = await api.get(`/mailboxes?limit=2&cursor=${first.next}`)
  assert.deepEqual(names(second.items as readonly Json[]), ['b@many.example', 'bb@many.example'])
  const last = await api.get(`/mailboxes?limit=2&cursor=${second.next}`)
  assert.deepEqual([names(last.items as readonly Json[]), last.next], [all.slice(3), null])
  assert.deepEqual(
    names(await api.items('/mailboxes?search=B@MANY')),
    ['ab', 'b', 'bb'].map((who) => `${who}@many.example`),
  )
  const other = await api.ask(`/mailboxes?search=x&cursor=${first.next}`)
  assert.equal(other.status, 400)
  assert.match(detailOf(other), /^cursor belongs to other filters/)
})
