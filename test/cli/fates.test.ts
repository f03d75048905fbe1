/** Recipients of one mail that fare differently, and forwarded mail: as the commands tell of them, while no server runs. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { EventOf } from '../../machines/vocabulary/events.ts'
import { openSqliteLog } from '../../src/log/sqlite/index.ts'
import { sentence } from '../../src/telling/story.ts'
import { type Ran, fsmtp as ran } from '../authentication/command.ts'
import { tellDelivery } from '../history/deliveries.ts'
import { beginning, Teller } from '../projections/marbles.ts'
import { directoryFor } from '../projections/views.ts'
import { configText } from '../server.ts'

type Place = { readonly folder: string; readonly run: (...words: readonly string[]) => Promise<Ran> }
type Delivered = readonly [id: string, life: string, about?: Parameters<typeof tellDelivery>[3]]

const start = beginning + 10_000

/** A folder with a log that tells of this session and these deliveries. */
const placeWith = async (
  context: TestContext,
  session: string,
  deliveries: readonly Delivered[],
): Promise<Place> => {
  const folder = directoryFor(context)
  const log = await openSqliteLog({ directory: join(folder, 'data') })
  await new Teller(log).tell(session)
  for (const [id, life, about] of deliveries) await tellDelivery(log, id, life, { start, ...about })
  await log.close()
  return { folder, run: (...words) => ran(folder, words) }
}

const objects = ({ out }: Ran): readonly Record<string, unknown>[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const mixed = (context: TestContext): Promise<Place> =>
  placeWith(context, 'open ehlo mail data accept(t1 a@y=>y b@y=>y c@y=>y) quit', [
    ['t1yyyyyy', 'queue(a@y b@y c@y) start route connected end(a@y=250 b@y=550 c@y=451)'],
  ])

test('one delivery, three fates: each is counted, and each has its reason', async (context) => {
  const { run } = await mixed(context)
  assert.match((await run('deliveries')).out, / 1 delivered, 1 failed, 1 deferred +1 /)
  assert.match((await run('messages')).out, / 1 delivered, 1 failed, 1 deferred +about t1$/m)
  const why = 'refused for good for b@y; deferred for c@y'
  const told = (await run('delivery', 't1y')).out
  assert.match(told, new RegExp(`^Status: +deferred {2}${why}$`, 'm'))
  assert.match(told, new RegExp(`^ {2}result +deferred: ${why}$`, 'm'))
  const trace = (await run('message', 't1', '--trace')).out
  assert.match(trace, new RegExp(`Delivery to y deferred: ${why}; next attempt at `))
})

test('a fault’s words stand once, and who was refused before it is told apart', async (context) => {
  const { run } = await placeWith(context, 'open ehlo mail data accept(t1 a@y=>y b@y=>y) quit', [
    [
      't1yyyyyy',
      'queue(a@y b@y) start route connected end(a@y=250 b@y=451) +1h start route hostfailed(host-closing 421) fault(host-closing 421)',
    ],
  ])
  const told = (await run('delivery', 't1y')).out
  assert.match(told, /^ {2}fault +host-closing at mx\.y \(421 4\.3\.2 Closing\)$/m)
  assert.match(told, /^Status: +deferred {2}The host said 421: it is about to close the connection\.$/m)
  const { faultText } = await import('../../src/telling/attempt-text.ts')
  const reply = { code: 421, enhanced: '4.3.2', text: 'go away', command: 'connect' }
  const fault = { kind: 'host-closing', during: 'connect', text: '421 4.3.2 go away', reply, temporary: true }
  assert.equal(faultText(fault), '421 4.3.2 go away')
})

const from = 'SRS0=abcdefgh=AB=example.net=alice@here'
const forwarded = (context: TestContext): Promise<Place> =>
  placeWith(context, 'open ehlo mail data accept(t1 info@here->carol@remote=>remote bob@other=>other) quit', [
    ['t1rrrrrr', 'queue(carol@remote) start', { nextHop: 'remote', sender: from, forwarder: 'info@here' }],
    ['t1oooooo', 'queue(bob@other) start', { nextHop: 'other' }],
  ])

test('forwarded mail is found by the alias, by its domain and by the sender it came from', async (context) => {
  const { run } = await forwarded(context)
  const found = async (...words: readonly string[]): Promise<readonly unknown[]> =>
    objects(await run('deliveries', '--json', ...words)).map(({ id }) => id)
  const both = ['t1oooooo', 't1rrrrrr']
  for (const limit of [[], ['--limit', '9']]) {
    assert.deepEqual(await found('--recipient', 'Info@here', ...limit), ['t1rrrrrr'])
    assert.deepEqual(await found('--recipient', 'carol@remote', ...limit), ['t1rrrrrr'])
    assert.deepEqual(await found('--domain', 'HERE', ...limit), ['t1rrrrrr'])
    assert.deepEqual(await found('--sender', '<alice@example.net>', ...limit), both)
    assert.deepEqual(await found('--sender', '*alice@*', ...limit), both)
    assert.deepEqual(await found('--domain', 'er', ...limit), [])
  }
  assert.deepEqual(await found('--sender', 'alice@example.net', '--as-of', '2026-01-02'), both)
  assert.deepEqual(await found('--sender', 'alice@example.net', '--domain', 'remote'), ['t1rrrrrr'])
})

test('without a server: what is active was cut off, and what is due waits for the start', async (context) => {
  const { run } = await forwarded(context)
  const { err } = await run('deliveries')
  assert.equal(
    err,
    'no server runs here: what is active was cut off and is taken up when it is started (`fsmtp serve`)\n',
  )
  assert.match(
    (await run('delivery', 't1r')).out,
    /^Next: +no server runs here: attempt 1 was cut off; it is taken up when the server is started$/m,
  )
  const waiting = await mixed(context)
  assert.match(
    (await waiting.run('delivery', 't1y')).out,
    /^Next: +attempt 2, due since 2026-.* ago\): no server runs here; it is made when the server is started$/m,
  )
  const later = await placeWith(context, 'open ehlo mail data accept(t1 c@y=>y) quit', [
    ['t1yyyyyy', 'queue(c@y) start route connected end(c@y=451)', { start: Date.now() }],
  ])
  assert.match(
    (await later.run('delivery', 't1y')).out,
    /^Next: +attempt 2 at 2\d{3}-.* \(in \d+ min\), but no server runs here$/m,
  )
  const retried = await waiting.run('retry', 't1y')
  assert.deepEqual(
    [retried.code, retried.out],
    [0, '1 delivery to be tried now; no server runs here, so that happens when it is started\n'],
  )
  const cutOff = await run('hold', 't1r')
  assert.deepEqual([cutOff.code, cutOff.out], [0, '1 delivery held\n'])
})

test('acts: what can be done is done, the others say why not; --dry-run says the same beforehand', async (context) => {
  const { run } = await placeWith(context, 'open ehlo mail data accept(t1 a@y=>y b@z=>z) quit', [
    ['t1yyyyyy', 'queue(a@y) start route connected end(a@y=451)'],
    ['t1zzzzzz', 'queue(b@z) start gone(null-mx)', { nextHop: 'z' }],
  ])
  const ids = ['t1yyyyyy', 't1z', 'nobody', 't1y']
  const unknown = 'nobody  not: no delivery has an id that begins with "nobody"; see `fsmtp deliveries`'
  const dry = await run('hold', ...ids, '--dry-run')
  assert.equal(dry.code, 1)
  assert.match(dry.out, /^t1yyyyyy +deferred +y /m)
  assert.match(dry.out, new RegExp(`\\nt1zzzzzz {2}not: it is failed\n${unknown}\n$`))
  assert.equal(dry.err, '1 delivery fits; nothing was done\n')
  const shown = objects(await run('hold', ...ids, '--dry-run', '--json'))
  assert.deepEqual(
    shown.map(({ delivery, ...told }) => [told, (delivery as { id: string } | null)?.id]),
    [
      [{ id: 't1yyyyyy', done: true, state: 'waiting', status: 'deferred', dryRun: true }, 't1yyyyyy'],
      [
        {
          ...{ id: 't1zzzzzz', done: false, state: 'failed', status: 'failed' },
          reason: 'it is failed',
          dryRun: true,
        },
        't1zzzzzz',
      ],
      [
        {
          ...{ id: 'nobody', done: false, state: null, status: null, dryRun: true },
          reason: 'no delivery has an id that begins with "nobody"; see `fsmtp deliveries`',
        },
        undefined,
      ],
    ],
  )
  const done = await run('hold', ...ids)
  assert.deepEqual([done.code, done.out], [1, `1 delivery held\nt1zzzzzz  not: it is failed\n${unknown}\n`])
  const again = objects(await run('retry', 't1y', '--json'))
  assert.deepEqual(again, [
    { id: 't1yyyyyy', done: false, state: 'held', status: 'held', reason: 'it is held; release it first' },
  ])
  const filtered = await run('retry', '--domain', 'y')
  assert.deepEqual(
    [filtered.code, filtered.err],
    [1, 'fsmtp: 1 delivery fits but is held; release it first\n'],
  )
})

test('a trace tells an alias from a return path', () => {
  const told = (recipient: string): string => {
    const place = { kind: 'alias', alias: recipient, targets: [] } as const
    const data = { recipient, place, reason: 'local-alias' }
    const about = {
      position: 1,
      id: 'e',
      stream: 'smtp_session-s1',
      revision: 1,
      version: 1,
      at: start,
      meta: {},
    }
    return sentence({ ...about, type: 'RecipientAccepted', data } as EventOf)
  }
  assert.equal(told('info@here'), 'Recipient <info@here> accepted: The address is an alias of ours.')
  assert.equal(
    told(from),
    `Recipient <${from}> accepted: The address is a return path for mail we forwarded.`,
  )
})

test('a destination asked for by a domain: the host its mail goes to, as configured or as it went before', async (context) => {
  const { folder, run } = await placeWith(context, 'open ehlo mail data accept(t1 a@y=>y b@z=>z) quit', [
    ['t1yyyyyy', 'queue(a@y) start route connected end(a@y=250)', { destination: '192.0.2.7:26' }],
  ])
  const before = await run('destinations', 'y')
  assert.match(before.out, /^mail for y went to 192\.0\.2\.7:26\n\nDESTINATION /)
  const delivery = { routes: { y: '192.0.2.7:26', 'z.example': '192.0.2.8' } }
  writeFileSync(join(folder, 'fsmtp.yaml'), configText({ data: './data', delivery }))
  const told = await run('destinations', 'Y')
  assert.match(
    told.out,
    /^mail for Y goes to 192\.0\.2\.7:26, as configured\n\nDESTINATION .*\n192\.0\.2\.7:26 /,
  )
  const never = await run('destinations', 'z.example')
  assert.deepEqual(
    [never.code, never.err],
    [
      1,
      'fsmtp: z.example was never tried, nor was 192.0.2.8, where its mail goes as configured; `fsmtp destinations` lists those that were\n',
    ],
  )
})

test('replay --format wants a diagram; --as-of in the future says that it is', async (context) => {
  const { run } = await mixed(context)
  assert.match((await run('replay', 't1yyyyyy', '--format', 'dot')).out, /^digraph /)
  const { out, err } = await run('deliveries', '--as-of', '2999-01-01')
  assert.match(out, /t1yyyyyy/)
  assert.equal(err, '2999-01-01T23:59:59.999Z is still to come: this is how everything stands now\n')
})

test('many at once are done in batches, each told once, in the order of their ids', async (context) => {
  const ids = Array.from({ length: 230 }, (_, at) => `t${1000 + at}yyyyyy`)
  const { run } = await placeWith(
    context,
    'open quit',
    ids.map((id) => [id, 'queue(a@y)', { message: id.slice(0, -6) }] as const),
  )
  const told = objects(await run('cancel', '--domain', 'y', '--json'))
  assert.deepEqual(
    told.map(({ id, done, status }) => [id, done, status]),
    ids.map((id) => [id, true, 'cancelled']),
  )
})
