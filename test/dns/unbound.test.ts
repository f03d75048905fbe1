/** The same answers from a server that somebody else wrote. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '../../bench/process.ts'
import { openResolver } from '../../src/dns/index.ts'
import { requireProgram } from '../programs.ts'
import { scratch } from '../scratch.ts'
import { startDaemon } from './daemon.ts'
import { said } from './place.ts'

const long = 'x'.repeat(250)

const settings = (port: number, folder: string): string => `server:
  interface: 127.0.0.1
  port: ${port}
  access-control: 127.0.0.0/8 allow
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  do-not-query-localhost: no
  root-hints: ""
  module-config: "iterator"
  local-zone: "test." static
  local-data: "test. 300 IN SOA ns.test. root.test. 1 2 3 4 5"
  local-data: "a.test. 100 IN A 192.0.2.1"
  local-data: "a.test. 100 IN AAAA 2001:db8::1"
  local-data: "a.test. 100 IN MX 10 mx.a.test."
  local-data: "null.test. 100 IN MX 0 ."
  local-data: 'a.test. 100 IN TXT "v=spf1" " -all"'
  local-data: 'a\\032b\\.c.test. 100 IN TXT "odd"'
  local-data: "1.test. 100 IN PTR x\\032y.test."
  local-zone: "refused.example." refuse
${Array.from({ length: 30 }, (_, at) => `  local-data: 'long.test. 100 IN TXT "${at} ${long}"'`).join('\n')}
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@1
`

const rows = [
  ['a.test', 'A', '192.0.2.1'],
  ['A.TEST.', 'AAAA', '2001:db8::1'],
  ['a.test', 'MX', '{"exchange":"mx.a.test","priority":10}'],
  ['null.test', 'MX', '{"exchange":"","priority":0}'],
  ['a.test', 'TXT', '["v=spf1"," -all"]'],
  ['a b\\.c.test', 'TXT', '["odd"]'],
  ['a b.c.test', 'TXT', 'ENOTFOUND'],
  ['1.test', 'PTR', 'x\\032y.test'],
  ['a.test', 'NS', 'ENODATA'],
  ['_none.test', 'TXT', 'ENOTFOUND'],
  ['test', 'SOA', /^\{"nsname":"ns.test","hostmaster":"root.test","serial":1,.*"minttl":5\}$/],
  ['a.refused.example', 'A', 'EREFUSED'],
] as const

test('unbound', async (t) => {
  const program = requireProgram(t, 'unbound')
  if (program === null) return
  const port = await freePort()
  const folder = scratch('unbound')
  writeFileSync(join(folder, 'unbound.conf'), settings(port, folder))
  const args = ['-d', '-p', '-c', join(folder, 'unbound.conf')]
  const address = await startDaemon(t, { command: program, args, port, name: 'a.test' })
  const resolver = openResolver({ servers: [address], timeout: 10_000 })
  for (const [name, type, expected] of rows)
    await t.test(`${type} of ${name}`, async () => {
      const found = await said(resolver, name, type)
      if (typeof expected === 'string') assert.equal(found, expected)
      else assert.match(found, expected)
    })
  await t.test('an answer that does not fit', async () => {
    const records = await resolver.resolve('long.test', 'TXT')
    assert.equal(records.length, 30)
    assert.ok(records.every((strings) => strings.join('').endsWith(long)))
  })
})
