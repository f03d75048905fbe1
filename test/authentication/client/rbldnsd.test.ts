/** Lists served by the program that most lists are served by. */
import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '../../../bench/process.ts'
import { openLists } from '../../../src/authentication/client/index.ts'
import { openResolver } from '../../../src/dns/index.ts'
import { startDaemon } from '../../dns/daemon.ts'
import { requireProgram } from '../../programs.ts'
import { scratch } from '../../scratch.ts'

const files: Readonly<Record<string, string>> = {
  addresses: `$SOA 60 ns.test root.test 1 600 300 86400 60
:127.0.0.2:listed
127.0.0.2
192.0.2.0/28
203.0.113.9 :127.0.0.4:exploited
198.51.100.1 :127.255.255.254:asked through a public resolver
`,
  six: `:127.0.0.3:listed
2001:db8:bad::/48
`,
  domains: `$SOA 60 ns.test root.test 1 600 300 86400 60
:127.0.1.2:spam
test
.bad.example
phish.example :127.0.1.4:phishing
`,
  everybody: `0.0.0.0/0
`,
}

const asked = [
  ['192.0.2.7', 'listed 127.0.0.2 SBL'],
  ['192.0.2.99', 'clear'],
  ['203.0.113.9', 'listed 127.0.0.4 XBL'],
  ['198.51.100.1', 'error 127.255.255.254'],
  ['2001:db8:bad::1', 'listed 127.0.0.3 CSS'],
  ['2001:db8:900d::1', 'clear'],
  ['phish.example', 'listed 127.0.1.4 phishing'],
  ['deep.bad.example', 'listed 127.0.1.2 low reputation'],
  ['good.example', 'clear'],
] as const

test('rbldnsd', async (t) => {
  const program = requireProgram(t, 'rbldnsd')
  if (program === null) return
  const folder = scratch('rbldnsd')
  chmodSync(folder, 0o755)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const port = await freePort()
  const zones = [
    ...[
      'zen.spamhaus.org:ip4set:addresses',
      'zen.spamhaus.org:ip6trie:six',
      'dbl.spamhaus.org:dnset:domains',
    ],
    'all.example:ip4set:everybody',
  ]
  const args = ['-n', '-b', `127.0.0.1/${port}`, '-w', folder, '-e', ...zones]
  const address = await startDaemon(t, { command: program, args, port, name: '2.0.0.127.zen.spamhaus.org' })
  const lists = openLists({
    lists: [
      { zone: 'zen.spamhaus.org', of: 'addresses' },
      { zone: 'dbl.spamhaus.org', of: 'domains' },
      { zone: 'all.example', of: 'addresses' },
    ],
    resolver: openResolver({ servers: [address], timeout: 5_000 }),
  })
  t.after(() => lists.close())
  await lists.test()
  assert.deepEqual(
    lists.standing().map(({ state }) => state),
    ['believed', 'believed', 'set-aside'],
  )
  for (const [subject, expected] of asked)
    await t.test(subject, async () => {
      const isDomain = subject.endsWith('.example')
      const [found] = await lists.ask(isDomain ? { domains: [subject] } : { address: subject })
      const { result, codes = [], meanings = [] } = found!
      assert.equal([result, ...codes, ...meanings].join(' '), expected)
    })
})
