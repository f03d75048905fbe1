/** An id, or a part of one, and what it stands for: as the commands find it, and for an account only what concerns it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptedAs, greeted, send } from '../../client.ts'
import { watchedServer } from '../asking.ts'
import { password, visitor } from '../visitor.ts'
import { apiServer, eventually, type Json } from './asking.ts'

test('a session, a message and a delivery are found by the whole id, its beginning and its end', async (t) => {
  const api = await apiServer(t)
  const message = await api.mail('Subject: x\r\n\r\nHi.', { to: ['b@deferred.test'] })
  const [session] = await api.items('/sessions')
  const [delivery] = await api.items('/deliveries')
  const kinds = async (part: string): Promise<readonly (readonly unknown[])[]> =>
    (await api.items(`/ids/${part}`)).map(({ kind, id }) => [kind, id])
  const whole = { session: session?.id, message, delivery: delivery?.id } as Readonly<Record<string, string>>
  for (const [kind, id] of Object.entries(whole)) {
    assert.deepEqual(await kinds(id), [[kind, id]])
    assert.deepEqual(await kinds(id.toUpperCase()), [[kind, id]])
  }
  assert.deepEqual(await kinds(whole.delivery!.slice(0, 22)), [['delivery', whole.delivery]])
  assert.deepEqual(await kinds(whole.delivery!.slice(-6)), [['delivery', whole.delivery]])
  // What both have in common is both.
  assert.deepEqual(
    (await kinds(message.slice(0, 4))).map(([kind]) => kind),
    ['session', 'message'],
  )
  const [found] = await api.items(`/ids/${message}`)
  assert.match(String(found?.about), /^message from <.*> to b@deferred\.test, accepted 2/)
  for (const nothing of ['zzzzzz', '0', '%25%25%25%25', 'a'.repeat(90)])
    assert.deepEqual(await kinds(nothing), [], nothing)
})

test('an account finds what it got, with others too, and nothing of others', async (t) => {
  const loopback = (service: string) => ({ service, address: '127.0.0.1', port: 0 })
  const server = await watchedServer(t, { listeners: ['mx', 'http'].map(loopback) })
  const [ann, bob, eve] = ['ann@example.org', 'bob@example.org', 'eve@example.org']
  for (const address of [ann, bob, eve]) await server.addAccount({ addresses: [address], password })
  const line = await greeted(server.port('mx'))
  const id = acceptedAs(await send(line, 'Subject: x\r\n\r\nHi.', { to: [ann, bob] }))
  await line.say('QUIT')
  const found = async (user: string): Promise<unknown> => {
    const { ask } = await visitor(server.http, { user })
    const { status, text } = await ask(`/api/v1/ids/${id}`)
    assert.equal(status, 200, text)
    return (JSON.parse(text) as { items: readonly Json[] }).items.map(({ kind }) => kind)
  }
  await eventually(async () => String(await found(ann)) === 'message')
  assert.deepEqual(await found(bob), ['message'])
  assert.deepEqual(await found(eve), [])
})
