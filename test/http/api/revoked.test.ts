/** Logins and keys that end while their holder listens to the log. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { readRegister } from '../../../src/http/login/following.ts'
import { addKey, removeKey } from '../../../src/http/login/keys.ts'
import { greeted, send } from '../../client.ts'
import { eventually } from '../../server.ts'
import { type Asked, ask, watchedServer } from '../asking.ts'
import { pageHeaders, password, visitor, withKey } from '../visitor.ts'

const boss = 'boss@example.org'

/** What is heard of the log, and whether it is over. */
const listening = async (t: TestContext, port: number, { headers }: Asked) => {
  const heard = { text: '', isOver: false }
  const asked = request({
    ...{ host: '127.0.0.1', port, path: '/api/v1/events', agent: false },
    headers: { ...headers, accept: 'text/event-stream' },
  })
  t.after(() => asked.destroy())
  asked.once('response', (answer) => {
    assert.equal(answer.statusCode, 200)
    answer.setEncoding('utf8').on('data', (text: string) => {
      heard.text += text
    })
    answer.once('close', () => {
      heard.isOver = true
    })
  })
  asked.once('error', () => {}).end()
  await eventually(() => heard.text !== '')
  return heard
}

test('who logged out, or has a key no more, is told nothing of what is recorded since', async (t) => {
  const { http, port, running, addAccount } = await watchedServer(t, { http: { administrators: [boss] } })
  const { log } = running
  await addAccount({ addresses: [boss], password })
  const hand = async () => ({ register: await readRegister(log), log })
  const { text = '' } = await addKey(await hand(), { name: 'k', role: 'look', account: null })
  const { cookie, ask: asked } = await visitor(http, { user: boss })
  const byKey = await listening(t, http, withKey(text))
  const byCookie = await listening(t, http, { headers: pageHeaders(http, cookie) })
  assert.ok((await removeKey(await hand(), 'k')).ok)
  assert.equal((await asked('/api/v1/login', { method: 'DELETE' })).status, 204)
  await eventually(async () => (await ask(http, '/api/v1/views', withKey(text))).status === 401)
  const line = await greeted(port('mx'))
  await send(line, 'Subject: later\r\n\r\nhello', { to: [boss] })
  await line.say('QUIT')
  await eventually(() => byKey.isOver && byCookie.isOver)
  for (const { text } of [byKey, byCookie]) assert.doesNotMatch(text, /MessageAccepted|SessionOpened/)
})
