/** What a playground pretends, what it keeps, and what it really sends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RemoteHost, Route } from '../../machines/vocabulary/events.ts'
import { type ConnectOptions, HostFailed, NoRoute } from '../../src/delivery/port.ts'
import { playgroundSide } from '../../src/delivery/pretend/index.ts'
import { faultOf } from './far-side.ts'

const host: RemoteHost = { name: 'mx.example.net', address: '203.0.113.1', port: 25 }
const way: Route = { kind: 'mx', protocol: 'smtp', tls: 'opportunistic', hosts: [host] }
const signal = new AbortController().signal

const playground = () => {
  const asked: string[] = []
  const side = playgroundSide({
    routes: {
      resolve: async (nextHop) => {
        asked.push(nextHop)
        return way
      },
      destination: (nextHop) => `really ${nextHop}`,
      login: () => null,
    },
    connect: async ({ host: { name } }) => {
      asked.push(`connect ${name}`)
      throw new HostFailed(faultOf('connection-refused'))
    },
  })
  return { ...side, asked }
}

const optionsFor = (to: RemoteHost): ConnectOptions => ({
  ...{ host: to, protocol: 'smtp', tls: 'never', hostname: 'localhost', login: null, signal },
  ...{ said: () => {}, connected: () => {}, secured: () => {} },
})

test('only what was told to leave is looked for outside', async () => {
  const { routes, asked } = playground()
  const isCaptured = (error: unknown) => error instanceof NoRoute && error.fault.kind === 'captured'
  await assert.rejects(routes.resolve('example.net', signal), isCaptured)
  await assert.rejects(routes.resolve('127.0.0.1:2626', signal), isCaptured)
  await assert.rejects(routes.resolve('example.net', signal, { tlsOptional: true }), isCaptured)
  assert.deepEqual(asked, [])
  assert.equal(await routes.resolve('example.net', signal, { route: 'direct' }), way)
  assert.deepEqual(asked, ['example.net'])
  assert.equal(routes.destination('example.net'), 'really example.net')
})

test('a pretended domain is never looked for outside', async () => {
  const { routes, connect, asked } = playground()
  const route = await routes.resolve('delivered.test', signal, { route: 'direct' })
  const wire = await connect(optionsFor(route.hosts[0]!))
  assert.equal(wire.host.name, 'mx.delivered.test')
  assert.equal(routes.destination('delivered.test'), 'delivered.test')
  assert.deepEqual(asked, [])
})

test('a real host is really connected to, also one with the name of a pretended one', async () => {
  const { connect, asked } = playground()
  await assert.rejects(connect(optionsFor(host)), HostFailed)
  await assert.rejects(connect(optionsFor({ ...host, name: 'mx.delivered.test' })), HostFailed)
  assert.deepEqual(asked, ['connect mx.example.net', 'connect mx.delivered.test'])
})
