/** Keys that cannot be used stop the start, with a sentence that says which, and never with a piece of the key. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigFault, faultText } from '../../../src/config/fault.ts'
import { loadSigners } from '../../../src/delivery/signing/index.ts'
import { fsmtp } from '../../authentication/command.ts'
import { configWith, folder, houseWithKeys, put, rsaPem } from './house.ts'

const faultsOf = async (at: string, keys: Readonly<Record<string, string>>): Promise<string[]> => {
  try {
    await loadSigners(configWith(at, keys))
  } catch (error) {
    assert.ok(error instanceof ConfigFault, String(error))
    return error.faults.map(faultText)
  }
  return []
}
const ecPem = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()
const encryptedPem = (): string =>
  generateKeyPairSync('ed25519')
    .privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString()
const publicPem = (): string =>
  generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()

const bad: readonly (readonly [string, string | null, RegExp])[] = [
  ['is missing', null, /does not exist; make one with `openssl genpkey/],
  ['is short', rsaPem(1024), /holds an RSA key of 1024 bits; 2048 are needed; make one/],
  ['is of another kind', ecPem(), /key of type ec, which DKIM does not know/],
  ['is encrypted', encryptedPem(), /is encrypted; store it without a passphrase/],
  ['is public', publicPem(), /holds a public key; name the file with the private key/],
  ['is no key', 'hello\n', /holds no private key in PEM form/],
  ['is empty', '', /holds no private key in PEM form/],
  ['is cut off', rsaPem(2048).slice(0, 900), /holds no private key in PEM form/],
]
for (const [what, pem, expected] of bad)
  test(`a key that ${what}`, async () => {
    const at = folder()
    if (pem !== null) put(at, 's1.pem', pem)
    const [fault, ...others] = await faultsOf(at, { s1: 's1.pem' })
    assert.deepEqual(others, [])
    assert.match(fault!, expected)
    for (const named of ['domains[0].dkim[0].key', 'example.org', 'selector s1', join(at, 's1.pem')])
      assert.ok(fault!.includes(named), `${named} is not in: ${fault}`)
    for (const line of (pem ?? '').split('\n').filter((text) => text.length > 20))
      assert.ok(!fault!.includes(line), 'a piece of the key is in the fault')
  })

test('all faults are said at once', async () => {
  const at = folder()
  put(at, 's2.pem', rsaPem(1024))
  assert.equal((await faultsOf(at, { s1: 's1.pem', s2: 's2.pem' })).length, 2)
})

test('two keys under one selector', async () => {
  const { at } = await houseWithKeys()
  const faults = await faultsOf(at, { s1: 'rsa1.pem', S1: 'ed1.pem' })
  assert.equal(faults.length, 1)
  assert.match(faults[0]!, /second key under this selector/)
})

test('a key that others can read works, with a warning', async () => {
  const { at, config } = await houseWithKeys()
  assert.deepEqual((await loadSigners(config)).warnings, [])
  chmodSync(join(at, 'ed1.pem'), 0o644)
  const { warnings, has } = await loadSigners(config)
  assert.ok(has('example.org'))
  assert.equal(warnings.length, 1)
  assert.match(warnings[0]!, /ed1\.pem can be read by others; chmod 600 it/)
})

test('domain dns, with and without --check, and config check say the same of a key as a start does', async () => {
  const at = folder()
  put(at, 'short.pem', rsaPem(512))
  put(at, 'text.pem', 'no key at all')
  const config = (key: string): string =>
    `hostname: mx.example.org\ndomains: [{ name: example.org, dkim: [{ selector: s, key: ${key} }] }, { name: other.example }]\n`
  for (const [key, wrong] of [
    ['short.pem', /short\.pem holds an RSA key of 512 bits; 2048 are needed; make one with/],
    ['text.pem', /text\.pem holds no private key in PEM form; make one with/],
    ['none.pem', /none\.pem does not exist; make one with/],
  ] as const) {
    put(at, 'fsmtp.yaml', config(key))
    for (const words of [
      ['domain', 'dns', 'example.org'],
      ['domain', 'dns', 'example.org', '--check'],
    ]) {
      const { code, out, err } = await fsmtp(at, words)
      assert.deepEqual([code, out], [1, ''])
      assert.match(err, /^fsmtp: [^\n]*the DKIM key of example\.org \(selector s\) cannot be used: [^\n]+\n$/)
      assert.match(err, wrong)
    }
    const checked = await fsmtp(at, ['config', 'check'])
    assert.equal(checked.code, 1)
    assert.match(checked.out, wrong)
    // The keys of others are not asked about.
    assert.equal((await fsmtp(at, ['domain', 'dns', 'other.example'])).code, 0)
  }
})
