/** Those who open connections and ask for nothing, or take nothing of what they asked for. */
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { parseConfig } from '../../src/config/load.ts'
import { doorkeeperOf } from '../../src/http/access.ts'
import { bound } from '../../src/http/connections.ts'
import { configText, scratch } from '../server.ts'

class Line extends EventEmitter {
  readonly remoteAddress: string
  isClosed = false
  constructor(remoteAddress: string) {
    super()
    this.remoteAddress = remoteAddress
  }
  destroy(): void {
    this.isClosed = true
    this.emit('close')
  }
}

const server = () => {
  const listening = Object.assign(new EventEmitter(), { maxConnections: 0 })
  bound(listening as never, { all: 9, each: 2, isForMany: (address) => address === '10.0.0.1' })
  const from = (address: string): Line => {
    const line = new Line(address)
    listening.emit('connection', line)
    return line
  }
  return { listening, from }
}

test('one client holds so many connections and no more; one that is closed makes room', () => {
  const { listening, from } = server()
  assert.equal(listening.maxConnections, 9)
  const [first, second, third] = [from('192.0.2.1'), from('::ffff:192.0.2.1'), from('192.0.2.1')]
  assert.deepEqual([first.isClosed, second.isClosed, third.isClosed], [false, false, true])
  assert.equal(from('192.0.2.2').isClosed, false)
  first.destroy()
  assert.deepEqual([from('192.0.2.1').isClosed, from('192.0.2.1').isClosed], [false, true])
})

test('all addresses of a /64 are one client, and a proxy asks for many', () => {
  const { from } = server()
  const lines = ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8:0:1::1'].map(from)
  assert.deepEqual(
    lines.map(({ isClosed }) => isClosed),
    [false, false, true, false],
  )
  assert.equal(
    [1, 2, 3, 4].map(() => from('10.0.0.1')).some(({ isClosed }) => isClosed),
    false,
  )
})

test('proxies that are named, and this machine, ask for many', () => {
  const folder = scratch('http')
  const text = configText({ http: { proxies: ['10.0.0.0/8'] } })
  const { config } = parseConfig(text, { shown: null, file: null, folder, data: folder })
  const { isForMany } = doorkeeperOf(config)
  const addresses = ['10.1.2.3', '127.0.0.1', '::1', '192.0.2.1', '2001:db8::1', '']
  assert.deepEqual(addresses.map(isForMany), [true, true, true, false, false, false])
})
