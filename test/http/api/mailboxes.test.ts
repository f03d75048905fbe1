/** What is done to messages in mailboxes over the Web API, and what the commands say of it afterwards. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fsmtp, objects } from '../../server.ts'
import { apiServer, detailOf, type Json } from './asking.ts'

const box = '/mailboxes/alice@example.org'

test('flags stand on a message, each once, until they are taken away', async (t) => {
  const api = await apiServer(t)
  await api.mail()
  const [first] = await api.items(`${box}/messages`)
  const path = `${box}/messages/${first?.id}`
  const change = (body: object) => api.ask(path, { method: 'PATCH', body })
  const after = await change({ add: ['\\seen', 'Later', '\\Seen'] })
  assert.deepEqual([after.status, after.json.flags], [200, ['\\Seen', 'Later']])
  assert.deepEqual((await api.get(path)).flags, ['\\Seen', 'Later'])
  assert.deepEqual((await change({ remove: ['later'], add: ['$Junk'] })).json.flags, ['\\Seen', '$Junk'])
  assert.deepEqual((await change({ flags: [] })).json.flags, [])
  assert.deepEqual((await change({ flags: [] })).json.flags, [])
  const facts = (await api.items('/events?type=MessageFlagged')).map(({ data }) => (data as Json).flags)
  assert.deepEqual(facts, [['\\Seen', 'Later'], ['\\Seen', '$Junk'], []])
  for (const body of [{ add: ['\\Nonsense'] }, { add: ['a b'] }, { flag: [] }, { add: 'x' }])
    assert.equal((await change(body)).status, 400, JSON.stringify(body))
})

test('a message that is moved or expunged is no longer there, was there before, and is in no ledger missed', async (t) => {
  const api = await apiServer(t)
  await api.mail('Subject: One\r\n\r\n1')
  await api.mail('Subject: Two\r\n\r\n2')
  const [two, one] = await api.items(`${box}/messages`)
  const before = new Date(Date.now() - 1).toISOString()
  assert.equal((await api.ask(`${box}/messages/${one?.id}`, { method: 'DELETE' })).status, 204)
  assert.equal((await api.ask(`${box}/messages/${one?.id}`, { method: 'DELETE' })).status, 404)
  const moved = await api.ask(`${box}/messages/${two?.id}`, {
    ...{ method: 'PATCH', body: { mailbox: 'alice@example.org/Kept', add: ['\\Flagged'] } },
  })
  assert.equal(moved.status, 200, moved.text)
  assert.deepEqual(await api.items(`${box}/messages`), [])
  const kept = encodeURIComponent('alice@example.org/Kept')
  assert.deepEqual(await api.items(`/mailboxes/${kept}/messages`), [moved.json])
  assert.deepEqual(moved.json.flags, ['\\Flagged'])
  assert.equal((await api.items(`${box}/messages?asOf=${before}`)).length, 2)
  const back = await api.ask(`/mailboxes/${kept}/messages/${moved.json.id}`, {
    ...{ method: 'PATCH', body: { mailbox: 'alice@example.org' } },
  })
  assert.equal(back.json.mailbox, 'alice@example.org')
  assert.equal(back.json.number, 3)
  const sizes = (await api.items('/mailboxes')).map(({ mailbox, messages }) => [mailbox, messages])
  assert.deepEqual(
    sizes.filter(([name]) => String(name).startsWith('alice')),
    [
      ['alice@example.org', 1],
      ['alice@example.org/Kept', 0],
    ],
  )
  const { data } = api.server
  const listed = objects(await fsmtp(data, ['mailbox', 'alice@example.org', '--json', '--data', data]))
  assert.deepEqual(listed, [back.json])
  const verified = await fsmtp(data, ['verify', '--json', '--data', data])
  assert.equal(verified.code, 0, verified.stdout)
  const [summary] = objects(verified).slice(-1)
  assert.equal(summary?.unaccounted, 0)
})

test('nothing is moved to mailboxes of others', async (t) => {
  const api = await apiServer(t)
  await api.mail()
  const [first] = await api.items(`${box}/messages`)
  for (const mailbox of ['bob@example.org', 'alice@example.org/a/b', '', 'alice@example.org/../x']) {
    const answer = await api.ask(`${box}/messages/${first?.id}`, { method: 'PATCH', body: { mailbox } })
    assert.equal(answer.status, 400)
    assert.match(detailOf(answer), /give alice@example\.org, or/)
  }
})
