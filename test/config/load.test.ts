import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig, parseConfig } from '../../src/config/load.ts'
import { configReference } from '../../src/config/reference.ts'
import { remarks } from '../../src/config/remarks.ts'
import { configSample } from '../../src/config/sample.ts'
import { schema } from '../../src/config/schema.ts'
import { sessionPolicy } from '../../src/config/session-policy.ts'
import { shownConfig, valueText } from '../../src/config/show.ts'
import { formatDuration, formatSize, parseDuration, parseSize } from '../../src/config/units.ts'
import { scratch } from '../scratch.ts'

const folder = (): string => scratch('config')
const parse = (text: string) =>
  parseConfig(text, { shown: 'fsmtp.yaml', file: '/etc/fsmtp.yaml', folder: '/etc', data: null })

test('without a file the playground holds: loopback only, every address local, its folder in the working directory', () => {
  const cwd = folder()
  const { config, playground, file, origin } = loadConfig({ cwd })
  assert.equal(playground, true)
  assert.equal(file, null)
  assert.equal(config.data, join(cwd, 'data'))
  assert.deepEqual(config.listeners, [
    { service: 'mx', address: '127.0.0.1', port: 2525 },
    { service: 'submission', address: '127.0.0.1', port: 2587 },
    { service: 'submissions', address: '127.0.0.1', port: 2465 },
    { service: 'http', address: '127.0.0.1', port: 8025 },
  ])
  assert.deepEqual(config.bareNewlines, { mx: 'repair', submission: 'repair' })
  assert.equal(origin('hostname'), 'default')
})

test('fsmtp.yaml in the working directory is found; paths are seen from its folder', () => {
  const cwd = folder()
  writeFileSync(
    join(cwd, 'fsmtp.yaml'),
    'hostname: mx.example.org\ndata: mail\ntls: { certificate: c.pem, key: /k.pem }\ndomains: [{ name: a.org, dkim: [{ selector: s, key: d.pem }] }]\n',
  )
  const { config, playground, file } = loadConfig({ cwd })
  assert.equal(playground, false)
  assert.equal(file, join(cwd, 'fsmtp.yaml'))
  assert.equal(config.data, join(cwd, 'mail'))
  assert.deepEqual(config.tls, [{ certificate: join(cwd, 'c.pem'), key: '/k.pem', names: [] }])
  assert.equal(config.domains[0]?.dkim[0]?.key, join(cwd, 'd.pem'))
  assert.deepEqual(config.bareNewlines, { mx: 'refuse', submission: 'repair' })
})

test('--data is seen from the working directory and beats the file', () => {
  const cwd = folder()
  writeFileSync(join(cwd, 'other.yaml'), 'hostname: mx.example.org\ndata: mail\n')
  const { config, origin } = loadConfig({ cwd, file: 'other.yaml', data: 'here' })
  assert.equal(config.data, join(cwd, 'here'))
  assert.equal(origin('data'), 'flag')
})

test('every value knows where it comes from', () => {
  const { origin } = parse(
    'hostname: mx.example.org\nlimits: { errors: 3, recipients: }\ntls: { certificate: c, key: k }\ndelivery: { routes: { example.net: "a:1" } }\n',
  )
  assert.equal(origin('hostname'), 'file')
  assert.equal(origin('limits.errors'), 'file')
  assert.equal(origin('limits.recipients'), 'default')
  assert.equal(origin('limits.sessions'), 'default')
  assert.equal(origin('listeners[0].port'), 'default')
  assert.equal(origin('tls[0].certificate'), 'file')
  assert.equal(origin(['delivery', 'routes', 'example.net']), 'file')
})

test('the whole file of the manual is read, except what this release refuses', () => {
  const { config } = parse(`
hostname: mx.example.org
data: ./data
log: sqlite
content: files
listeners:
  - { service: mx,          address: 0.0.0.0,   port: 25 }
  - { service: http,        address: 127.0.0.1, port: 8025 }
tls: { certificate: cert.pem, key: key.pem }
domains:
  - { name: example.org, catchAll: postmaster@example.org, dkim: [{ selector: s1, key: dkim/s1.pem }] }
proxy: { trusted: [127.0.0.1/32, "::1"], protocols: [xclient, proxy] }
delivery:
  route: direct
  smarthost: smtp://user:pass@relay.example.net:587
  routes: { example.net: "127.0.0.1:2626" }
  port: 25
  retry: [5m, 15m, 30m, 1h, 2h, 4h]
  giveUpAfter: 5d
  warnAfter: 4h
  concurrency: { total: 200, perDestination: 20 }
dns: { servers: ["127.0.0.1:5353"], timeout: 5s }
limits: { messageSize: 50mb, recipients: 1000, sessions: 2000, sessionsPerAddress: 50, commandTimeout: 5m, dataTimeout: 10m }
http: { accounts: true, allowedHosts: [] }
retention: { sessions: 90d, refusedSessions: 30d, content: forever }
`)
  assert.equal(config.limits.messageSize, 52_428_800)
  assert.equal(config.limits.commandTimeout, 300_000)
  assert.deepEqual(config.proxy.trusted, ['127.0.0.1/32', '::1/128'])
  assert.equal(config.delivery.giveUpAfter, 432_000_000)
  const day = 86_400_000
  assert.deepEqual(config.retention, { sessions: 90 * day, refusedSessions: 30 * day, content: null })
})

test('what has no effect yet is noted with its line', () => {
  const loaded = parse(`hostname: mx.example.org
tls: { certificate: c, key: k }
listeners:
  - { service: mx, address: 127.0.0.1, port: 25 }
  - { service: http, address: 127.0.0.1, port: 8025 }
domains: [{ name: a.org, dkim: [{ selector: s, key: k.pem }] }]
delivery: { port: 2525, smarthost: "smtp://relay" }
dns: { timeout: 1s }
retention: { sessions: 0s, refusedSessions: 1s, content: 0s }
`)
  const noted = remarks(loaded, 'fsmtp.yaml').map(({ line, path }) => `${line} ${path.join('.')}`)
  assert.deepEqual(noted, ['7 delivery.smarthost', '9 retention.sessions', '9 retention.content'])
})

test('the sample says what each entry of a list may have, and shows it', () => {
  const text = configSample()
  for (const key of ['zone', 'of', 'on', 'weight', 'codes', 'meanings', 'keyFile', 'error'])
    assert.match(text, new RegExp(`^  # - ${key}: [A-Z]`, 'm'), key)
  const shown = text.slice(text.indexOf('# dnsbl:'), text.indexOf('  score:'))
  for (const key of ['weight', 'codes', 'meanings', 'keyFile']) assert.match(shown, new RegExp(` ${key}: `))
  const lists = shown.match(/^ {2}# {3}- .*$/gm)!.map((line) => line.replace('#', ' '))
  const { config } = parse(`hostname: mx.example.org\npolicy:\n  dnsbl:\n${lists.join('\n')}\n`)
  assert.equal(config.policy?.dnsbl.length, lists.length)
})

test('the sample is a right configuration, and naming its commented lines changes nothing but examples', () => {
  const text = configSample()
  const { config } = parse(text)
  assert.equal(config.hostname, 'mx.example.org')
  for (const key of Object.keys(schema.shape)) assert.match(text, new RegExp(`^(# )?${key}:`, 'm'))
  const uncommented = text.replace(
    /^( *)# (?=(?:hostname|log|content|data|errors|recipients|window|port|retry|mx): |sessions: \d)/gm,
    '$1',
  )
  assert.notEqual(uncommented, text)
  assert.deepEqual(parse(uncommented).config, config)
})

test('values given to the sample are what the file then says', () => {
  const values = { hostname: 'h.example.org', limits: { errors: 3 }, domains: [{ name: 'a.org' }] }
  const { config, origin } = parse(configSample(values))
  assert.equal(config.hostname, 'h.example.org')
  assert.equal(config.limits.errors, 3)
  assert.equal(origin('limits.errors'), 'file')
  assert.equal(origin('limits.recipients'), 'default')
})

test('the reference has a row for every setting', () => {
  const text = configReference()
  for (const path of [
    'hostname',
    'listeners[].port',
    'tls[].names',
    'limits.loginFailures.window',
    'delivery.concurrency.total',
    'retention.content',
  ])
    assert.ok(text.includes(`| \`${path}\` |`), path)
  assert.ok(!text.includes('undefined') && !/\| \|$/m.test(text), 'every row says something')
})

test('a route is a text or a section, by name or for all names below one', () => {
  const { config } = parse(`hostname: mx.example.org
delivery:
  routes:
    Example.NET: 127.0.0.1:2626
    "*.example.net": { host: "lmtp://mail", tls: never, user: bob, password: s3cret }
    b.example: "[2001:db8::1]"
`)
  assert.deepEqual(config.delivery.routes, {
    'example.net': '127.0.0.1:2626',
    '*.example.net': { host: 'lmtp://mail', tls: 'never', user: 'bob', password: 's3cret' },
    'b.example': '[2001:db8::1]',
  })
  assert.equal(config.delivery.allowPrivate, false)
})

test('passwords of routes are not shown', () => {
  const text =
    'hostname: a.org\ndelivery: { routes: { b.org: { host: h, user: u, password: s3cret }, c.org: "lmtp://u:s3cret@h" } }\n'
  const rows = shownConfig(parse(text))
  assert.ok(!JSON.stringify(rows).includes('s3cret'))
  assert.equal(rows.find(({ path }) => path === 'delivery.routes.b.org.password')?.value, '***')
})

test('what a webhook’s receiver knows us by is not shown', () => {
  const hooks = ['"https://h.example/in?token=s3cret"', '"https://s3cret@h.example/"'].map(
    (url) => `{ url: ${url}, events: [Failed], secretFile: hook.key }`,
  )
  const rows = shownConfig(parse(`hostname: a.org\nwebhooks: [ ${hooks.join(', ')} ]\n`))
  assert.ok(!JSON.stringify(rows).includes('s3cret'))
  assert.equal(rows.find(({ path }) => path === 'webhooks[0].url')?.value, 'https://h.example/in?***')
  assert.equal(rows.find(({ path }) => path === 'webhooks[1].url')?.value, 'https://***@h.example/')
})

test('passwords in URLs are not shown', () => {
  const rows = shownConfig(parse('hostname: a.org\ndelivery: { smarthost: "smtp://bob:s3cr@t@relay:587" }\n'))
  const smarthost = rows.find(({ path }) => path === 'delivery.smarthost')
  assert.equal(smarthost?.value, 'smtp://bob:***@relay:587')
  assert.ok(!JSON.stringify(rows).includes('s3cr'))
  const shown = Object.fromEntries(rows.map((row) => [row.path, valueText(row)]))
  assert.equal(shown['limits.messageSize'], '50mb')
  assert.equal(shown['delivery.retry'], '[5m, 15m, 30m, 1h, 2h, 4h]')
})

test('what is kept for how long is shown as it is written', () => {
  const rows = shownConfig(
    parse(`hostname: mx.example.org
cluster: { lease: 20s }
retention: { sessions: 90d, refusedSessions: 12h }`),
  )
  const shown = Object.fromEntries(rows.map((row) => [row.path, valueText(row)]))
  assert.equal(shown['cluster.lease'], '20s')
  assert.equal(shown['retention.sessions'], '90d')
  assert.equal(shown['retention.refusedSessions'], '12h')
  assert.equal(shown['retention.content'], 'forever')
})

test('durations and sizes are read as people write them, and written back', () => {
  const durations = {
    '20s': 20_000,
    '5m': 300_000,
    '4h': 14_400_000,
    '5d': 432_000_000,
    '500ms': 500,
    '1.5h': 5_400_000,
    0: 0,
  }
  for (const [text, value] of Object.entries(durations)) assert.equal(parseDuration(text), value, text)
  for (const text of ['5', '5x', '', 'm', '-5m', '5m 3s', '1e3s'])
    assert.equal(parseDuration(text), null, text)
  const sizes = { '50mb': 52_428_800, '512KB': 524_288, '1gb': 1_073_741_824, 1000: 1000, '10b': 10 }
  for (const [text, value] of Object.entries(sizes)) assert.equal(parseSize(text), value, text)
  for (const text of ['50 m', 'mb', '-1', '1tb', '1.2.3mb']) assert.equal(parseSize(text), null, text)
  for (const value of [0, 1, 500, 20_000, 90_000, 300_000, 86_400_000])
    assert.equal(parseDuration(formatDuration(value)), value)
  for (const value of [0, 1, 1023, 1024, 52_428_800]) assert.equal(parseSize(formatSize(value)), value)
})

test('each service gets its own policy, and the same configuration an equal one', () => {
  const { config } = parse(
    'hostname: mx.example.org\nlimits: { messageSize: 1mb, loginFailures: { perSession: 2 } }\n',
  )
  const mx = sessionPolicy(config, 'mx')
  assert.equal(mx.authentication, 'none')
  assert.equal(mx.ownAddressesOnly, true)
  assert.equal(mx.bareNewlines, 'refuse')
  assert.equal(mx.magicRecipients, false)
  assert.equal(mx.limits.messageSize, 1_048_576)
  assert.equal(mx.limits.loginFailures, 2)
  const submissions = sessionPolicy(config, 'submissions')
  assert.deepEqual(
    [
      submissions.authentication,
      submissions.startTls,
      submissions.ownAddressesOnly,
      submissions.bareNewlines,
    ],
    ['required', false, true, 'repair'],
  )
  assert.deepEqual(sessionPolicy(structuredClone(config), 'mx'), mx)
  const { config: playground } = loadConfig({ cwd: folder() })
  assert.equal(sessionPolicy(playground, 'mx').magicRecipients, true)
  assert.equal(sessionPolicy(playground, 'submission').ownAddressesOnly, false)
})
