/** What is done to messages in mailboxes over the Web API, and what the commands say of it afterwards. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fsmtp, objects } from '../../server.ts'
import { apiServer, detailOf, eventually, type Json } from './asking.ts'

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

const subjects = (items: readonly Json[]) => items.map(({ subject }) => subject)
const query = (asked: Readonly<Record<string, string>>) => `${box}/messages?${new URLSearchParams(asked)}`

test('messages in a mailbox are found by what the list shows of them, as the command finds them', async (t) => {
  const api = await apiServer(t)
  const letters = [
    ['Ada Lovelace <ada@example.net>', 'Notes on the engine'],
    ['Charles <charles@example.net>', 'The Engine, 100% brass'],
    ['ada@example.org', 'Weaving'],
  ]
  for (const [from, subject] of letters) await api.mail(`From: ${from}\r\nSubject: ${subject}\r\n\r\nHi.`)
  const [weaving, brass, notes] = await api.items(`${box}/messages`)
  const change = (id: unknown, add: string) =>
    api.ask(`${box}/messages/${id}`, { method: 'PATCH', body: { add: [add] } })
  await change(notes?.id, '\\Seen')
  await change(brass?.id, 'Later')
  const later = new Date(Date.now() + 3_600_000).toISOString()
  const cases: readonly (readonly [Record<string, string>, readonly (Json | undefined)[]])[] = [
    [{ from: 'ADA' }, [weaving, notes]],
    [{ from: 'ada@example.n' }, [notes]],
    [{ from: 'a*@example.org' }, [weaving]],
    [{ subject: 'engine' }, [brass, notes]],
    [{ subject: '100%' }, [brass]],
    [{ subject: '%' }, [brass]],
    [{ from: '<ada@example.net>' }, [notes]],
    // The null sender is an address; in words these are two signs.
    [{ from: '<>' }, []],
    [{ subject: '<e>' }, []],
    // Nobody sees it.
    [{ subject: '\u200b' }, []],
    [{ search: '<>' }, []],
    [{ search: 'engine ada' }, [notes]],
    [{ search: 'e n g i n e' }, []],
    [{ search: 'charles' }, [brass]],
    [{ flag: 'unseen' }, [weaving, brass]],
    [{ flag: 'seen' }, [notes]],
    [{ flag: '\\seen' }, [notes]],
    [{ flag: 'later' }, [brass]],
    [{ flag: 'unseen', subject: 'engine' }, [brass]],
    [{ since: later }, []],
    [{ until: later }, [weaving, brass, notes]],
    [{ since: String(notes?.filedAt), until: String(notes?.filedAt) }, [notes]],
  ]
  const { data } = api.server
  for (const [asked, expected] of cases) {
    const found = await api.items(query(asked))
    assert.deepEqual(subjects(found), subjects(expected as Json[]), JSON.stringify(asked))
  }
  // Each option once.
  const options = { from: 'a', subject: 'n', search: 'ada e', flag: 'unseen', since: '1h', until: later }
  const typed = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
  const told = await fsmtp(data, ['mailbox', 'alice@example.org', '--json', '--data', data, ...typed])
  assert.deepEqual(subjects(objects(told)), ['Weaving'])
  assert.deepEqual(objects(told), await api.items(query(options)))
  const wrong = await api.ask(query({ flag: '\\Nonsense' }))
  assert.equal(wrong.status, 400)
  assert.match(detailOf(wrong), /^flag: give seen, unseen/)
})

test('a search goes on page by page, and a cursor holds for its own search alone', async (t) => {
  const api = await apiServer(t)
  for (const subject of ['even 0', 'odd 1', 'even 2', 'odd 3', 'even 4'])
    await api.mail(`Subject: ${subject}\r\n\r\nHi.`)
  const first = await api.get(query({ subject: 'even', limit: '2' }))
  assert.deepEqual(subjects(first.items as Json[]), ['even 4', 'even 2'])
  await api.mail('Subject: even 6\r\n\r\nHi.')
  const second = await api.get(query({ subject: 'even', limit: '2', cursor: String(first.next) }))
  assert.deepEqual([subjects(second.items as Json[]), second.next], [['even 0'], null])
  assert.equal((await api.ask(query({ subject: 'odd', limit: '2', cursor: String(first.next) }))).status, 400)
})

test('a mailbox as of a time shows what was there, with the flags of then', async (t) => {
  const api = await apiServer(t)
  await api.mail('Subject: One\r\n\r\n1')
  const [one] = await api.items(`${box}/messages`)
  const path = `${box}/messages/${one?.id}`
  const facts = async () => (await api.items('/events?type=MessageFlagged')).map(({ at }) => String(at))
  const change = async (body: object) => {
    assert.equal((await api.ask(path, { method: 'PATCH', body })).status, 200)
    // The next change is of another millisecond.
    const [last] = (await facts()).toSorted().slice(-1)
    await eventually(() => Date.now() > Date.parse(last!))
  }
  await eventually(() => Date.now() > Date.parse(String(one?.filedAt)))
  await change({ add: ['\\Seen'] })
  await change({ add: ['\\Flagged'] })
  assert.equal((await api.ask(path, { method: 'DELETE' })).status, 204)
  const [seen, flagged] = (await facts()).toSorted()
  const at = async (asOf: string, more = {}) =>
    (await api.items(query({ asOf, ...more }))).map(({ flags }) => flags)
  assert.deepEqual(await at(String(one?.filedAt)), [[]])
  assert.deepEqual(await at(seen!), [['\\Seen']])
  assert.deepEqual(await at(flagged!), [['\\Seen', '\\Flagged']])
  assert.deepEqual(await at(seen!, { flag: 'unseen' }), [])
  assert.deepEqual(await at(String(one?.filedAt), { flag: 'unseen' }), [[]])
  assert.deepEqual(await api.items(`${box}/messages`), [])
  const { data } = api.server
  const then = ['mailbox', 'alice@example.org', '--as-of', seen!, '--json', '--data', data]
  assert.deepEqual(
    objects(await fsmtp(data, then)).map(({ flags }) => flags),
    [['\\Seen']],
  )
})

test('many messages are flagged, moved and deleted at once, and are counted before', async (t) => {
  const api = await apiServer(t)
  for (const subject of ['a 1', 'a 2', 'b 1', 'b 2']) await api.mail(`Subject: ${subject}\r\n\r\nHi.`)
  const all = await api.items(`${box}/messages`)
  const act = (body: object) => api.ask(`${box}/actions`, { method: 'POST', body })
  const ids = all.slice(0, 2).map(({ id }) => id)
  const seen = { action: 'change', ids, add: ['\\Seen'] }
  assert.deepEqual((await act({ ...seen, dryRun: true })).json, { count: 2, left: 0, dryRun: true })
  assert.equal((await api.items(query({ flag: 'seen' }))).length, 0)
  assert.deepEqual((await act(seen)).json, { count: 2, left: 0, dryRun: false })
  assert.deepEqual(subjects(await api.items(query({ flag: 'seen' }))), ['b 2', 'b 1'])
  const unseen = { action: 'change', filter: { flag: 'seen', subject: '1' }, remove: ['\\Seen'] }
  assert.deepEqual((await act(unseen)).json, { count: 1, left: 0, dryRun: false })
  const remove = { action: 'delete', filter: { subject: 'a' } }
  assert.deepEqual((await act({ ...remove, dryRun: true })).json, { count: 2, left: 0, dryRun: true })
  assert.equal((await act(remove)).json.count, 2)
  const gone = { action: 'delete', ids: [...all.map(({ id }) => id), 'none'] }
  assert.deepEqual((await act(gone)).json, { count: 2, left: 3, dryRun: false })
  assert.deepEqual(await api.items(`${box}/messages`), [])
  assert.equal((await api.items('/events?type=MessageExpunged')).length, 4)
})

test('an act on a mailbox that names nothing, too much, or another mailbox is refused', async (t) => {
  const api = await apiServer(t)
  await api.mail()
  const act = (body: object) => api.ask(`${box}/actions`, { method: 'POST', body })
  const refusals: readonly (readonly [object, RegExp])[] = [
    [{ action: 'delete' }, /either ids or a filter/],
    [{ action: 'delete', ids: ['x'], filter: { subject: 'x' } }, /either ids or a filter/],
    [{ action: 'delete', filter: {} }, /names nothing/],
    [{ action: 'burn', ids: ['x'] }, /give delete or change/],
    [{ action: 'change', ids: ['x'], mailbox: 'bob@example.org' }, /give alice@example\.org, or/],
    [{ action: 'delete', filter: { unseen: true } }, /unseen/],
    // Each of them would mean everything.
    [{ action: 'delete', filter: { search: ' \t' } }, /search: has no word in it/],
    [{ action: 'delete', filter: { subject: '\0x' } }, /subject: has a NUL in it/],
  ]
  for (const [body, words] of refusals) {
    const answer = await act(body)
    assert.equal(answer.status, 400, JSON.stringify(body))
    assert.match(detailOf(answer), words)
  }
  assert.equal((await api.items(`${box}/messages`)).length, 1)
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

test('who sent a mail without a From is told by its envelope, in another mailbox too, and by the command', async (t) => {
  const api = await apiServer(t)
  await api.mail('Subject: From nobody\r\n\r\nHi.')
  const [first] = await api.items(`${box}/messages`)
  assert.equal(first?.from, null)
  assert.match(String(first?.sender), /@/)
  const kept = 'alice@example.org/Kept'
  const moved = await api.ask(`${box}/messages/${first?.id}`, { method: 'PATCH', body: { mailbox: kept } })
  assert.equal(moved.json.sender, first?.sender, moved.text)
  await api.settled()
  const { data } = api.server
  const { stdout } = await fsmtp(data, ['mailbox', kept, '--data', data])
  assert.match(stdout, new RegExp(` <${first?.sender}> `))
})
