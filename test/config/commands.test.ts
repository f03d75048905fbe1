import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { certificateFor, loadCertificates } from '../../src/config/certificates.ts'
import { loadConfig } from '../../src/config/load.ts'
import { startServer } from '../../src/main.ts'
import { folder, fsmtp } from '../authentication/command.ts'
import { ask } from '../http/asking.ts'
import { cookieOf, logIn, pageHeaders } from '../http/visitor.ts'

const lines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test('config check says every fault with its line, and exits with 1', async () => {
  const cwd = folder()
  writeFileSync(
    join(cwd, 'fsmtp.yaml'),
    'hostname: mx.example.org\nlimits:\n  messagSize: 50mb\n  errors: none\n',
  )
  const { code, out, err } = await fsmtp(cwd, ['config', 'check'])
  assert.deepEqual([code, err], [1, ''])
  assert.equal(
    out,
    "fsmtp.yaml:3:3: limits.messagSize: unknown key; did you mean messageSize?\nfsmtp.yaml:4:3: limits.errors: must be a whole number, at least 1, not 'none'\n",
  )
  const faults = lines((await fsmtp(cwd, ['config', 'check', '--json'])).out)
  assert.deepEqual(
    faults.map(({ kind, line, column }) => [kind, line, column]),
    [
      ['fault', 3, 3],
      ['fault', 4, 3],
    ],
  )
})

test('config check looks at the files a configuration names', async () => {
  const cwd = folder()
  writeFileSync(join(cwd, 'key.pem'), 'no key')
  writeFileSync(
    join(cwd, 'a.yaml'),
    'hostname: a.org\ntls:\n  certificate: nowhere.pem\n  key: key.pem\ndomains:\n  - { name: a.org, dkim: [{ selector: s, key: key.pem }] }\n',
  )
  const { code, out } = await fsmtp(cwd, ['config', 'check', '--config', 'a.yaml'])
  assert.equal(code, 1)
  assert.match(out, /^a\.yaml:3:3: tls\.certificate: \S+nowhere\.pem does not exist$/m)
  assert.match(
    out,
    /^a\.yaml:6:\d+: domains\[0\]\.dkim\[0\]\.key: the DKIM key of a\.org \(selector s\) cannot be used: \S+key\.pem holds no private key in PEM form; /m,
  )
})

test('config check finds the key of return paths that is not there, or is none, as a server does when it starts', async () => {
  const cwd = folder()
  writeFileSync(join(cwd, 'a.yaml'), 'hostname: a.org\nreturnPathKey: srs.key\n')
  const words = ['config', 'check', '--config', 'a.yaml']
  const missing = await fsmtp(cwd, words)
  assert.equal(missing.code, 1)
  assert.match(
    missing.out,
    /^a\.yaml:2:1: returnPathKey: \S+srs\.key does not exist; .*openssl rand -base64 32/m,
  )
  writeFileSync(join(cwd, 'srs.key'), 'short\n')
  assert.match(
    (await fsmtp(cwd, words)).out,
    /^a\.yaml:2:1: returnPathKey: \S+srs\.key holds no key .*openssl/m,
  )
  writeFileSync(join(cwd, 'srs.key'), `${Buffer.alloc(32, 7).toString('base64')}\n`)
  assert.equal((await fsmtp(cwd, words)).code, 0)
})

test('config check finds keys of lists that are not there, at their place in the file of the policy', async () => {
  const cwd = folder()
  writeFileSync(join(cwd, 'fsmtp.yaml'), 'hostname: a.org\npolicy: ./rules/policy.yaml\n')
  mkdirSync(join(cwd, 'rules'))
  const policy = (text: string) => writeFileSync(join(cwd, 'rules', 'policy.yaml'), text)
  policy('dnsbl:\n  - { zone: a.example }\n  - { zone: b.example, keyFile: b.key }\n')
  const check = () => fsmtp(cwd, ['config', 'check'])
  const missing = await check()
  assert.equal(missing.code, 1)
  assert.match(
    missing.out,
    /^rules\/policy\.yaml:3:\d+: dnsbl\[1\]\.keyFile: its key cannot be read from \S+rules\/b\.key \(ENOENT\); until it is there, b\.example is not asked$/m,
  )
  writeFileSync(join(cwd, 'rules', 'b.key'), 'two words\n')
  assert.match((await check()).out, /b\.key holds no key/)
  assert.doesNotMatch((await check()).out, /two words/)
  writeFileSync(join(cwd, 'rules', 'b.key'), 'abc123\n')
  const mended = await check()
  assert.equal(mended.code, 0)
  assert.match(mended.out, /^fsmtp\.yaml: no faults$/m)
  writeFileSync(
    join(cwd, 'fsmtp.yaml'),
    'hostname: a.org\npolicy:\n  dnsbl: [{ zone: a.example, keyFile: c }]\n',
  )
  assert.match((await check()).out, /^fsmtp\.yaml:3:\d+: policy\.dnsbl\[0\]\.keyFile: /)
  // A pipe is not waited for.
  execFileSync('mkfifo', [join(cwd, 'c')])
  assert.match((await check()).out, /\(no plain file\)/)
})

test('without a file the playground is checked and shown, and nothing is written', async () => {
  const cwd = folder()
  const checked = await fsmtp(cwd, ['config', 'check'])
  assert.deepEqual([checked.code, checked.out], [0, 'no configuration file, so the playground: no faults\n'])
  const shown = lines((await fsmtp(cwd, ['config', 'show', '--json', '--data', 'elsewhere'])).out)
  assert.deepEqual(
    shown.find(({ path }) => path === 'data'),
    { path: 'data', value: join(cwd, 'elsewhere'), origin: 'flag' },
  )
  assert.deepEqual(readdirSync(cwd), [])
})

test('every other command says the same faults, one to a line', async () => {
  const cwd = folder()
  writeFileSync(join(cwd, 'fsmtp.yaml'), 'hostname: a.org\nlog: kurrentdb://h:0\n')
  const { code, err } = await fsmtp(cwd, ['user', 'list'])
  assert.equal(code, 1)
  assert.equal(err, 'fsmtp: fsmtp.yaml:2:1: log: "h:0" is not a host, or host:port\n')
})

test('init writes a configuration, keys, a certificate and an account that fit each other', async () => {
  const cwd = folder()
  const { code, out, err } = await fsmtp(cwd, ['init', 'Example.org', '--ports', 'high'])
  assert.deepEqual([code, err], [0, ''])
  assert.match(out, /account postmaster@example\.org, password [a-z2-9-]{23} /)
  assert.match(out, /^example\.org\. 3600 IN MX 10 mx\.example\.org\.$/m)
  assert.deepEqual(readdirSync(cwd).sort(), ['data', 'dkim', 'fsmtp.yaml', 'tls'])
  for (const key of ['dkim/rsa1.pem', 'dkim/ed1.pem', 'tls/key.pem']) {
    assert.equal(statSync(join(cwd, key)).mode & 0o777, 0o600, key)
    createPrivateKey(readFileSync(join(cwd, key)))
  }
  const { config, playground } = loadConfig({ cwd })
  assert.equal(playground, false)
  assert.deepEqual(
    config.listeners.map(({ port }) => port),
    [2525, 2587, 2465],
  )
  const certificates = await loadCertificates(config)
  assert.deepEqual(certificates.warnings, [])
  assert.equal(certificateFor(certificates, 'mx.example.org').cert, certificates.default.cert)
  assert.equal((await fsmtp(cwd, ['config', 'check'])).code, 0)
  assert.match((await fsmtp(cwd, ['user', 'list'])).out, /postmaster@example\.org/)
  const dns = (await fsmtp(cwd, ['domain', 'dns', 'example.org'])).out
  assert.match(dns, /^rsa1\._domainkey\.example\.org\. .*k=rsa/m)
  assert.ok(out.includes(dns.trim()), 'init printed the same records')
})

test('what init leaves for the page is a line to uncomment; then postmaster logs in, and administers', async (t) => {
  const cwd = folder()
  const { out } = await fsmtp(cwd, ['init', 'example.org', '--ports', 'high'])
  const [, password = ''] = /password ([a-z2-9-]{23}) /.exec(out) ?? []
  const file = join(cwd, 'fsmtp.yaml')
  const text = readFileSync(file, 'utf8')
  const uncommented = text.replace(/^( *)# (?=- \{ service: http, )/m, '$1')
  assert.notEqual(uncommented, text)
  writeFileSync(file, uncommented)
  assert.equal((await fsmtp(cwd, ['config', 'check'])).code, 0)
  const { config } = loadConfig({ cwd })
  assert.deepEqual(config.listeners.at(-1), { ...config.listeners.at(-1), address: '127.0.0.1', port: 8025 })
  const listeners = config.listeners.map((listener) => ({ ...listener, address: '127.0.0.1', port: 0 }))
  const running = await startServer({ ...config, listeners }, { info: () => {}, warn: () => {} })
  t.after(() => running.stop())
  const { port } = running.http[0]!
  assert.equal((await ask(port, '/healthz')).status, 200)
  assert.equal((await ask(port, '/api/v1/events')).status, 401)
  const entered = await logIn(port, { user: 'postmaster@example.org', password })
  assert.equal(JSON.parse(entered.text).caller.role, 'administer')
  const asked = await ask(port, '/api/v1/events', { headers: pageHeaders(port, cookieOf(entered)) })
  assert.equal(asked.status, 200)
})

test('init overwrites nothing, whatever is there', async () => {
  for (const there of ['fsmtp.yaml', 'dkim/old.pem', 'tls/old.pem', 'data/log.sqlite']) {
    const cwd = folder()
    mkdirSync(join(cwd, there, '..'), { recursive: true })
    writeFileSync(join(cwd, there), 'precious')
    const before = readdirSync(cwd, { recursive: true })
    const { code, out, err } = await fsmtp(cwd, ['init', 'example.org'])
    assert.deepEqual([code, out], [1, ''])
    assert.match(err, /^fsmtp: (fsmtp\.yaml|dkim|tls|data) exists already; nothing was changed\. Choose /)
    assert.deepEqual(readdirSync(cwd, { recursive: true }), before)
    assert.equal(readFileSync(join(cwd, there), 'utf8'), 'precious')
  }
})

test('init takes the password from standard input, and refuses a weak one before anything is written', async () => {
  const cwd = folder()
  const weak = await fsmtp(cwd, ['init', 'example.org', '--password-stdin'], 'postmaster\n')
  assert.equal(weak.code, 1)
  assert.match(weak.err, /first that are tried; nothing was changed/)
  assert.deepEqual(readdirSync(cwd), [])
  const words = [
    'init',
    'example.org',
    '--hostname',
    'mail.example.org',
    '--password-stdin',
    '--json',
    '--config',
    'mail.yaml',
    '--data',
    'store',
  ]
  const { code, out } = await fsmtp(cwd, words, 'correct horse\n')
  assert.equal(code, 0)
  const [told] = lines(out)
  assert.equal(told?.account, 'postmaster@example.org')
  assert.ok(!out.includes('correct horse'))
  const { config } = loadConfig({ cwd, file: 'mail.yaml' })
  assert.deepEqual([config.hostname, config.data], ['mail.example.org', join(cwd, 'store')])
})

test('init refuses what is no domain as wrong usage', async () => {
  const cwd = folder()
  for (const words of [
    ['init', 'a b'],
    ['init', 'a.org', '--hostname', '..'],
    ['init', 'a.org', '--ports', 'low'],
  ])
    assert.equal((await fsmtp(cwd, words)).code, 2, words.join(' '))
  assert.deepEqual(readdirSync(cwd), [])
})
