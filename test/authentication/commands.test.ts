import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Directory } from '../../src/authentication/directory.ts'
import { verifyPassword } from '../../src/authentication/passwords.ts'
import { loadConfig } from '../../src/config/load.ts'
import { serveControl } from '../../src/control.ts'
import { openSqliteLog, openSqliteReader } from '../../src/log/sqlite/index.ts'
import { folder, fsmtp } from './command.ts'

const home = (): string => {
  const cwd = folder()
  writeFileSync(join(cwd, 'fsmtp.yaml'), 'hostname: mx.example.org\ndomains: [{ name: example.org }]\n')
  return cwd
}

const directoryIn = async (cwd: string): Promise<Directory> => {
  const { config } = loadConfig({ cwd })
  const log = openSqliteReader({ directory: config.data })
  try {
    return await Directory.read(log, config)
  } finally {
    await log.close()
  }
}

test('accounts are added, listed, changed and removed; passwords come from standard input', async () => {
  const cwd = home()
  const added = await fsmtp(
    cwd,
    ['user', 'add', 'alice@example.org', '--address', 'a.smith@example.org'],
    'correct horse\r\nrest\n',
  )
  assert.deepEqual(added, { code: 0, out: 'added alice@example.org\n', err: '' })
  const alice = (await directoryIn(cwd)).account('a.smith@example.org')
  assert.ok(await verifyPassword('correct horse', alice!.password))
  const changed = await fsmtp(cwd, ['user', 'password', 'alice@example.org', '--generate', '--json'])
  const { password } = JSON.parse(changed.out)
  assert.ok(await verifyPassword(password, (await directoryIn(cwd)).account('alice@example.org')!.password))
  const listed = await fsmtp(cwd, ['user', 'list', '--json'])
  assert.deepEqual(JSON.parse(listed.out), {
    account: 'alice@example.org',
    addresses: ['alice@example.org', 'a.smith@example.org'],
  })
  assert.match((await fsmtp(cwd, ['user', 'list'])).out, /^alice@example\.org +a\.smith@example\.org$/m)
  assert.equal((await fsmtp(cwd, ['user', 'remove', 'alice@example.org'])).code, 0)
  assert.deepEqual((await directoryIn(cwd)).accounts(), [])
})

test('what cannot be done says why in one line, exits with 1, and leaves nothing behind', async () => {
  const cwd = home()
  const refused = async (words: readonly string[], reason: RegExp, input = '') => {
    const { code, out, err } = await fsmtp(cwd, words, input)
    assert.deepEqual([code, out], [1, ''])
    assert.match(err, /^fsmtp: [^\n]+\n$/)
    assert.match(err, reason)
  }
  await refused(['user', 'add', 'alice@example.org'], /the password is empty/)
  await refused(['user', 'add', 'alice@example.org'], /shorter than 8/, 'short\n')
  await refused(
    ['user', 'add', 'bob@example.net', '--generate'],
    /add it first: fsmtp domain add example\.net/,
  )
  await refused(['user', 'password', 'bob@example.org'], /there is no account bob@example\.org/)
  await refused(['user', 'remove', 'bob@example.org'], /there is no account/)
  await refused(['domain', 'remove', 'example.org'], /remove it there/)
  await refused(['domain', 'dns', 'example.net'], /not a domain of this server/)
  assert.equal(existsSync(join(cwd, 'data')), false)
  assert.equal((await fsmtp(cwd, ['user', 'add', 'a@example.org', '--password', 'x'])).code, 2)
})

test('domains are added, listed with where they are written, published and removed', async () => {
  const cwd = home()
  assert.equal((await fsmtp(cwd, ['domain', 'add', 'Example.NET', '--catch-all', 'all@example.net'])).code, 0)
  const listed = (await fsmtp(cwd, ['domain', 'list', '--json'])).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(listed, [
    { domain: 'example.org', catchAll: null, aliases: 0, dkim: [], origin: 'file' },
    { domain: 'example.net', catchAll: 'all@example.net', aliases: 0, dkim: [], origin: 'log' },
  ])
  const { out } = await fsmtp(cwd, ['domain', 'dns', 'example.net'])
  assert.match(out, /^example\.net\. 3600 IN MX 10 mx\.example\.org\.$/m)
  assert.match(out, /^_dmarc\.example\.net\. 3600 IN TXT "v=DMARC1;/m)
  assert.equal((await fsmtp(cwd, ['domain', 'remove', 'example.net'])).code, 0)
  assert.equal((await directoryIn(cwd)).isLocal('example.net'), false)
})

test('a domain whose mail leaves unsigned is told of, unless nothing leaves', async () => {
  const cwd = home()
  const unsigned =
    /^no DKIM key, so mail leaves unsigned: example\.net; write the domain in the configuration, with dkim: /
  assert.match((await fsmtp(cwd, ['domain', 'add', 'example.net'])).err, unsigned)
  assert.match((await fsmtp(cwd, ['domain', 'dns', 'example.net'])).err, unsigned)
  const both = 'no DKIM key, so mail leaves unsigned: example.org, example.net;'
  assert.ok((await fsmtp(cwd, ['domain', 'list'])).err.startsWith(both))
  const checked = await fsmtp(cwd, ['config', 'check'])
  assert.equal(checked.code, 0)
  assert.match(
    checked.out,
    /^note: fsmtp\.yaml:2:\d+: domains\[0\]: example\.org has no dkim: its mail leaves unsigned$/m,
  )
  writeFileSync(
    join(cwd, 'fsmtp.yaml'),
    'hostname: mx.example.org\ndelivery: { route: capture }\ndomains: [{ name: example.org }]\n',
  )
  for (const words of [
    ['domain', 'list'],
    ['domain', 'dns', 'example.net'],
  ])
    assert.equal((await fsmtp(cwd, words)).err, '')
  assert.doesNotMatch((await fsmtp(cwd, ['config', 'check'])).out, /dkim/)
})

test('while a server holds the data, changes go through it', async () => {
  const cwd = home()
  const data = join(cwd, 'data')
  const log = await openSqliteLog({ directory: data })
  const control = await serveControl(data, log)
  const ending = new AbortController()
  try {
    const { config } = loadConfig({ cwd })
    const directory = await Directory.open({ log, config, signal: ending.signal })
    const before = await log.tail()
    const added = await fsmtp(cwd, ['user', 'add', 'alice@example.org'], 'correct horse\n')
    assert.deepEqual([added.code, added.err], [0, ''])
    assert.equal(await log.tail(), before + 1)
    await directory.until(before + 1)
    assert.deepEqual(directory.place('alice@example.org'), { kind: 'mailbox', mailbox: 'alice@example.org' })
    const again = await fsmtp(cwd, ['user', 'add', 'alice@example.org', '--generate'])
    assert.match(again.err, /there is already an account/)
  } finally {
    ending.abort()
    await control.close()
    await log.close()
  }
  assert.deepEqual(readdirSync(cwd).sort(), ['data', 'fsmtp.yaml'])
})
