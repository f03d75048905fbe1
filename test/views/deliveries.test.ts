/** `deliveries`, `delivery`, `message --trace` and `verify`, as people see them. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { fsmtp } from '../authentication/command.ts'
import { tellDelivery } from '../history/deliveries.ts'
import { beginning, Teller } from '../projections/marbles.ts'
import { directoryFor } from '../projections/views.ts'

/** A mail for two hops: one deferred, held, released and delivered; the other failed and reported. */
const placeWith = async (context: TestContext): Promise<string> => {
  const folder = directoryFor(context)
  const log = await openSqliteLog({ directory: join(folder, 'data') })
  const teller = new Teller(log)
  await teller.tell('open ehlo mail rcpt data accept(t1 a@here bob@y=>y eve@z=>z) quit')
  const start = beginning + 10_000
  const life =
    'queue(bob@y) start route connected(STARTTLS) secured end(bob@y=451) hold release +1h start route connected end(bob@y=250)'
  await tellDelivery(log, 't1yyyyyy', life, { start })
  await tellDelivery(log, 't1zzzzzz', 'queue(eve@z) start gone(null-mx)', { nextHop: 'z', start })
  await teller.tell('report(n1 t1zzzzzz failed alice@example.net 1)')
  await log.close()
  return folder
}

const jsonLines = (out: string): readonly Record<string, unknown>[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const run = async (folder: string, ...words: string[]): Promise<string> => {
  const { code, out, err } = await fsmtp(folder, words)
  assert.equal(code, 0, err)
  return out
}

test('deliveries: a table for people, promised shapes for programs, filters for both', async (context) => {
  const folder = await placeWith(context)
  const lines = (await run(folder, 'deliveries')).trimEnd().split('\n')
  assert.match(
    lines[0]!,
    /^DELIVERY +QUEUED +SENDER +RECIPIENTS +NEXT HOP +STATUS +ATTEMPTS +NEXT ATTEMPT +LAST REPLY$/,
  )
  assert.match(lines[1]!, /^t1yyyyyy .* bob@y +y +delivered +2 +250 2\.0\.0 Thank you$/)
  assert.match(lines[2]!, /^t1zzzzzz .* eve@z +z +failed +1 +null-mx at mx\.y$/)
  const [one] = jsonLines(await run(folder, 'deliveries', '--json', '--status', 'failed'))
  const promised =
    'id message sender nextHop status queuedAt attempts nextAttemptAt finishedAt recipients lastReply reason'
  for (const key of promised.split(' ')) assert.ok(key in one!, key)
  assert.equal(one!.id, 't1zzzzzz')
  assert.deepEqual(one!.recipients, [{ address: 'eve@z', status: 'failed', reply: null, enhancedCode: null }])
  const { err } = await fsmtp(folder, ['deliveries', '--status', 'held'])
  assert.match(err, /^no delivery fits/)
})

test('deliveries as of a time: as they stood then', async (context) => {
  const folder = await placeWith(context)
  const then = async (time: string) =>
    (await run(folder, 'deliveries', '--json', '--as-of', time))
      .trimEnd()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { id: string; status: string; attempts: number })
      .map(({ id, status, attempts }) => `${id} ${status} ${attempts}`)
  assert.deepEqual(await then('2026-01-01T00:00:09'), [])
  assert.deepEqual(await then('2026-01-01T00:00:13'), ['t1yyyyyy active 1', 't1zzzzzz failed 1'])
  assert.deepEqual(await then('2026-01-01T00:00:16'), ['t1yyyyyy held 1', 't1zzzzzz failed 1'])
  assert.deepEqual(await then('2026-01-02'), ['t1yyyyyy delivered 2', 't1zzzzzz failed 1'])
  const held = await run(folder, 'deliveries', '--as-of', '2026-01-01T00:00:16', '--status', 'held')
  assert.match(held, /t1yyyyyy/)
})

test('deliveries as of a time: forwarded mail is found by its first sender then, too', async (context) => {
  const folder = directoryFor(context)
  const log = await openSqliteLog({ directory: join(folder, 'data') })
  await new Teller(log).tell('open ehlo mail rcpt data accept(t1 sales@here->c@y=>y) quit')
  const given = { sender: 'SRS0=x=y=z=alice@here', forwarder: 'sales@here', start: beginning + 10_000 }
  await tellDelivery(log, 't1yyyyyy', 'queue(c@y) hold release', given)
  await log.close()
  for (const filter of [
    ['--sender', 'alice@example.net'],
    ['--sender', '*@example.net'],
    ['--recipient', 'Sales@here'],
  ])
    for (const time of [[], ['--as-of', '2026-01-01T00:00:11']]) {
      const [found] = jsonLines(await run(folder, 'deliveries', '--json', ...filter, ...time))
      assert.deepEqual([found?.id, found?.status], ['t1yyyyyy', time.length > 0 ? 'held' : 'deferred'])
    }
})

test('one delivery: recipients, each attempt in the host’s words, and what comes next', async (context) => {
  const folder = await placeWith(context)
  const told = await run(folder, 'delivery', 'yyyyyy')
  assert.match(told, /^Recipient: +<bob@y> {2}delivered {2}250 2\.0\.0 Thank you$/m)
  assert.match(told, /^Attempt 1 {2}2026-01-01T00:00:11\.000Z \(4\.0 s\) {2}mx$/m)
  assert.match(told, /^ {2}host +mx\.y \[192\.0\.2\.25\]:25: connected, TLSv1\.3 /m)
  assert.match(told, /^ {4}S: 451 4\.7\.1 Come back later$/m)
  assert.match(told, /^ {2}result +deferred: The host asked us to try again later\.$/m)
  assert.match(told, /^hold {2}2026-01-01T00:00:16\.000Z {2}by operator$/m)
  assert.match(told, /^Next: +nothing: it ended at 2026-01-01T01:00:2\d\.000Z$/m)
  assert.match(
    await run(folder, 'delivery', 't1zzzzzz'),
    /^Told: +the sender of failure after attempt 1: message n1$/m,
  )
  const [json] = jsonLines(await run(folder, 'delivery', 't1y', '--json'))
  assert.equal((json!.history as unknown[]).length, 4)
  assert.deepEqual(json!.attempts, 2)
  const { code, err } = await fsmtp(folder, ['delivery', 'q'])
  assert.deepEqual(
    [code, err],
    [1, 'fsmtp: no delivery has an id that begins with "q"; see `fsmtp deliveries`\n'],
  )
})

test('a trace goes from the session through every delivery to the report', async (context) => {
  const folder = await placeWith(context)
  const trace = jsonLines(await run(folder, 'message', 't1', '--trace', '--json'))
  const texts = trace.map(({ text }) => String(text))
  const inOrder = (...order: string[]) => {
    const places = order.map((text) => texts.indexOf(text))
    assert.equal(order[places.indexOf(-1)], undefined)
    assert.deepEqual(
      places,
      places.toSorted((one, other) => one - other),
    )
  }
  inOrder(
    'Message t1 accepted and stored: 1000 bytes, 3 recipients',
    '<a@here> filed in the mailbox a@here',
    'Queued for delivery to y: <bob@y>',
    'Connected to mx.y [192.0.2.25]:25, TLS follows',
    '<bob@y> deferred: 451 4.7.1 Come back later',
    'The delivery to y was held by operator',
    'Delivery to y delivered',
  )
  inOrder('<a@here> filed in the mailbox a@here', 'Delivery to z failed for good: null-mx at mx.y')
  assert.ok(texts.includes('A notice of failure was composed for <alice@example.net>: message n1'))
  const times = trace.map(({ at }) => String(at))
  assert.deepEqual(times, times.toSorted())
  assert.match(await run(folder, 'message', 't1'), /^Recipient: +<eve@z> failed, by delivery t1zzzzzz to z$/m)
  assert.match(
    await run(folder, 'message', 'n1'),
    /^Cause: +a notice of failure about delivery t1zzzzzz, attempt 1$/m,
  )
  assert.match(
    await run(folder, 'message', 'n1', '--trace'),
    / {2}It is a notice of failure about delivery t1zzzzzz, attempt 1$/m,
  )
})

test('replay and verify take a delivery by its id', async (context) => {
  const folder = await placeWith(context)
  const told = await run(folder, 'replay', 't1zz')
  assert.match(told, /^delivery t1zzzzzz {2}2026-01-01 {2}3 steps$/m)
  assert.match(told, /because +null-mx: The domain says that it takes no mail/)
  const dialogue = await run(folder, 'replay', 't1yyyyyy')
  assert.match(dialogue, /S: 220 mx\.y ESMTP\n +C: EHLO mx\.example\.org\n +S: 250-mx\.y/)
  assert.match(await run(folder, 'replay', 't1yyyyyy', '--transcript'), /^\(3\d{3}\.\d s later\)$/m)
  assert.match(
    await run(folder, 'verify', 't1yyyyyy', 't1zzzzzz'),
    /^2 streams, \d+ transitions, .*\nall is well\n$/,
  )
})

test('the ledger of the whole log is sound while every hop has its delivery', async (context) => {
  const folder = await placeWith(context)
  const { out } = await fsmtp(folder, ['verify', '--json'])
  const summary = jsonLines(out).at(-1)!
  assert.equal(summary.unaccounted, 0)
  assert.equal(summary.diverged, 0)
})
