import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import type { MessageFindings } from '../../../machines/vocabulary/findings.ts'
import { MessageExaminer } from '../../../src/authentication/message/examiner.ts'
import type { Resolver } from '../../../src/dns/port.ts'
import { rowsOf } from '../../tables/table.ts'
import { ed25519Key, rsaKey, signedMail, type Tags } from './signer.ts'
import { type Zone, zoneResolver } from './zone.ts'

const key = rsaKey(2048)
const weak = rsaKey(1023)
const mail =
  'From: bob@example.org\r\nTo: alice@example.net\r\nSubject: Hello\r\n\r\nA line\r\n\r\nwith two  spaces\r\n'
const at = 1767225600_000
const plainZone: Zone = { 's1._domainkey.example.org': { TXT: [[`v=DKIM1; k=rsa; p=${key.p}`]] } }

const examine = (
  content: string | Buffer,
  resolver: Resolver = zoneResolver(plainZone),
  size = 4096,
): Promise<MessageFindings> => {
  const examiner = new MessageExaminer({ resolver, hostname: 'mx.example.net', draw: 0, at })
  const octets = Buffer.from(content)
  for (let start = 0; start < octets.length; start += size)
    examiner.push(octets.subarray(start, start + size))
  return examiner.end()
}

const tagsIn = (cell: string): Tags =>
  Object.fromEntries(
    cell
      .split(/; /)
      .filter(Boolean)
      .map((word) =>
        word.startsWith('-')
          ? [word.slice(1), null]
          : [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)],
      ),
  )
const zoneOf = (cell: string): Zone => {
  if (/^E[A-Z]+$/.test(cell)) return { 's1._domainkey.example.org': cell as 'ENODATA' }
  const record =
    cell === 'WEAK' ? `v=DKIM1; p=${weak.p}` : (cell || 'v=DKIM1; k=rsa; p=KEY').replace('KEY', key.p)
  return { 's1._domainkey.example.org': { TXT: [[record.slice(0, 100), record.slice(100)]] } }
}

for (const { cell, line } of rowsOf(new URL('dkim.md', import.meta.url), 'Signatures')) {
  test(`dkim.md:${line} Signatures`, async () => {
    const signed = signedMail(mail, cell('key') === 'WEAK' ? weak : key, tagsIn(cell('tags')))
    const [from = '', to = ''] = cell('change').split('␟')
    const start = signed.indexOf('From: bob')
    const arrived = from === '' ? signed : signed.slice(0, start) + signed.slice(start).replace(from, to)
    const { dkim } = await examine(arrived, zoneResolver(zoneOf(cell('key'))))
    const [{ result, about = '', bits = '' }] = dkim as [(typeof dkim & object)[number]]
    assert.deepEqual(
      { result, about, bits: String(bits), signatures: dkim?.length },
      { result: cell('result'), about: cell('about'), bits: cell('bits'), signatures: 1 },
    )
  })
}

test('the example of RFC 8463, appendix A', async () => {
  const example = `DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
`.replaceAll('\n', '\r\n')
  const resolver = zoneResolver({
    'brisbane._domainkey.football.example.com': {
      TXT: [['v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=']],
    },
    'test._domainkey.football.example.com': {
      TXT: [
        [
          'v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/',
          'J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB',
        ],
      ],
    },
  })
  for (const size of [1, 13, 4096]) {
    const { dkim } = await examine(example, resolver, size)
    assert.deepEqual(
      dkim?.map(({ result, algorithm, bits, selector }) => [result, algorithm, bits, selector]),
      [
        ['pass', 'ed25519-sha256', undefined, 'brisbane'],
        ['pass', 'rsa-sha256', 1024, 'test'],
      ],
    )
  }
})

test('Ed25519, and what is told of a signature', async () => {
  const ours = ed25519Key()
  const resolver = zoneResolver({
    'e._domainkey.example.org': { TXT: [[`v=DKIM1; k=ed25519; p=${ours.p}`]] },
  })
  const signed = signedMail(mail, ours, {
    a: 'ed25519-sha256',
    s: 'e',
    i: 'bob@Mail.example.org',
    d: 'Example.ORG',
  })
  const { dkim } = await examine(signed, resolver)
  const { signature, ...rest } = dkim![0]!
  assert.match(signature!, /^[\w+/]{12}$/)
  assert.deepEqual(rest, {
    result: 'pass',
    domain: 'example.org',
    selector: 'e',
    algorithm: 'ed25519-sha256',
    identity: 'bob@Mail.example.org',
  })
})

test('a mail without a signature has none', async () => {
  const { dkim, arc } = await examine(mail)
  assert.deepEqual([dkim, arc], [[], { result: 'none', sealers: [] }])
})

test('of a thousand signatures ten are looked at, and one that passes among them counts', async () => {
  const good = signedMail(mail, key)
  const junk = 'DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=x; h=from; bh=AAAA; b=AAAA\r\n'
  const resolver = zoneResolver(plainZone)
  const { dkim } = await examine(
    junk.repeat(9) + good.replace('From: bob', `${junk.repeat(990)}From: bob`),
    resolver,
  )
  assert.equal(dkim?.length, 11)
  assert.deepEqual(dkim[9]?.result, 'pass')
  assert.match(dkim[10]?.about ?? '', /^990 more/)
  assert.ok(resolver.asked.length <= 12, resolver.asked.join())
})

test('however long and strange a header is, the time for it is bounded', { timeout: 120_000 }, async () => {
  const tag = 'DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s1; h=from; bh=AAAA; b=AAAA'
  const soup: Readonly<Record<string, string>> = {
    'gaps in tags': `${tag}; z=${' '.repeat(200_000)}x\r\n`.repeat(1),
    'folds without end': `${tag};\r\n${' \r\n'.repeat(4000)} z=x\r\n`,
    'names without end': `${tag.replace('h=from', `h=from${':x'.repeat(100_000)}`)}\r\n`,
    'fields without end':
      `${tag.replace('h=from', `h=from${':x'.repeat(240)}`)}\r\n`.repeat(10) + 'x: y\r\n'.repeat(4900),
    'sets without end': Array.from(
      { length: 2000 },
      (_, i) => `ARC-Seal: i=${i}; cv=pass; a=rsa-sha256; d=x.org; s=s; b=AAAA\r\n`,
    ).join(''),
    'results without end': `ARC-Authentication-Results: i=1; ${'(;'.repeat(100_000)}\r\n`,
    'no end': `X: ${'y'.repeat(10 * 1024 * 1024)}\r\n`,
    'a colon too many': `${':'.repeat(200_000)}\r\n`,
    'quotes without end': `From: ${'"\\'.repeat(100_000)}\r\nAuthentication-Results: ${'('.repeat(100_000)}\r\n`,
  }
  for (const [what, head] of Object.entries(soup)) {
    const before = process.cpuUsage()
    const { dkim, dmarc } = await examine(head + mail, zoneResolver(plainZone), 65536)
    const { user } = process.cpuUsage(before)
    assert.ok(user < 3_000_000, `${what} took ${user} µs`)
    assert.ok(
      dkim?.every(({ result }) => result !== 'pass'),
      what,
    )
    assert.notEqual(dmarc?.result, 'pass', what)
  }
})

test('a body that is one line passes by in pieces and is not held', { timeout: 120_000 }, async () => {
  const signed = signedMail(`${mail.slice(0, -2)}${'x'.repeat(1000)}`, key)
  const examiner = new MessageExaminer({
    resolver: zoneResolver(plainZone),
    hostname: 'mx.example.net',
    draw: 0,
    at,
  })
  examiner.push(Buffer.from(signed))
  const piece = Buffer.alloc(65536, 'y')
  const before = process.memoryUsage().arrayBuffers
  for (let count = 0; count < 800; count++) examiner.push(piece)
  assert.ok(process.memoryUsage().arrayBuffers - before < 20 * 1024 * 1024)
  assert.equal((await examiner.end()).dkim?.[0]?.result, 'fail')
})

test('name servers that never answer hold up nobody', async () => {
  const silent: Resolver = { resolve: () => new Promise(() => {}) }
  const examiner = new MessageExaminer({
    resolver: silent,
    hostname: 'mx.example.net',
    draw: 0,
    at,
    timeout: 20,
  })
  examiner.push(Buffer.from(signedMail(mail, key)))
  const { dkim, dmarc } = await examiner.end()
  assert.deepEqual([dkim?.[0]?.result, dmarc?.result], ['temperror', 'temperror'])
})

test('a key is asked for once, before the body has come', async () => {
  const resolver = zoneResolver(plainZone)
  const examiner = new MessageExaminer({ resolver, hostname: 'mx.example.net', draw: 0, at })
  const signed = Buffer.from(signedMail(signedMail(mail, key), key))
  examiner.push(signed.subarray(0, signed.indexOf('\r\n\r\n') + 4))
  assert.deepEqual(resolver.asked, ['TXT of s1._domainkey.example.org'])
  examiner.push(signed.subarray(signed.indexOf('\r\n\r\n') + 4))
  const { dkim } = await examiner.end()
  assert.deepEqual(
    dkim?.map(({ result }) => result),
    ['pass', 'pass'],
  )
  assert.deepEqual(resolver.asked, ['TXT of s1._domainkey.example.org', 'TXT of _dmarc.example.org'])
})

test('a key that was made to take long is none', async () => {
  const number = (length: number): string => Buffer.alloc(length, 0x55).toString('base64url')
  const slow = createPublicKey({ key: { kty: 'RSA', n: number(384), e: number(383) }, format: 'jwk' })
  for (const type of ['spki', 'pkcs1'] as const) {
    const p = slow.export({ type, format: 'der' }).toString('base64')
    const resolver = zoneResolver({ 's1._domainkey.example.org': { TXT: [[`v=DKIM1; p=${p}`]] } })
    const { dkim } = await examine(signedMail(mail, key), resolver)
    assert.deepEqual(
      dkim?.map(({ result, about, bits }) => [result, about, bits]),
      [['permerror', 'invalid public key', undefined]],
    )
  }
})

test('a domain with octets that no name has is not recorded as the name without them', async () => {
  const signed = signedMail(mail, key, { d: 'example.org\u00a0' })
  const { dkim } = await examine(Buffer.from(signed, 'latin1'))
  assert.equal(dkim?.[0]?.domain, 'example.org?')
})
