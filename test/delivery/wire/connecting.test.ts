/** Hosts that cannot be reached, or say nothing once they are. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectSocket, createServer } from 'node:net'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Peer } from '../peer.ts'
import { hasty, refusedMeeting } from './stage.ts'

test('nobody listens there', async () => {
  const { port } = await Peer.listen('').then(async (peer) => {
    const found = peer.port
    await peer.close()
    return { port: found }
  })
  const fault = await refusedMeeting(port)
  assert.deepEqual([fault.kind, fault.during, fault.temporary], ['connection-refused', 'connect', true])
})

test('an address that leads nowhere', async () => {
  // Nobody can connect to everybody: the system refuses at once, and nothing leaves it.
  const host = { name: 'nowhere.example', address: '255.255.255.255', port: 25 }
  const fault = await refusedMeeting(25, { options: { host } })
  assert.deepEqual([fault.kind, fault.during, fault.temporary], ['host-unreachable', 'connect', true])
})

/** Listens with room for one in its queue, and never takes anybody out of it. */
const sleeper = `
  const { createServer } = require('node:net')
  const { parentPort } = require('node:worker_threads')
  const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`

test('a connection that does not come about', async () => {
  const worker = new Worker(sleeper, { eval: true })
  const [port] = (await once(worker, 'message')) as [number]
  const before = Array.from({ length: 6 }, () => connectSocket(port, '127.0.0.1').on('error', () => {}))
  const fault = await refusedMeeting(port, hasty('connect'))
  assert.deepEqual([fault.kind, fault.during, fault.temporary], ['connection-timeout', 'connect', true])
  for (const socket of before) socket.destroy()
  await worker.terminate()
})

test('a host that accepts and says nothing', async () => {
  await using peer = await Peer.listen('silence')
  const fault = await refusedMeeting(peer.port, hasty('greeting'))
  assert.deepEqual([fault.kind, fault.during, fault.temporary], ['timeout', 'connect', true])
})

test('a host that drips lines of a reply for ever is late, too', async () => {
  const server = createServer((socket) => {
    const drip = setInterval(() => socket.write('220-x\r\n'), 20)
    socket.on('close', () => clearInterval(drip)).on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const fault = await refusedMeeting(address.port, hasty('greeting'))
  assert.equal(fault.kind, 'timeout')
  server.close()
})
