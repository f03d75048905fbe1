/** What keeps us from using a database is said at once: where it was looked for, what is wrong, never the password. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { openKurrentLog, readAddress } from '../../src/log/kurrent/index.ts'
import { LogUnavailable } from '../../src/log/port.ts'
import { event, put, quick, standInWith } from './kurrent-log.ts'

const refusal = async (url: string): Promise<string> => {
  try {
    await (await openKurrentLog({ url, ...quick, connectWithin: 1_000 })).close()
  } catch (error) {
    assert.ok(error instanceof Error)
    return `${error.name}: ${error.message}`
  }
  assert.fail('it was opened')
}

test('a server that is not there is named', async (context) => {
  const server = await standInWith(context)
  await server.stop()
  const said = await refusal(`kurrentdb://admin:geheim@127.0.0.1:${server.port}?tls=false`)
  assert.match(said, new RegExp(`the database at 127\\.0\\.0\\.1:${server.port} does not answer`))
  assert.doesNotMatch(said, /geheim/)
})

test('a server that does not answer is given up', async (context) => {
  const server = await standInWith(context)
  server.faults.silent = true
  assert.match(await refusal(server.url), /does not answer: connecting took longer than 1000 ms/)
})

for (const version of ['21.10.9', '22.6.0', '5.0.8'])
  test(`a server of version ${version} is too old`, async (context) => {
    const server = await standInWith(context, { version })
    assert.match(
      await refusal(server.url),
      new RegExp(`of version ${version}; EventStoreDB 22\\.10 or later`),
    )
  })

for (const version of ['22.10.0', '23.10.1', '24.2.0', '25.0.1', '26.1.0'])
  test(`a server of version ${version} will do`, async (context) => {
    const server = await standInWith(context, { version })
    const log = await openKurrentLog({ url: server.url, ...quick })
    await put(log, 'test-a', -1, [event()])
    await log.close()
  })

test('the right password opens, the wrong one is refused, and neither is repeated', async (context) => {
  const server = await standInWith(context, { users: { admin: 'ge:h@eim/%' } })
  const log = await openKurrentLog({ url: server.url, ...quick })
  await put(log, 'test-a', -1, [event()])
  await log.close()
  const wrong = server.url.replace(encodeURIComponent('ge:h@eim/%'), 'verkehrt')
  const said = await refusal(wrong)
  assert.match(said, /does not let us in/)
  assert.doesNotMatch(said, /verkehrt|geheim/)
})

test('esdb:// and the cluster scheme work as kurrentdb:// does', async (context) => {
  const server = await standInWith(context)
  for (const scheme of ['esdb', 'kurrentdb+discover', 'esdb+discover', 'kdb']) {
    const log = await openKurrentLog({ url: server.url.replace('kurrentdb:', `${scheme}:`), ...quick })
    assert.equal(await log.tail(), 0)
    await log.close()
  }
})

const faults: readonly (readonly [string, RegExp])[] = [
  ['kurrentdb://', /must look like/],
  ['http://host:2113', /must look like/],
  ['kurrentdb://user@host', /user:password/],
  ['kurrentdb://user:pa%zz@host', /written as %25/],
  ['kurrentdb://host:99999', /is not a host/],
  ['kurrentdb://host?color=red', /no option color/],
  ['kurrentdb://host?tls=no', /tls is true or false/],
  ['kurrentdb://host?keepAliveTimeout=soon', /whole number/],
  ['kurrentdb://host?streamPrefix=a-b', /streamPrefix/],
]
for (const [text, why] of faults)
  test(`an address is refused before anything is tried: ${text}`, () => {
    assert.throws(() => readAddress(text), { name: 'KurrentAddressFault', message: why })
  })

test('an unreachable database at the start is LogUnavailable, in a whole sentence', async () => {
  await assert.rejects(
    openKurrentLog({ url: 'kurrentdb://127.0.0.1:1?tls=false', ...quick, connectWithin: 1_000 }),
    (error) => error instanceof LogUnavailable && /ECONNREFUSED 127\.0\.0\.1:1$/.test(error.message),
  )
})

test('who uses SQLite never loads the client', () => {
  const script = `
    await import(${JSON.stringify(new URL('../../src/log/open.ts', import.meta.url).href)})
    const { default: modules } = await import('node:module')
    console.log(Object.keys(modules._cache).filter((name) => /@kurrent|@grpc/.test(name)).length)
  `
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
  assert.equal(said, '0\n')
})
