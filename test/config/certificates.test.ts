import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect as connectTls, createServer } from 'node:tls'
import { certificateFor, loadCertificates, tlsMinimum } from '../../src/config/certificates.ts'
import { ConfigFault, faultText } from '../../src/config/fault.ts'
import { parseConfig } from '../../src/config/load.ts'
import { makeCertificate } from '../../src/config/own-certificate.ts'
import { scratch } from '../scratch.ts'

const now = new Date('2026-06-01T00:00:00Z')
const folder = (): string => scratch('tls')

const configIn = (at: string, tls: string, hostname = 'mx.example.org') =>
  parseConfig(`hostname: ${hostname}\n${tls}`, {
    shown: 'f.yaml',
    file: join(at, 'f.yaml'),
    folder: at,
    data: null,
  }).config

/** A certificate and its key as `<name>.pem` and `<name>.key`. */
const put = async (at: string, name: string, options: { hostname: string; now?: Date }): Promise<void> => {
  const { cert, key } = await makeCertificate({ now, ...options })
  writeFileSync(join(at, `${name}.pem`), cert)
  writeFileSync(join(at, `${name}.key`), key, { mode: 0o600 })
}

const faultsOf = async (work: Promise<unknown>): Promise<string[]> => {
  try {
    await work
  } catch (error) {
    assert.ok(error instanceof ConfigFault)
    return error.faults.map(faultText)
  }
  return []
}

test('without a configured certificate one is made, kept, and its key is for its owner only', async () => {
  const at = folder()
  const first = await loadCertificates(configIn(at, ''), { now })
  const again = await loadCertificates(configIn(at, ''), { now: new Date('2030-01-01') })
  assert.deepEqual(again.default, first.default)
  assert.equal(statSync(join(at, 'data/tls/key.pem')).mode & 0o777, 0o600)
  assert.equal(readFileSync(join(at, 'data/tls/cert.pem'), 'utf8'), first.default.cert)
})

test('it is made anew when it has expired, or when the server has another name', async () => {
  const at = folder()
  const first = await loadCertificates(configIn(at, ''), { now })
  const expired = await loadCertificates(configIn(at, ''), { now: new Date('2040-01-01') })
  assert.notEqual(expired.default.cert, first.default.cert)
  const renamed = await loadCertificates(configIn(at, '', 'other.example.org'), {
    now: new Date('2040-01-02'),
  })
  assert.notEqual(renamed.default.cert, expired.default.cert)
})

test('a client that trusts it gets through by every name of the loopback, with TLS 1.2 at least', async () => {
  const { default: pem } = await loadCertificates(configIn(folder(), '', 'localhost'))
  const server = createServer({ ...pem, minVersion: tlsMinimum }, (socket) => socket.end('hello'))
  server.on('tlsClientError', () => {})
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  for (const name of ['localhost', '127.0.0.1']) {
    const host = { port, host: '127.0.0.1', ca: pem.cert }
    const socket = connectTls(name === 'localhost' ? { ...host, servername: name } : host)
    const [chunk] = await once(socket, 'data')
    assert.equal(String(chunk), 'hello')
    assert.ok(socket.authorized, name)
    socket.destroy()
  }
  const old = connectTls({
    port,
    host: '127.0.0.1',
    ca: pem.cert,
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.1',
  })
  const [error] = await once(old, 'error')
  assert.ok(error instanceof Error)
  server.close()
})

test('a list is shown by name: exact, one label below a wildcard, the first for all else', async () => {
  const at = folder()
  await put(at, 'a', { hostname: 'mx.example.org' })
  await put(at, 'b', { hostname: 'mail.example.net' })
  await put(at, 'c', { hostname: 'unused.example.com' })
  const tls = `tls:
  - { certificate: a.pem, key: a.key }
  - { certificate: b.pem, key: b.key }
  - { certificate: c.pem, key: c.key, names: ["*.example.com", deep.down.example.com] }
`
  const certificates = await loadCertificates(configIn(at, tls), { now })
  const shown = (name: string | null) =>
    ['a', 'b', 'c'].find(
      (file) => readFileSync(join(at, `${file}.pem`), 'utf8') === certificateFor(certificates, name).cert,
    )
  assert.equal(shown('mail.example.net'), 'b')
  assert.equal(shown('MAIL.Example.Net'), 'b')
  assert.equal(shown('x.example.com'), 'c')
  assert.equal(shown('x.y.example.com'), 'a')
  assert.equal(shown('deep.down.example.com'), 'c')
  assert.equal(shown('unused.example.net'), 'a')
  assert.equal(shown(null), 'a')
  assert.deepEqual(certificates.warnings, [])
})

test('every file that is missing, unreadable, of another kind or of another key is named', async () => {
  const at = folder()
  await put(at, 'a', { hostname: 'mx.example.org' })
  await put(at, 'b', { hostname: 'mx.example.org' })
  writeFileSync(join(at, 'text'), 'hello\n')
  const tls = `tls:
  - { certificate: nowhere.pem, key: a.key }
  - { certificate: text, key: a.key }
  - { certificate: a.pem, key: text }
  - { certificate: a.pem, key: b.key }
  - { certificate: a.pem, key: a.key }
`
  assert.deepEqual(await faultsOf(loadCertificates(configIn(at, tls), { now })), [
    `tls[0].certificate: ${at}/nowhere.pem does not exist`,
    `tls[1].certificate: ${at}/text holds no certificate in PEM form`,
    `tls[2].key: ${at}/text holds no usable private key in PEM form`,
    `tls[3].key: ${at}/b.key does not belong to ${at}/a.pem`,
  ])
})

test('an expired certificate, a readable key and another name are warnings', async () => {
  const at = folder()
  await put(at, 'a', { hostname: 'old.example.org', now: new Date('2001-01-01') })
  chmodSync(join(at, 'a.key'), 0o644)
  const { warnings } = await loadCertificates(configIn(at, 'tls: { certificate: a.pem, key: a.key }\n'), {
    now,
  })
  assert.equal(warnings.length, 3)
  assert.match(warnings[0]!, /a\.pem expired on/)
  assert.match(warnings[1]!, /a\.key can be read by others/)
  assert.match(warnings[2]!, /not for mx\.example\.org/)
})
