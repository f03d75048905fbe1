import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { test } from 'node:test'
import { dkimRecord, makeDkimKeys } from '../../src/authentication/dkim-keys.ts'
import { dnsRecords, zoneLines } from '../../src/authentication/dns-records.ts'
import { Enrolment } from '../../src/authentication/enrolment.ts'
import { verifyPassword } from '../../src/authentication/passwords.ts'
import { Book, configured } from './events.ts'

const password = 'correct horse'

const open = (config = configured()) => {
  const book = new Book(config)
  return { book, enrolment: new Enrolment({ directory: book.directory, log: book, now: () => 5 }) }
}
const reasonOf = async (change: Promise<{ ok: boolean; reason?: string }>): Promise<string> => {
  const done = await change
  assert.equal(done.ok, false)
  return done.reason ?? ''
}

test('an account is one event: its name in one spelling, its addresses as given, its password hashed', async () => {
  const { book, enrolment } = open()
  const done = await enrolment.addAccount({
    addresses: ['Alice@Example.org', '"a smith"@example.org', 'Alice@example.org'],
    password,
  })
  assert.deepEqual(done, { ok: true, position: 1 })
  const [event] = book.events
  assert.equal(event?.stream, 'account-alice@example.org')
  assert.equal(event.type, 'AccountAdded')
  assert.deepEqual(event.data.addresses, ['Alice@example.org', '"a smith"@example.org'])
  assert.ok(await verifyPassword(password, String(event.data.password)))
  assert.ok(!JSON.stringify(event).includes(password))
})

test('removed and added again, an account goes on in its stream', async () => {
  const { book, enrolment } = open()
  const addresses = ['alice@example.org'] as const
  await enrolment.addAccount({ addresses: [...addresses], password })
  await enrolment.changePassword({ address: 'ALICE@example.org', password: 'another horse' })
  assert.ok((await enrolment.removeAccount('alice@example.org')).ok)
  assert.equal(
    await reasonOf(enrolment.removeAccount('alice@example.org')),
    'there is no account alice@example.org',
  )
  assert.ok((await enrolment.addAccount({ addresses: [...addresses], password })).ok)
  assert.deepEqual(
    book.events.map(({ type, revision }) => `${type} ${revision}`),
    ['AccountAdded 0', 'AccountPasswordChanged 1', 'AccountRemoved 2', 'AccountAdded 3'],
  )
})

test('what cannot be an account is refused with the reason, and nothing is written', async () => {
  const { book, enrolment } = open()
  await enrolment.addAccount({ addresses: ['alice@example.org', 'info@example.org'], password })
  const add = (addresses: [string, ...string[]], word = password) =>
    reasonOf(enrolment.addAccount({ addresses, password: word }))
  assert.equal(await add(['alice']), "'alice' is no mail address")
  assert.equal(await add(['alice@example.org']), 'there is already an account alice@example.org')
  assert.equal(await add(['ALICE@EXAMPLE.ORG']), 'there is already an account alice@example.org')
  assert.equal(
    await add(['info@example.org']),
    'info@example.org already belongs to the account alice@example.org',
  )
  assert.equal(
    await add(['bob@example.org', 'info@example.org']),
    'info@example.org already belongs to the account alice@example.org',
  )
  assert.equal(
    await add(['bob@example.net']),
    'example.net is not a domain of this server; add it first: fsmtp domain add example.net',
  )
  assert.equal(await add(['bob@example.org'], 'short'), 'the password is shorter than 8 characters')
  assert.match(
    await reasonOf(enrolment.removeAccount('info@example.org')),
    /is an address of the account alice@example\.org/,
  )
  assert.equal(book.events.length, 1)
})

test('who came first wins; the other is told to try again', async () => {
  const { book, enrolment } = open()
  const late = new Enrolment({ directory: new Book(configured()).directory, log: book })
  await enrolment.addAccount({ addresses: ['alice@example.org'], password })
  assert.match(await reasonOf(late.addAccount({ addresses: ['alice@example.org'], password })), /try again/)
  assert.equal(book.events.length, 1)
})

test('domains are added once, in whatever form, and go only when nobody lives there', async () => {
  const { book, enrolment } = open()
  assert.ok((await enrolment.addDomain({ name: 'Bücher.Example', catchAll: null })).ok)
  assert.equal(book.events[0]?.stream, 'domain-bücher.example')
  assert.match(
    await reasonOf(enrolment.addDomain({ name: 'xn--bcher-kva.example', catchAll: null })),
    /already a domain/,
  )
  assert.match(
    await reasonOf(enrolment.addDomain({ name: 'example.org', catchAll: null })),
    /already a domain/,
  )
  assert.match(await reasonOf(enrolment.addDomain({ name: 'a b', catchAll: null })), /is no domain name/)
  assert.match(await reasonOf(enrolment.addDomain({ name: 'a.org', catchAll: 'x@b.org' })), /foreign address/)
  assert.match(await reasonOf(enrolment.addDomain({ name: 'a.org', catchAll: 'x' })), /is no mail address/)
  assert.ok((await enrolment.addDomain({ name: 'a.org', catchAll: 'x@a.org' })).ok)
  await enrolment.addAccount({ addresses: ['bob@bücher.example'], password })
  assert.equal(
    await reasonOf(enrolment.removeDomain('xn--bcher-kva.example')),
    'bücher.example still has accounts: bob@bücher.example',
  )
  assert.match(await reasonOf(enrolment.removeDomain('example.org')), /stands in the configuration file/)
  assert.match(await reasonOf(enrolment.removeDomain('example.net')), /is not a domain of this server/)
  await enrolment.removeAccount('bob@bücher.example')
  assert.ok((await enrolment.removeDomain('xn--bcher-kva.example')).ok)
  assert.equal(book.directory.isLocal('bücher.example'), false)
})

test('a published key verifies what its private half signed', async () => {
  const data = Buffer.from('header')
  for (const { selector, pem } of await makeDkimKeys()) {
    const record = dkimRecord(pem) ?? ''
    const [, kind, base64 = ''] = /^v=DKIM1; k=(\w+); p=(.+)$/.exec(record) ?? []
    const bytes = Buffer.from(base64, 'base64')
    // RFC 8463 §4: an Ed25519 key is published bare.
    const spki =
      kind === 'rsa' ? bytes : Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), bytes])
    const algorithm = kind === 'rsa' ? 'sha256' : null
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
    assert.ok(verify(algorithm, data, key, sign(algorithm, data, pem)), selector)
  }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  assert.equal(dkimRecord(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()), null)
})

test('the records to publish are lines of a zone file, long ones in pieces of 255 bytes at most', async () => {
  const records = dnsRecords({
    domain: 'bücher.example',
    hostname: 'mx.example.org',
    dkim: await makeDkimKeys(),
  })
  assert.deepEqual(
    records.map(({ name, type }) => `${type} ${name}`),
    [
      'MX xn--bcher-kva.example',
      'TXT xn--bcher-kva.example',
      'TXT rsa1._domainkey.xn--bcher-kva.example',
      'TXT ed1._domainkey.xn--bcher-kva.example',
      'TXT _dmarc.xn--bcher-kva.example',
      'TXT _smtp._tls.xn--bcher-kva.example',
    ],
  )
  const lines = zoneLines(records).filter((line) => !line.startsWith(';'))
  assert.equal(lines[0], 'xn--bcher-kva.example. 3600 IN MX 10 mx.example.org.')
  const rsa = lines[2]!.slice(lines[2]!.indexOf('"'))
  const pieces = [...rsa.matchAll(/"([^"]*)"/g)].map(([, piece]) => piece!)
  assert.ok(pieces.length > 1 && pieces.every((piece) => piece.length <= 255))
  assert.equal(pieces.join(''), records[2]!.value)
})
