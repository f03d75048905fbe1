/** What crashes leave in a bucket is swept away; what anybody may still want is not. */
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { openBucketContent } from '../../src/content/s3/store.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { type EventLog, kindOf } from '../../src/log/port.ts'
import { eventually } from '../eventually.ts'
import type { S3StandIn } from '../s3/stand-in.ts'
import { standIn } from '../s3/target.ts'
import { scratch } from '../scratch.ts'

const day = 24 * 60 * 60 * 1000
const keyOf = (id: string): string => `content/${id.slice(8, 10).padStart(2, '0')}/${id}`

const tell = (log: EventLog, message: string, type = 'MessageAccepted') =>
  log.append([
    {
      stream: `smtp_session-${message}`,
      expected: -1,
      events: [{ id: randomUUID(), kind: kindOf(type, 1, {}), at: 0, data: { message } }],
    },
  ])

type House = { readonly directory: string; readonly log: EventLog }
const house = (): House => ({ directory: scratch('content'), log: openMemoryLog() })

/** One run of a server: sweeps, writes bodies, ends without a word. */
const run = async (
  t: TestContext,
  server: S3StandIn,
  { directory, log }: House,
  bodies: readonly string[] = [],
) => {
  const content = await openBucketContent({ address: server.url, directory, log })
  t.after(() => content.close())
  const swept = await content.swept
  for (const id of bodies) {
    const writer = await content.begin(id)
    await writer.write(randomBytes(1000))
    await writer.finish()
  }
  return { content, swept }
}
/** Time goes on, as the bucket has it. */
const later = ({ vault }: S3StandIn, by = 2 * day): void => {
  vault.ahead += by
}
const ids = ({ vault }: S3StandIn): string[] =>
  [...vault.objects.keys()].map((key) => key.split('/').at(-1) ?? '')

test('a crash between upload and event: swept when it is a day old, and never with an event', async (t) => {
  const server = await standIn(t, { page: 2 })
  const home = house()
  await run(t, server, home, ['01told0000', '01untold00', '01refused0', '01told0001', '01untold01'])
  for (const id of ['01told0000', '01told0001']) await tell(home.log, id)
  await tell(home.log, '01refused0', 'MessageRefused')
  assert.deepEqual((await run(t, server, home)).swept, { unfinished: 0, untold: 0 }, 'younger than a day')
  later(server)
  assert.deepEqual((await run(t, server, home)).swept, { unfinished: 0, untold: 3 })
  assert.deepEqual(ids(server).sort(), ['01told0000', '01told0001'])
})

test('what an event from long ago names stays, also where this server never swept before', async (t) => {
  const server = await standIn(t)
  const home = house()
  await run(t, server, home, ['01old00000'])
  await tell(home.log, '01old00000')
  later(server)
  await run(t, server, home)
  later(server)
  await run(t, server, home)
  later(server)
  // As when it was copied there from elsewhere: the event is older than the last sweep, the object is not.
  server.vault.get(keyOf('01old00000')).modified = server.vault.now - 1.5 * day
  assert.deepEqual((await run(t, server, home)).swept, { unfinished: 0, untold: 0 })
  assert.deepEqual(ids(server), ['01old00000'])
})

test('uploads that were never finished are given up when they are a day old', async (t) => {
  const server = await standIn(t, { page: 1 })
  const home = house()
  const { content } = await run(t, server, home)
  const begin = async (id: string): Promise<void> => {
    const writer = await content.begin(id)
    for (let n = 0; n < 9; n++) await writer.write(randomBytes(1024 * 1024))
  }
  for (const id of ['01gone0000', '01gone0001', '01gone0002']) await begin(id)
  await eventually(
    () => [...server.vault.uploads.values()].filter(({ parts }) => parts.size > 0).length === 3,
  )
  later(server)
  await begin('01young000')
  await eventually(() => server.vault.uploads.size === 4)
  assert.deepEqual((await run(t, server, home)).swept, { unfinished: 3, untold: 0 })
  assert.deepEqual(
    [...server.vault.uploads.values()].map(({ key }) => key),
    [keyOf('01young000')],
  )
})

test('servers with logs of their own share a bucket, and nobody removes what is another’s', async (t) => {
  const server = await standIn(t)
  const [one, other] = [house(), house()]
  await run(t, server, one, ['01one00000', '01oneleft0'])
  await tell(one.log, '01one00000')
  await run(t, server, other, ['01other000'])
  await tell(other.log, '01other000')
  server.vault.put('content/notes.txt', Buffer.from('mine'), {})
  server.vault.put('content/00/01unmarked', Buffer.from('copied here by hand'), {})
  later(server)
  assert.deepEqual((await run(t, server, other)).swept, { unfinished: 0, untold: 0 })
  assert.deepEqual((await run(t, server, one)).swept, { unfinished: 0, untold: 1 })
  assert.deepEqual(ids(server).sort(), ['01one00000', '01other000', '01unmarked', 'notes.txt'])
})

test('a sweep is made again while the server runs', async (t) => {
  const server = await standIn(t)
  const home = house()
  await run(t, server, home, ['01left0000'])
  later(server)
  const content = await openBucketContent({ address: server.url, ...home, sweepEvery: 10 })
  t.after(() => content.close())
  await content.swept
  const writer = await content.begin('01later000')
  await writer.write(randomBytes(1000))
  await writer.finish()
  assert.deepEqual(ids(server), ['01later000'])
  server.vault.get(keyOf('01later000')).modified = server.vault.now - day + 20
  await eventually(() => server.vault.objects.size === 0, { what: 'the sweep of a later day' })
})

test('a log that cannot be read, and a bucket that is silent, sweep nothing', async (t) => {
  const server = await standIn(t)
  const home = house()
  await run(t, server, home, ['01left0000'])
  later(server)
  const broken = {
    ...home.log,
    tail: () => home.log.tail(),
    content: () => Promise.resolve(null),
  } as EventLog
  broken.readAll = async function* () {
    yield []
    throw new Error('unreadable')
  }
  const open = (log: EventLog) => openBucketContent({ address: server.url, directory: home.directory, log })
  const first = await open(broken)
  await assert.rejects(first.swept, /unreadable/)
  await first.close()
  void server.faults.next('ListObjects', { status: 403, code: 'AccessDenied' }, 10)
  const second = await open(home.log)
  await assert.rejects(second.swept, /access is denied/)
  await second.close()
  assert.deepEqual(ids(server), ['01left0000'])
})
