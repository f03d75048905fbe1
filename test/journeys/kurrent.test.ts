/** A server whose log is in EventStoreDB / KurrentDB, and a history that goes from one engine to the other and back. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { acceptedAs, greeted, send } from '../client.ts'
import { startKurrentStandIn } from '../kurrent/stand-in.ts'
import { realServer } from '../kurrent/target.ts'
import { type ChildServer, eventually, type Finished, fsmtp, objects, serve, workplace } from '../server.ts'

const mx = [
  { service: 'mx', address: '127.0.0.1', port: 0 },
  { service: 'submission', address: '127.0.0.1', port: 0 },
]
const playground = { playground: true, hostname: 'localhost', domains: [], listeners: mx }

let logs = 0
/** A log of its own on the stand-in, or in the database that KURRENTDB_URL names. */
const database = async (context: TestContext) => {
  const standIn = realServer === undefined ? await startKurrentStandIn() : null
  if (standIn) context.after(() => standIn.close())
  const address = new URL(realServer ?? standIn!.url)
  address.searchParams.set('streamPrefix', `journey_${Date.now().toString(36)}_${++logs}_`)
  return { url: address.href, standIn }
}

const served = async (context: TestContext, folder: string): Promise<ChildServer> => {
  const server = await serve(folder)
  context.after(() => server.child.kill('SIGKILL'))
  return server
}

const well = async (folder: string, words: readonly string[]): Promise<Finished> => {
  const done = await fsmtp(folder, words)
  assert.equal(done.code, 0, `${words.join(' ')}: ${done.stderr}`)
  return done
}

const mails = 5
/** Small ones and one that has a file of its own on every engine. */
const bring = async (server: ChildServer): Promise<string[]> => {
  const line = await greeted(server.port('mx'))
  const ids: string[] = []
  for (let n = 0; n < mails; n++) {
    const text = n === 0 ? 'a line of a large message\r\n'.repeat(4_000) : 'hello'
    const reply = await send(line, `Subject: mail ${n}\r\n\r\n${text}`, { to: [`user${n}@example.org`] })
    const id = acceptedAs(reply)
    assert.ok(id, reply)
    ids.push(id)
  }
  line.hangUp()
  return ids
}

const streamsOf = (history: string): Record<string, unknown>[] =>
  readFileSync(history, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

/** Events by their ids: everything but the positions, which are each engine's own. */
const eventsOf = (history: string) =>
  streamsOf(history)
    .filter(({ type }) => typeof type === 'string')
    .map(({ position: _, ...event }) => event)
    .toSorted((one, other) => String(one.id).localeCompare(String(other.id)))

test('a server on KurrentDB: mail, views, commands beside it, restart, verify', async (context) => {
  const { url } = await database(context)
  const folder = workplace({ ...playground, log: url })
  const server = await served(context, folder)
  const ids = await bring(server)
  assert.equal(existsSync(join(folder, 'data', 'log.sqlite')), false)
  const listed = objects(await well(folder, ['messages', '--json']))
  assert.deepEqual(listed.map(({ id }) => id).toSorted(), ids.toSorted())
  const second = await fsmtp(folder, ['serve'])
  assert.equal(second.code, 1)
  assert.match(second.stderr, /in use/)
  assert.equal(await server.end(), 0)
  await well(folder, ['verify'])
  const again = await served(context, folder)
  await bring(again)
  assert.equal(await again.end(), 0)
  assert.equal(objects(await well(folder, ['messages', '--json'])).length, 2 * mails)
  await well(folder, ['verify'])
})

test('a history goes from SQLite to KurrentDB and back, the same and proved on every side', async (context) => {
  const { url } = await database(context)
  const first = workplace(playground)
  const server = await served(context, first)
  await bring(server)
  assert.equal(await server.end(), 0)
  await well(first, ['export', '--all', '--out', 'history.ndjson'])

  const second = workplace({ ...playground, log: url })
  await well(second, ['import', join(first, 'history.ndjson')])
  await well(second, ['verify'])
  await well(second, ['export', '--all', '--out', 'history.ndjson'])
  assert.deepEqual(eventsOf(join(second, 'history.ndjson')), eventsOf(join(first, 'history.ndjson')))
  assert.ok(eventsOf(join(first, 'history.ndjson')).length > 20)
  const repeated = objects(await well(second, ['import', join(first, 'history.ndjson'), '--json']))
  assert.equal(repeated[0]?.added, 0)

  const third = workplace(playground)
  await well(third, ['import', join(second, 'history.ndjson')])
  await well(third, ['verify'])
  await well(third, ['export', '--all', '--out', 'history.ndjson'])
  assert.deepEqual(eventsOf(join(third, 'history.ndjson')), eventsOf(join(first, 'history.ndjson')))
})

test('while the database is away the server answers 451, and takes mail again by itself', async (context) => {
  const standIn = await startKurrentStandIn()
  context.after(() => standIn.close())
  const folder = workplace({ ...playground, log: standIn.url })
  const server = await served(context, folder)
  const [id] = await bring(server)
  assert.ok(id)
  await standIn.stop()
  const bringOne = async (): Promise<string> => {
    const line = await greeted(server.port('mx'))
    try {
      return await send(line, 'Subject: one', { to: ['user@example.org'] })
    } finally {
      line.hangUp()
    }
  }
  // The first waits as long as an append may take, which is as long as this client is patient.
  const said = (what: RegExp) => async () => what.test(await bringOne().catch(String))
  await eventually(said(/^451 4\.3\.0 /), { what: 'a refusal for now' })
  await standIn.start()
  await eventually(said(/^250 /), { what: 'mail to be taken again' })
  assert.equal(await server.end(), 0)
  const listed = objects(await well(folder, ['messages', '--json']))
  assert.ok(listed.length > mails)
  await well(folder, ['verify'])
})

test('a database that is not there: one line that names it, exit 1, no password', async () => {
  const standIn = await startKurrentStandIn()
  await standIn.close()
  const folder = workplace({
    ...playground,
    log: `kurrentdb://admin:geheim@127.0.0.1:${standIn.port}?tls=false`,
  })
  const { code, stderr } = await fsmtp(folder, ['serve'])
  assert.equal(code, 1)
  assert.match(stderr, new RegExp(`^fsmtp: the database at 127\\.0\\.0\\.1:${standIn.port} does not answer`))
  assert.doesNotMatch(stderr, /geheim/)
  assert.equal(stderr.trimEnd().split('\n').length, 1, stderr)
})
