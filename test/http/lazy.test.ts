/** Who serves nothing over HTTP does not pay for it. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { startTestServer } from '../server.ts'

const { cache } = createRequire(import.meta.url)
const loaded = (name: string): boolean =>
  Object.keys(cache).some((path) => path.replaceAll('\\', '/').includes(`/node_modules/${name}/`))

test('fastify and prom-client are loaded for an http listener, and not without', async () => {
  const without = await startTestServer()
  assert.deepEqual(without.running.http, [])
  assert.deepEqual([loaded('fastify'), loaded('prom-client')], [false, false])
  await without.stop()
  const listeners = [{ service: 'http', address: '127.0.0.1', port: 0 }]
  const server = await startTestServer({ listeners })
  assert.deepEqual([loaded('fastify'), loaded('prom-client')], [true, true])
  await server.stop()
})
