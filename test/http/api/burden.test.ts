/** Bodies that are meant to fill the memory, or to take long to be read. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { Burden } from '../../../src/http/api/burden.ts'
import { parseJson } from '../../../src/http/api/json.ts'
import { composed, given } from '../../../src/submission/composing.ts'
import { apiServer, detailOf, eventually } from './asking.ts'

const bytes = 1024 * 1024

test('all bodies together, and those of one caller, are held to a bound; what is over counts no more', () => {
  const burden = new Burden({ all: 10, each: 6 })
  const first = burden.take('ann', 6)
  assert.ok(first)
  assert.equal(burden.take('ann', 1), null)
  const second = burden.take('bob', 4)
  assert.ok(second)
  assert.equal(burden.take('eve', 1), null)
  first()
  assert.ok(burden.take('ann', 6))
  second()
  assert.equal(burden.take('bob', 5), null)
  assert.ok(new Burden({ all: 10, each: 6 }).take('ann', 11), 'one alone is never too large')
})

test('large bodies at once are refused before they are read, until others have gone', async (t) => {
  const api = await apiServer(t)
  await api.server.addAccount({ addresses: ['demo@localhost'], password: 'a password' })
  const headers = { 'content-type': 'message/rfc822', 'content-length': String(40 * bytes) }
  const slow = [1, 2].map(() => {
    const asked = request({
      ...{ host: '127.0.0.1', port: api.port, path: '/api/v1/messages', method: 'POST', headers },
      agent: false,
    })
    asked.on('error', () => {}).flushHeaders()
    return asked
  })
  t.after(() => slow.forEach((asked) => void asked.destroy()))
  const large = { to: 'a@example.net', text: 'x'.repeat(20 * bytes) }
  const small = { to: 'a@example.net', text: 'hello' }
  const post = (body: object) =>
    api.ask('/messages', { method: 'POST', body, headers: { 'content-type': 'application/json' } })
  const refused = await eventually(async () => {
    const answer = await post(large)
    return answer.status === 503 && answer
  })
  assert.match(detailOf(refused), /much is being sent/)
  assert.equal(refused.headers['retry-after'], '5')
  assert.equal((await post(small)).status, 202)
  for (const asked of slow) asked.destroy()
  await eventually(async () => (await post(large)).status === 202)
})

test('a body of many values is not read', () => {
  const many = (count: number): string => `[${'[],'.repeat(count)}[]]`
  assert.equal((parseJson(many(50_000)) as unknown[]).length, 50_001)
  assert.throws(() => parseJson(many(50_001)), /more than 50000 values/)
  // Commas within a text are none.
  assert.equal(parseJson(`"${','.repeat(60_000)}"`), ','.repeat(60_000))
  assert.throws(() => parseJson('['.repeat(17) + ']'.repeat(17)), /deeper than 16/)
})

test('names that belong to every object are names like others', async (t) => {
  const api = await apiServer(t)
  const post = (path: string, body: string) =>
    api.ask(path, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
  for (const name of ['__proto__', 'constructor', 'prototype', 'toString']) {
    const wrong = await post(
      '/messages',
      `{"to":"a@example.net","text":"x","${name}":{"to":"b@example.net"}}`,
    )
    assert.equal(wrong.status, 400, `${name} ${wrong.text}`)
    const acted = await post(
      '/deliveries/actions',
      `{"action":"cancel","filter":{"${name}":{"status":"queued"}}}`,
    )
    assert.equal(acted.status, 400, `${name} ${acted.text}`)
    assert.equal((await api.ask(`/messages?${name}=x`)).status, 400)
    assert.equal((await api.ask(`/machines/${name}`)).status, 404)
    assert.equal((await api.ask(`/messages/${name}`)).status, 404)
  }
  assert.equal(Object.hasOwn(Object.prototype, 'to'), false)
})

test('addresses and headers that take long to be read are not', async () => {
  const plain = { from: 'a@b.example', cc: [], bcc: [], headers: {}, attachments: [] }
  const long = await composed({ ...plain, to: ['a@b.example,'.repeat(20_000)] })
  assert.match('fault' in long ? long.fault : '', /longer than/)
  const header = await given(Buffer.from(`To: ${'a@b.example,'.repeat(20_000)}\n\nhello`), {})
  assert.match('fault' in header ? header.fault : '', /header is longer/)
})

test('of a mail that is given whole only the header is looked at, and every line end is one', async () => {
  const lines = 'From: a@b.example\nTo: c@d.example\r\rTo: e@f.example\n\r\nx\n'
  const read = await given(Buffer.from(lines), {})
  assert.ok('content' in read)
  assert.deepEqual([read.sender, read.recipients], ['a@b.example', ['c@d.example']])
  assert.equal(
    Buffer.from(read.content).toString(),
    'From: a@b.example\r\nTo: c@d.example\r\n\r\nTo: e@f.example\r\n\r\nx\r\n',
  )
  // A list of parts that never ends costs nothing.
  const parts = `From: a@b.example\r\nTo: c@d.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n${'--x\r\n\r\n'.repeat(500_000)}`
  const whole = await given(Buffer.from(parts), {})
  assert.ok('content' in whole && Buffer.from(whole.content).toString() === parts)
})
