/** The Web API answers what the command line prints, of the same data. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fsmtp, objects } from '../../server.ts'
import { apiServer, eventually, type Json } from './asking.ts'

test('commands and the Web API say the same', async (t) => {
  const api = await apiServer(t)
  const message = await api.mail('Subject: Same\r\n\r\nHi.', { to: ['b@example.org', 'a@deferred.test'] })
  await api.mail('Subject: Other\r\n\r\nHi.')
  await eventually(async () => (await api.items('/deliveries?status=deferred')).length === 1)
  await api.settled()
  const { data } = api.server
  const run = async (...words: readonly string[]): Promise<readonly Json[]> => {
    const found = await fsmtp(data, [...words, '--json', '--data', data])
    assert.equal(found.code, 0, found.stderr)
    return objects(found)
  }
  const [delivery] = (await api.items('/deliveries')).map(({ id }) => String(id))
  const [first] = (await api.items('/sessions')).map(({ id }) => String(id)).toReversed()
  const lists = [
    ['/messages', 'messages'],
    ['/messages?subject=Same', 'messages', '--subject', 'Same'],
    ['/sessions', 'sessions'],
    [
      '/sessions?recipient=a@deferred.test&since=1d',
      'sessions',
      '--recipient',
      'a@deferred.test',
      '--since',
      '1d',
    ],
    ['/deliveries', 'deliveries'],
    ['/deliveries?domain=*.test', 'deliveries', '--domain', '*.test'],
    ['/mailboxes/b@example.org/messages', 'mailbox', 'b@example.org'],
  ] as const
  for (const [path, ...words] of lists) {
    const items = await api.items(path)
    assert.ok(items.length > 0, path)
    // The newest first on a page, and last on a terminal.
    assert.deepEqual(items.toReversed(), await run(...words), path)
  }
  const inOrder = [
    ['/mailboxes', 'mailboxes'],
    ['/machines', 'machines'],
    [`/messages/${message}/trace`, 'message', message, '--trace'],
    [`/sessions/${first}/steps`, 'replay', first!],
    [`/sessions/${first}/transcript`, 'replay', first!, '--transcript'],
    [`/deliveries/${delivery}/steps`, 'replay', delivery!],
    [`/deliveries/${delivery}/transcript`, 'replay', delivery!, '--transcript'],
    [`/events?stream=smtp_session-${first}`, 'events', '--stream', `smtp_session-${first}`],
  ] as const
  for (const [path, ...words] of inOrder) {
    const items = await api.items(path)
    assert.ok(items.length > 0, path)
    assert.deepEqual(items, await run(...words), path)
  }
  assert.deepEqual([await api.get(`/messages/${message}`)], await run('message', message))
  assert.deepEqual([await api.get(`/deliveries/${delivery}`)], await run('delivery', delivery!))
  const raw = await fsmtp(data, ['message', message, '--raw', '--data', data])
  assert.equal((await api.ask(`/messages/${message}/raw`)).text, raw.stdout)
  assert.deepEqual(await run('machines', 'session', '--counts'), [
    await api.get('/machines/session?counts=true'),
  ])
  const drawn = await fsmtp(data, ['machines', 'session', '--format', 'scxml', '--data', data])
  assert.equal(
    (await api.ask('/machines/session?format=scxml')).text,
    Buffer.from(drawn.stdout, 'latin1').toString('utf8'),
  )
})
