/** `fsmtp domain dns DOMAIN --check`, against a name server of the test's own. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fsmtp } from '../../authentication/command.ts'
import { startDns, type Zone } from '../../dns/server.ts'
import { houseWithKeys } from './house.ts'

const house = await houseWithKeys()
const [rsaName, edName] = [...house.records.keys()] as [string, string]
const reverse4 = '25.2.0.192.in-addr.arpa'
const reverse6 = `5.2.${'0.'.repeat(22)}8.b.d.0.1.0.0.2.ip6.arpa`
const right = (): Zone => ({
  'example.org': {
    MX: [
      [5, 'other.example.net'],
      [10, 'MX.example.org'],
    ],
    TXT: ['google-site-verification=x', 'v=spf1 mx include:_spf.example.net ~all'],
  },
  [rsaName]: { TXT: [house.records.get(rsaName)!] },
  [edName]: { TXT: [`${house.records.get(edName)!.replace('v=DKIM1; ', '')}; t=s`] },
  '_dmarc.example.org': { TXT: ['v=DMARC1; p=reject; rua=mailto:dmarc@example.org'] },
  '_smtp._tls.example.org': { TXT: ['v=TLSRPTv1; rua=https://reports.example.org/'] },
  'mx.example.org': { A: ['192.0.2.25'], AAAA: ['2001:db8::25'] },
  [reverse4]: { PTR: ['mx.example.org'] },
  [reverse6]: { PTR: ['old.example.org', 'MX.example.org'] },
})
const zone: Zone = {}
const dns = await startDns(zone)
after(() => dns.close())
writeFileSync(
  join(house.at, 'fsmtp.yaml'),
  `hostname: mx.example.org
dns: { servers: ["${dns.address}"], timeout: 1s }
domains:
  - { name: example.org, dkim: [{ selector: rsa1, key: rsa1.pem }, { selector: ed1, key: ed1.pem }] }
`,
)

type Checked = { name: string; type: string; state: string; found: string[] }
const check = async (changed: Zone): Promise<{ code: number | null; checked: Checked[] }> => {
  for (const name of Object.keys(zone)) delete zone[name]
  Object.assign(zone, right(), changed)
  const { code, out } = await fsmtp(house.at, ['domain', 'dns', 'example.org', '--check', '--json'])
  return { code, checked: out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)])) }
}
const statesOf = (checked: readonly Checked[]): string => checked.map(({ state }) => state).join(' ')

test('all is right, in the words the owner chose', async () => {
  const { code, checked } = await check({})
  assert.equal(statesOf(checked), 'ok ok ok ok ok ok ok ok ok ok')
  assert.equal(code, 0)
  assert.deepEqual(checked[0]!.found, ['5 other.example.net.', '10 mx.example.org.'])
})

test('a domain that publishes nothing, and one that is not there', async () => {
  const nothing = await check({ 'example.org': {} })
  assert.equal(statesOf(nothing.checked), 'missing missing ok ok ok ok ok ok ok ok')
  assert.equal(nothing.code, 1)
  for (const name of Object.keys(zone)) delete zone[name]
  const { code, out } = await fsmtp(house.at, ['domain', 'dns', 'example.org', '--check'])
  assert.equal(code, 1)
  assert.equal(out.match(/^missing /gm)?.length, 8)
  assert.match(out, /^missing +PTR +of the address, which is not known$/m)
  assert.match(
    out,
    /; the name of the address of mx\.example\.org is to be mx\.example\.org\. \(PTR\), set by /,
  )
  assert.match(out, /^STATE +TYPE +NAME +FOUND\n/)
  assert.match(out, /\n; mx\.example\.org needs an A or AAAA record with this server’s public address\n/)
  assert.match(out, /; to be published:\n; mail for the domain comes here\nexample\.org\. 3600 IN MX 10 mx\./)
})

test('no name server answers: nothing is said to be missing, and the table stays narrow', async () => {
  const deaf = await startDns({})
  await deaf.close()
  const config = `hostname: mx.example.org\ndns: { servers: ["${deaf.address}"], timeout: 1s }\ndomains: [{ name: example.org }]\n`
  writeFileSync(join(house.at, 'deaf.yaml'), config)
  const { code, out } = await fsmtp(house.at, ['domain', 'dns', '--check', '--config', 'deaf.yaml'])
  assert.equal(code, 1)
  assert.doesNotMatch(out, /^missing|; to be published:/m)
  assert.match(out, /\n; DNS did not answer; to be published, unless they are:\n; mail for the domain/)
  assert.match(out, /^unknown +PTR /m)
})

test('FOUND shows the beginning of a key; --json has all of it', async () => {
  await check({})
  const { out } = await fsmtp(house.at, ['domain', 'dns', 'example.org', '--check'])
  const key = house.records.get(rsaName)!
  assert.ok(out.includes(`${key.slice(0, 47)}…\n`), out)
  assert.ok(!out.includes(key.slice(0, 60)))
})

/** Record by its place in the list, what is published instead, what is said of it. */
const cases: readonly (readonly [string, number, Zone, string])[] = [
  [
    'mail goes elsewhere',
    0,
    { 'example.org': { MX: [[10, 'xmx.example.org']], TXT: ['v=spf1 mx -all'] } },
    'different',
  ],
  ['mail goes nowhere', 0, { 'example.org': { MX: [[0, '']], TXT: ['v=spf1 mx -all'] } }, 'different'],
  [
    'SPF leaves us out',
    1,
    { 'example.org': { ...right()['example.org'], TXT: ['v=spf1 a -all'] } },
    'different',
  ],
  [
    'SPF lets everybody in',
    1,
    { 'example.org': { ...right()['example.org'], TXT: ['v=spf1 mx +all'] } },
    'different',
  ],
  [
    'SPF twice',
    1,
    { 'example.org': { ...right()['example.org'], TXT: ['v=spf1 mx -all', 'v=spf1 mx ~all'] } },
    'different',
  ],
  ['another key', 2, { [rsaName]: { TXT: ['v=DKIM1; k=rsa; p=AAAA'] } }, 'different'],
  ['a revoked key', 2, { [rsaName]: { TXT: ['v=DKIM1; k=rsa; p='] } }, 'different'],
  ['a key for SHA-1', 2, { [rsaName]: { TXT: [`${house.records.get(rsaName)}; h=sha1`] } }, 'different'],
  [
    'a key of the other kind',
    3,
    { [edName]: { TXT: [house.records.get(edName)!.replace('ed25519', 'rsa')] } },
    'different',
  ],
  [
    'DMARC without p',
    4,
    { '_dmarc.example.org': { TXT: ['v=DMARC1; rua=mailto:a@example.org'] } },
    'different',
  ],
  ['something else at _dmarc', 4, { '_dmarc.example.org': { TXT: ['hello'] } }, 'missing'],
  ['a server that fails', 5, { '_smtp._tls.example.org': { fails: 'SERVFAIL' } }, 'unknown'],
  ['an address without a name', 8, { [reverse4]: {} }, 'missing'],
  ['an address of another name', 9, { [reverse6]: { PTR: ['xmx.example.org'] } }, 'different'],
  ['a server that is silent', 2, { [rsaName]: { fails: 'silent' } }, 'unknown'],
]
for (const [what, at, changed, expected] of cases)
  test(what, async () => {
    const { code, checked } = await check(changed)
    const states = checked.map((_, place) => (place === at ? expected : 'ok')).join(' ')
    assert.equal(statesOf(checked), states)
    assert.equal(code, 1)
    if (expected === 'unknown')
      assert.match(checked[at]!.found[0]!, /^TXT of .*: (?:the name server|no answer)/)
  })

test('one kind of address is enough; a failure to answer is no absence', async () => {
  const { code, checked } = await check({ 'mx.example.org': { A: ['192.0.2.25'] } })
  assert.equal(code, 0)
  assert.deepEqual(
    checked.slice(6).map(({ type, name }) => `${type} ${name}`),
    ['A mx.example.org', `PTR ${reverse4}`],
  )
  const failing = await check({ 'mx.example.org': { fails: { AAAA: 'SERVFAIL' }, A: ['192.0.2.25'] } })
  assert.equal(failing.code, 1)
  assert.equal(statesOf(failing.checked), 'ok ok ok ok ok ok ok unknown ok')
})

test('the only domain needs no name; of several one must be named', async () => {
  const one = await fsmtp(house.at, ['domain', 'dns'])
  assert.equal(one.code, 0)
  assert.match(one.out, /^example\.org\. 3600 IN MX 10 mx\.example\.org\.$/m)
  const file = (domains: string): string => {
    writeFileSync(join(house.at, 'other.yaml'), `hostname: a.example\ndomains: ${domains}\n`)
    return 'other.yaml'
  }
  const two = await fsmtp(house.at, [
    ...['domain', 'dns', '--config', file('[{ name: one.example }, { name: two.example }]')],
  ])
  assert.deepEqual([two.code, two.err], [2, 'fsmtp: say which domain: one.example, two.example\n'])
  const none = await fsmtp(house.at, ['domain', 'dns', '--config', file('[]')])
  assert.deepEqual([none.code, none.err], [1, 'fsmtp: there is no domain; add one: fsmtp domain add NAME\n'])
})

test('a key that cannot be used is said, in one line', async () => {
  writeFileSync(
    join(house.at, 'bad.yaml'),
    'hostname: a.example\ndomains: [{ name: example.org, dkim: [{ selector: s, key: bad.pem }] }]\n',
  )
  writeFileSync(join(house.at, 'bad.pem'), 'no key', { mode: 0o600 })
  const { code, err } = await fsmtp(house.at, [
    '--config',
    'bad.yaml',
    'domain',
    'dns',
    'example.org',
    '--check',
  ])
  assert.equal(code, 1)
  assert.match(
    err,
    /^fsmtp: domains\[0\]\.dkim\[0\]\.key: the DKIM key of example\.org \(selector s\) [^\n]+\n$/,
  )
})
