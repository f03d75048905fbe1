import assert from 'node:assert/strict'
import { getServers } from 'node:dns'
import { test } from 'node:test'
import { NameServers, nameServer } from '../../src/dns/servers.ts'

const written = [
  ['192.0.2.1', '192.0.2.1 53 4'],
  ['192.0.2.1:5353', '192.0.2.1 5353 4'],
  ['2001:db8::1', '2001:db8::1 53 6'],
  ['[2001:db8::1]', '2001:db8::1 53 6'],
  ['[2001:db8::1]:5353', '2001:db8::1 5353 6'],
  ['[fe80::1%eth0]:53', 'fe80::1%eth0 53 6'],
] as const

for (const [text, expected] of written)
  test(`a name server written ${text}`, () => {
    const { address, port, family } = nameServer(text)
    assert.equal(`${address} ${port} ${family}`, expected)
  })

const addresses = (servers: NameServers): readonly string[] => servers.inOrder().map(({ address }) => address)

test('a server that was silent is last for half a minute, or until it answers', () => {
  let now = 0
  const servers = new NameServers(['192.0.2.1', '192.0.2.2', '192.0.2.3'], () => now)
  const [first, second] = servers.inOrder()
  servers.wasSilent(first!)
  assert.deepEqual(addresses(servers), ['192.0.2.2', '192.0.2.3', '192.0.2.1'])
  servers.wasSilent(second!)
  assert.deepEqual(addresses(servers), ['192.0.2.3', '192.0.2.1', '192.0.2.2'])
  servers.answered(second!)
  assert.deepEqual(addresses(servers), ['192.0.2.2', '192.0.2.3', '192.0.2.1'])
  now = 30_000
  assert.deepEqual(addresses(servers), ['192.0.2.1', '192.0.2.2', '192.0.2.3'])
})

test('without any, those of the system', () => {
  const servers = new NameServers([], () => 0)
  assert.deepEqual(servers.inOrder(), getServers().map(nameServer))
})
