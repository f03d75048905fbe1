/** What the API shows to one account: its own mail, and what became of what it sent. Real servers, real logins. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { rows } from '../../src/http/api/index.ts'
import { ownOf } from '../../src/http/api/own.ts'
import { acceptedAs, greeted, send } from '../client.ts'
import { eventually } from '../server.ts'
import { watchedServer } from './asking.ts'
import { password, visitor } from './visitor.ts'

const [alice, bob, boss] = ['alice@example.org', 'bob@example.org', 'boss@example.org']
const loopback = (service: string) => ({ service, address: '127.0.0.1', port: 0 })

/** The id of a mail that alice submits. */
const submitted = async (port: number, to: readonly string[]): Promise<string> => {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }).setEncoding('utf8')
  let said = ''
  socket.on('data', (text: string) => {
    said += text
  })
  const say = async (line: string): Promise<void> => {
    said = ''
    socket.write(`${line}\r\n`)
    await eventually(() => /^\d{3} .*\r\n$/m.test(said))
  }
  await eventually(() => said !== '')
  const plain = Buffer.from(`\0${alice}\0${password}`).toString('base64')
  const rcpts = to.map((address) => `RCPT TO:<${address}>`)
  for (const line of ['EHLO c.example', `AUTH PLAIN ${plain}`, `MAIL FROM:<${alice}>`, ...rcpts, 'DATA'])
    await say(line)
  await say(`From: ${alice}\r\nSubject: out\r\n\r\nhello\r\n.`)
  const id = acceptedAs(said.trim())
  await say('QUIT')
  return id ?? assert.fail(said)
}

const place = async (t: Parameters<typeof watchedServer>[0]) => {
  const server = await watchedServer(t, {
    listeners: ['mx', 'submissions', 'http'].map(loopback),
    http: { administrators: [boss] },
    delivery: { routes: { 'far.example': '127.0.0.1:9' } },
  })
  for (const address of [alice, bob, boss]) await server.addAccount({ addresses: [address], password })
  const received = async (...to: string[]): Promise<string> => {
    const line = await greeted(server.port('mx'))
    const id = acceptedAs(await send(line, 'Subject: in\r\n\r\nhello', { to }))
    await line.say('QUIT')
    return id ?? assert.fail('not accepted')
  }
  const people = {
    alice: await visitor(server.http, { user: alice }),
    bob: await visitor(server.http, { user: bob }),
    boss: await visitor(server.http, { user: boss }),
  }
  type Who = keyof typeof people
  return {
    ...server,
    received,
    post: (who: Who, path: string, body: object) =>
      people[who].ask(`/api/v1${path}`, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
      }),
    status: async (who: Who, path: string): Promise<number> =>
      (await people[who].ask(`/api/v1${path}`)).status,
    items: async (who: Who, path: string): Promise<readonly Record<string, unknown>[]> =>
      JSON.parse((await people[who].ask(`/api/v1${path}`)).text).items,
  }
}

test('mail is for those who got it; who else got it is not', async (t) => {
  const { received, status } = await place(t)
  const [hers, both] = [await received(alice), await received(alice, bob)]
  await eventually(async () => (await status('boss', `/messages/${both}`)) === 200)
  for (const part of ['', '/raw', '/parts', '/trace']) {
    assert.deepEqual([await status('alice', `/messages/${hers}${part}`), part], [200, part])
    assert.deepEqual([await status('bob', `/messages/${hers}${part}`), part], [404, part])
  }
  assert.deepEqual(
    [await status('bob', `/messages/${both}/raw`), await status('bob', `/messages/${both}`)],
    [200, 404],
  )
  assert.equal(await status('bob', `/messages/${both}/trace`), 404)
  assert.equal(await status('boss', `/messages/${both}/trace`), 200)
})

test('what a session says of others is for none of those who got a mail out of it', async (t) => {
  const { port, status } = await place(t)
  const line = await greeted(port('mx'))
  const named = async (...to: string[]): Promise<string> =>
    acceptedAs(await send(line, 'Subject: in\r\n\r\nhello', { to })) ?? assert.fail('not accepted')
  const first = await named(alice)
  await eventually(async () => (await status('boss', `/messages/${first}`)) === 200)
  assert.equal(await status('alice', `/messages/${first}/trace`), 200)
  assert.equal(await status('alice', `/messages/${first}/evidence`), 404)
  assert.equal(await status('boss', `/messages/${first}/evidence`), 200)
  // A blind copy that goes its own way, in the same session.
  const second = await named(bob)
  await line.say('QUIT')
  await eventually(async () => (await status('boss', `/messages/${second}`)) === 200)
  for (const [who, id] of [
    ['alice', first],
    ['bob', second],
  ] as const) {
    assert.equal(await status(who, `/messages/${id}`), 200)
    assert.equal(await status(who, `/messages/${id}/raw`), 200)
    assert.equal(await status(who, `/messages/${id}/trace`), 404)
    assert.equal(await status(who, `/messages/${id}/evidence`), 404)
  }
})

test('sessions and deliveries are for who submitted the mail', async (t) => {
  const { received, status, items, port } = await place(t)
  await received(alice)
  const out = await submitted(port('submissions'), ['x@far.example', bob])
  await eventually(async () => (await items('boss', '/sessions')).length === 2)
  await eventually(async () => (await items('boss', '/deliveries')).length === 1)
  const sessions = await items('alice', '/sessions')
  assert.deepEqual(
    sessions.map(({ user }) => user),
    [alice],
  )
  assert.deepEqual(await items('alice', `/sessions?user=${boss}`), [])
  assert.deepEqual(await items('bob', '/sessions'), [])
  const [foreign] = (await items('boss', '/sessions')).filter(({ user }) => user === null)
  for (const [who, id, expected] of [
    ['alice', sessions[0]?.id, 200],
    ['alice', foreign?.id, 404],
    ['bob', sessions[0]?.id, 404],
  ] as const) {
    assert.equal(await status(who, `/sessions/${id}`), expected)
    assert.equal(await status(who, `/sessions/${id}/transcript`), expected)
  }
  const [delivery] = await items('alice', `/deliveries?message=${out}`)
  assert.equal(await status('alice', `/deliveries/${delivery?.id}`), 200)
  assert.equal(await status('bob', `/deliveries/${delivery?.id}`), 404)
  assert.deepEqual(await items('bob', `/deliveries?message=${out}`), [])
  assert.deepEqual(await items('bob', '/deliveries'), [])
  assert.deepEqual(
    (await items('alice', '/deliveries')).map(({ id }) => id),
    [delivery?.id],
  )
  assert.deepEqual(
    (await items('alice', `/deliveries?asOf=${new Date().toISOString()}`)).map(({ id }) => id),
    [delivery?.id],
  )
  assert.deepEqual(await items('bob', `/deliveries?asOf=${new Date().toISOString()}`), [])
  assert.deepEqual(
    (await items('alice', '/messages')).map(({ id }) => id),
    [out],
  )
  assert.deepEqual(await items('alice', '/messages?subject=in'), [])
  assert.deepEqual(await items('bob', '/messages'), [])
  assert.equal(await status('bob', `/messages/${out}/raw`), 200)
  assert.equal(await status('alice', `/messages/${out}/trace`), 200)
})

test('words are looked for in mail that the account may read, and in no other', async (t) => {
  const { received, status, items, port } = await place(t)
  await received(alice)
  await received(bob)
  const out = await submitted(port('submissions'), ['x@far.example', bob])
  await eventually(async () => (await items('boss', '/messages?text=hello')).length === 3)
  const ids = async (who: 'alice' | 'bob' | 'boss', path: string) =>
    (await items(who, path)).map(({ id, message = id }) => message)
  await eventually(async () => (await ids('bob', `/mailboxes/${bob}/messages?text=hello`)).length === 2)
  await eventually(async () => (await ids('alice', `/mailboxes/${alice}/messages?text=hello`)).length === 1)
  assert.equal(await status('bob', `/mailboxes/${alice}/messages?text=hello`), 404)
  await eventually(async () => (await ids('alice', '/messages?text=hello')).join() === out)
  assert.deepEqual(await ids('bob', '/messages?text=hello'), [])
})

test('an account sends mail as itself, by its own addresses', async (t) => {
  const { post, status, items } = await place(t)
  const sent = await post('alice', '/messages', { to: bob, subject: 'hi', text: 'hello' })
  assert.equal(sent.status, 202, sent.text)
  const { id } = JSON.parse(sent.text)
  await eventually(async () => (await status('bob', `/messages/${id}/raw`)) === 200)
  assert.equal(await status('alice', `/messages/${id}`), 200)
  const [session] = await items('boss', '/sessions')
  assert.equal(session?.user, alice)
  const foreign = await post('alice', '/messages', { from: bob, to: boss, text: 'hello' })
  assert.deepEqual(
    [foreign.status, /does not belong to your account.*; GET \/api\/v1\/senders has/.test(foreign.text)],
    [422, true],
    foreign.text,
  )
})

test('a mailbox is its account’s, with what lies below it', async (t) => {
  const { post, received, status, items } = await place(t)
  await received(alice)
  await received(bob)
  await eventually(async () => {
    const filed = (await items('boss', '/mailboxes')).filter(({ messages }) => messages === 1)
    return filed.length === 2
  })
  assert.deepEqual(
    (await items('alice', '/mailboxes')).map(({ mailbox }) => mailbox),
    [alice],
  )
  const [hers] = await items('alice', `/mailboxes/${alice}/messages`)
  const path = (owner: string): string => `/mailboxes/${owner}/messages`
  assert.equal(await status('bob', path(alice)), 404)
  assert.equal(await status('bob', `${path(alice)}/${hers?.id}`), 404)
  assert.equal(await status('bob', path(encodeURIComponent(`${alice}/Junk`))), 404)
  assert.equal(await status('bob', path(encodeURIComponent(`${bob}/../${alice}`))), 404)
  assert.equal(await status('alice', `${path(alice)}/${hers?.id}`), 200)
  assert.equal(await status('boss', `${path(alice)}/${hers?.id}`), 200)
  const remove = { action: 'delete', ids: [hers?.id] }
  assert.equal((await post('bob', `/mailboxes/${alice}/actions`, remove)).status, 404)
  assert.equal(await status('alice', `${path(alice)}/${hers?.id}`), 200)
  assert.deepEqual(JSON.parse((await post('alice', `/mailboxes/${alice}/actions`, remove)).text).count, 1)
  assert.deepEqual(await items('alice', '/senders'), [alice])
})

test('what is for nobody alone is for administrators', async (t) => {
  const { status } = await place(t)
  for (const path of [
    '/events',
    '/views',
    '/queue',
    '/destinations',
    '/machines/session/flow',
    '/machines/session?format=svg&counts=true',
  ]) {
    assert.deepEqual([path, await status('alice', path)], [path, 403])
    assert.deepEqual([path, await status('boss', path)], [path, 200])
  }
  assert.equal(await status('alice', '/machines'), 200)
  assert.equal(await status('alice', '/machines/session?format=svg'), 200)
})

test('a row that tells of everybody is in no account’s own', () => {
  const open = rows.filter((row) => ownOf(row) !== null).map(({ method, path }) => `${method} ${path}`)
  assert.ok(open.includes('GET /messages/{id}/raw'))
  const strange = open.filter(
    (row) => !/ \/(?:logins?|ids|messages|senders|sessions|deliveries|mailboxes|machines)(?:\/|$)/.test(row),
  )
  assert.deepEqual(strange, [])
  for (const act of ['release', 'hold'])
    assert.equal(ownOf({ method: 'POST', path: `/deliveries/{id}/${act}` }), null, act)
  for (const path of ['/events', '/views', '/queue', '/deliveries/actions', '/machines/{name}/flow'])
    assert.equal(ownOf({ method: 'GET', path }) ?? ownOf({ method: 'POST', path }), null, path)
})
