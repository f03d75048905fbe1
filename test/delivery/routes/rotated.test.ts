import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rotated } from '../../../src/delivery/routes/rotated.ts'

const host = (name: string, preference?: number, address = '192.0.2.1') => ({
  ...{ name, address, port: 25 },
  ...(preference !== undefined && { preference }),
})
const names = (hosts: readonly { readonly name: string; readonly address: string }[]) =>
  hosts.map(({ name, address }) => `${name}${address.slice(-1)}`).join(' ')

const hosts = [
  ...[host('a', 10), host('a', 10, '192.0.2.2'), host('b', 10), host('c', 10)],
  ...[host('d', 20), host('e', 30), host('f', 30)],
]

test('equals take turns, with all their addresses; better ones stay first', () => {
  assert.equal(names(rotated(hosts, 0)), 'a1 a2 b1 c1 d1 e1 f1')
  assert.equal(names(rotated(hosts, 1)), 'b1 c1 a1 a2 d1 f1 e1')
  assert.equal(names(rotated(hosts, 2)), 'c1 a1 a2 b1 d1 e1 f1')
  assert.equal(names(rotated(hosts, 3)), names(rotated(hosts, 3 + 6)))
})

test('hosts without a preference keep the order in which they were written', () => {
  assert.equal(names(rotated([host('a'), host('b')], 1)), 'a1 b1')
  assert.deepEqual(rotated([], 1), [])
})
