import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { NetworkInterfaceInfo } from 'node:os'
import { type TestContext, test } from 'node:test'
import { NoRoute } from '../../../src/delivery/port.ts'
import { createRoutes } from '../../../src/delivery/routes/index.ts'
import { startDns, type Zone } from '../../dns/server.ts'
import { configOf, hostText, placeWith, wayTo } from './place.ts'

const signal = (): AbortSignal => new AbortController().signal

/** Hosts of `a.test`, `mx1.test` and on, each with one address. */
const manyHosts = (count: number, preference = 10): Zone => {
  const names = Array.from({ length: count }, (_, at) => `mx${at + 1}.test`)
  return {
    'a.test': { MX: names.map((name) => [preference, name]) },
    ...Object.fromEntries(names.map((name, at) => [name, { A: [`203.0.113.${at + 1}`] }])),
  }
}

const namesOf = async (
  context: TestContext,
  zone: Zone,
  random: () => number,
): Promise<readonly string[]> => {
  const { routes } = await placeWith(context, { zone, random })
  const { hosts } = await routes.resolve('a.test', signal())
  return hosts.map(({ name }) => name)
}

test('chance puts hosts of equal preference in order, and no others', async (context) => {
  const zone = {
    ...manyHosts(3),
    'a.test': {
      MX: [
        [10, 'mx1.test'],
        [10, 'mx2.test'],
        [20, 'mx3.test'],
      ],
    } as const,
  }
  // Fisher and Yates from the end: 0 swaps with the first, nearly 1 leaves.
  assert.deepEqual(await namesOf(context, zone, () => 0.999), ['mx1.test', 'mx2.test', 'mx3.test'])
  assert.deepEqual(await namesOf(context, zone, () => 0), ['mx2.test', 'mx1.test', 'mx3.test'])
})

test('every host of equal preference comes first at times', async (context) => {
  const { routes } = await placeWith(context, { zone: manyHosts(4), random: Math.random })
  const first = new Set<string>()
  for (let round = 0; round < 500 && first.size < 4; round++)
    first.add((await routes.resolve('a.test', signal())).hosts[0]!.name)
  assert.deepEqual([...first].sort(), ['mx1.test', 'mx2.test', 'mx3.test', 'mx4.test'])
})

const having = (address: string) => (): Record<string, NetworkInterfaceInfo[]> => ({
  eth0: [
    {
      address,
      family: 'IPv6',
      internal: false,
      netmask: 'ffff:ffff:ffff:ffff::',
      mac: '00:00:00:00:00:00',
      cidr: `${address}/64`,
      scopeid: 0,
    },
  ],
})

for (const [address, first] of [
  ['2a00:1450::1', '2a00:1450:1::25'],
  ['fe80::1', '203.0.113.1'],
  ['fd00::1', '203.0.113.1'],
  ['::1', '203.0.113.1'],
] as const)
  test(`with ${address} on this machine, ${first} is tried first`, async (context) => {
    const zone: Zone = {
      'a.test': { MX: [[10, 'mx.test']] },
      'mx.test': { A: ['203.0.113.1'], AAAA: ['2a00:1450:1::25'] },
    }
    const { routes } = await placeWith(context, { zone, interfaces: having(address) })
    const { hosts } = await routes.resolve('a.test', signal())
    assert.equal(hosts.length, 2)
    assert.equal(hosts[0]?.address, first)
  })

test('ten hosts at most, of one host four addresses, of each family two', async (context) => {
  const many = await placeWith(context, { zone: manyHosts(15) })
  assert.equal((await many.routes.resolve('a.test', signal())).hosts.length, 10)
  const addresses = Array.from({ length: 9 }, (_, at) => `203.0.113.${at + 1}`)
  const zone: Zone = { 'a.test': { A: addresses }, 'b.test': { A: addresses, AAAA: ['2001:db8::1'] } }
  const { routes } = await placeWith(context, { zone })
  assert.equal((await routes.resolve('a.test', signal())).hosts.length, 4)
  const mixed = (await routes.resolve('b.test', signal())).hosts.map(({ address }) => address)
  assert.deepEqual([mixed.length, mixed[2]], [3, '2001:db8::1'])
})

test('a domain with hundreds of MX records makes few questions', async (context) => {
  const { routes, asked } = await placeWith(context, { zone: manyHosts(200) })
  await routes.resolve('a.test', signal())
  assert.ok(asked.length <= 3 + 20 * 2, `${asked.length} questions`)
})

test('an answer too long for a datagram is fetched over TCP', async (context) => {
  const { routes, asked } = await placeWith(context, { zone: manyHosts(60) })
  assert.equal((await routes.resolve('a.test', signal())).hosts.length, 10)
  assert.deepEqual(
    asked.filter((question) => question.endsWith('MX a.test')),
    ['udp MX a.test', 'tcp MX a.test'],
  )
})

test('a name server that never answers is given up', async (context) => {
  const { routes } = await placeWith(context, { zone: { 'a.test': { fails: 'silent' } }, timeout: '300ms' })
  assert.equal(await wayTo(routes, 'a.test'), 'dns-failed for now: MX of a.test: no answer in time')
})

test('where one name server is silent or fails, the next is asked', async (context) => {
  const good = await startDns({ 'a.test': { A: ['203.0.113.1'] } })
  context.after(() => good.close())
  for (const fails of ['silent', 'SERVFAIL'] as const) {
    const bad = await startDns({ 'a.test': { fails } })
    context.after(() => bad.close())
    const config = configOf('', `servers: ["${bad.address}", "${good.address}"], timeout: 3s`)
    const route = await createRoutes(config).resolve('a.test', signal())
    assert.equal(hostText(route), 'a.test [203.0.113.1]:25')
    assert.ok(bad.asked.length > 0)
  }
})

test('a name server that is not there is a fault for now', async () => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  await new Promise((done) => socket.close(() => done(null)))
  const routes = createRoutes(configOf('', `servers: ["127.0.0.1:${port}"], timeout: 5s`))
  assert.match(await wayTo(routes, 'a.test'), /^dns-failed for now: MX of a\.test: no (name server|answer)/)
})

/** Resolves when the server was asked anything. */
const wasAsked = async (asked: readonly string[]): Promise<void> => {
  while (asked.length === 0) await new Promise((done) => setImmediate(done))
}

test('a look that is broken off ends, whatever name servers do', async (context) => {
  const { routes, asked } = await placeWith(context, {
    zone: { 'a.test': { fails: 'silent' } },
    timeout: '1h',
  })
  const breaking = new AbortController()
  const way = routes.resolve('a.test', breaking.signal)
  await wasAsked(asked)
  breaking.abort()
  const stopped = (error: unknown): boolean => error instanceof NoRoute && error.fault.kind === 'stopped'
  await assert.rejects(way, stopped)
  await assert.rejects(routes.resolve('a.test', breaking.signal), stopped)
})

test('each question of one look is asked once', async (context) => {
  const { routes, asked } = await placeWith(context, { zone: { 'a.test': { A: ['203.0.113.1'] } } })
  await routes.resolve('a.test', signal())
  assert.deepEqual([...asked].sort(), [
    'udp A a.test',
    'udp AAAA a.test',
    'udp MX a.test',
    'udp TXT _mta-sts.a.test',
  ])
})

test('nobody is asked the way that the configuration has', async (context) => {
  const { routes, asked } = await placeWith(context, {
    delivery: 'route: smarthost, smarthost: "smtp://127.0.0.1:2500", routes: { a.test: "lmtp://[::1]:24" }',
  })
  await routes.resolve('a.test', signal())
  await routes.resolve('b.test', signal())
  assert.deepEqual(asked, [])
})

test('name and password are those of the hop that is taken', async (context) => {
  const { routes } = await placeWith(context, {
    delivery: `route: smarthost, smarthost: "smtp://all:p%40ss@10.0.0.1", routes: {
      a.test: { host: "10.0.0.2", user: ann, password: "x y" }, "*.a.test": "lmtp://lm:tp@10.0.0.3", b.test: "10.0.0.4" }`,
  })
  assert.deepEqual(routes.login('a.test'), { user: 'ann', password: 'x y' })
  assert.deepEqual(routes.login('A.Test'), { user: 'ann', password: 'x y' })
  assert.deepEqual(routes.login('sub.a.test'), { user: 'lm', password: 'tp' })
  assert.equal(routes.login('b.test'), null)
  assert.deepEqual(routes.login('c.test'), { user: 'all', password: 'p@ss' })
  const direct = await placeWith(context, { delivery: 'smarthost: "smtp://all:pass@10.0.0.1"' })
  assert.equal(direct.routes.login('c.test'), null)
})

test('a way never holds a password', async (context) => {
  const { routes } = await placeWith(context, {
    delivery: 'routes: { a.test: { host: "10.0.0.2", user: ann, password: s3cret } }',
  })
  assert.ok(!JSON.stringify(await routes.resolve('a.test', signal())).includes('s3cret'))
})

test('without name servers of its own, the system is asked for the hosts of the configuration', async () => {
  const config = configOf('routes: { a.test: relay.invalid }', 'timeout: 3s')
  // RFC 6761 §6.4: there is no such name anywhere; a system without a network cannot know.
  assert.match(
    await wayTo(createRoutes(config), 'a.test'),
    /^(host-not-found|dns-failed) for now: .*relay\.invalid/,
  )
})
