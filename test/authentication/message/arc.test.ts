import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sealMessage } from 'mailauth/lib/arc/index.js'
import type { ArcFinding } from '../../../machines/vocabulary/findings.ts'
import { MessageExaminer } from '../../../src/authentication/message/examiner.ts'
import { rsaKey, type TestKey } from './signer.ts'
import { type Zone, zoneResolver } from './zone.ts'

const key = rsaKey(2048)
const weak = rsaKey(1023)
const published = ({ p }: TestKey): Zone[string] => ({ TXT: [[`v=DKIM1; k=rsa; p=${p}`]] })
const zone: Zone = {
  's._domainkey.one.example': published(key),
  's._domainkey.two.example': published(key),
  's._domainkey.three.example': published(key),
  's._domainkey.weak.example': published(weak),
}
const mail = 'From: bob@example.org\r\nTo: list@example.net\r\nSubject: Hello\r\n\r\nA line\r\n'

const examine = async (content: string, records = zone): Promise<ArcFinding> => {
  const examiner = new MessageExaminer({
    resolver: zoneResolver(records),
    hostname: 'mx.example.net',
    draw: 0,
  })
  examiner.push(Buffer.from(content))
  return (await examiner.end()).arc!
}

type Seal = {
  readonly domain: string
  readonly cv: 'none' | 'pass' | 'fail'
  readonly dmarc?: string
  readonly key?: TestKey
}
const sealed = async (
  content: string,
  { domain, cv, dmarc = 'pass', key: own = key }: Seal,
): Promise<string> => {
  const pem = own.private.export({ type: 'pkcs8', format: 'pem' }).toString()
  const authResults = `mx.${domain}; spf=pass smtp.mailfrom=example.org; dmarc=${dmarc} header.from=example.org`
  const lines = await sealMessage(Buffer.from(content), {
    signingDomain: domain,
    selector: 's',
    privateKey: pem,
    authResults,
    cv,
  })
  assert.ok(lines.length > 0)
  return `${lines}${content}`
}
const one = await sealed(mail, { domain: 'one.example', cv: 'none' })
const two = await sealed(one, { domain: 'two.example', cv: 'pass', dmarc: 'fail' })
const three = await sealed(two, { domain: 'three.example', cv: 'pass', dmarc: 'strange' })

test('a chain passes, its sealers the newest first, with what the newest had found', async () => {
  assert.deepEqual(await examine(one), { result: 'pass', sealers: ['one.example'], dmarc: 'pass' })
  assert.deepEqual(await examine(two), {
    result: 'pass',
    sealers: ['two.example', 'one.example'],
    dmarc: 'fail',
  })
  assert.deepEqual(await examine(three), {
    result: 'pass',
    sealers: ['three.example', 'two.example', 'one.example'],
  })
})

test('without a chain there is none', async () => {
  assert.deepEqual(await examine(mail), { result: 'none', sealers: [] })
})

const seal = /ARC-Seal: [\s\S]*?(?=\r\n\S)\r\n/
const changes: Readonly<Record<string, (content: string) => string>> = {
  'another body': (content) => content.replace('A line', 'Another line'),
  'another subject': (content) => content.replace('Hello', 'Hallo'),
  'other results in the newest set': (content) => content.replace('dmarc=fail', 'dmarc=pass'),
  'other results in the oldest set': (content) => content.replace('dmarc=pass', 'dmarc=none'),
  'a seal left out': (content) => content.replace(seal, ''),
  'a seal twice': (content) => content.replace(seal, '$&$&'),
  'a set that is out of order': (content) => content.replace('ARC-Seal: i=2', 'ARC-Seal: i=3'),
  'a number beyond fifty': (content) => content.replaceAll(/(ARC-[\w-]+: i=)2/g, '$151'),
  'a first seal that says pass': (content) => content.replace('cv=none', 'cv=pass'),
  'a newest seal that says fail': (content) => content.replace('cv=pass', 'cv=fail'),
  'a newest seal that says none': (content) => content.replace('cv=pass', 'cv=none'),
  'a tag twice': (content) => content.replace('cv=pass', 'cv=pass; cv=pass'),
  'another signing domain': (content) => content.replaceAll('d=two.example', 'd=one.example'),
  'a set of nothing': (content) => `ARC-Seal: \r\n${content}`,
  'fields without end': (content) => `${'ARC-Seal: i=3; cv=pass\r\n'.repeat(200)}${content}`,
  'a field without end': (content) => `ARC-Seal: i=3; z=${'x'.repeat(9000)}\r\n${content}`,
}
for (const [what, change] of Object.entries(changes)) {
  test(`a chain fails: ${what}`, async () => {
    const changed = change(two)
    assert.notEqual(changed, two)
    const { result, dmarc, about } = await examine(changed)
    assert.deepEqual([result, dmarc, about === undefined], ['fail', undefined, false])
  })
}

test('a key that is too short, missing or not to be had fails it', async () => {
  const short = await sealed(mail, { domain: 'weak.example', cv: 'none', key: weak })
  assert.equal((await examine(short)).result, 'fail')
  const missing = await examine(two, { ...zone, 's._domainkey.one.example': 'ENOTFOUND' })
  assert.deepEqual([missing.result, missing.about], ['fail', 'no key for s._domainkey.one.example'])
  const silent = await examine(two, { ...zone, 's._domainkey.one.example': 'ESERVFAIL' })
  assert.deepEqual([silent.result, silent.about], ['fail', 'no answer for a key'])
})

test('a chain of fifty is looked at to its end', { timeout: 120_000 }, async () => {
  let content = mail
  for (let i = 1; i <= 50; i++)
    content = await sealed(content, { domain: 'one.example', cv: i === 1 ? 'none' : 'pass' })
  const { result, sealers } = await examine(content)
  assert.deepEqual([result, sealers.length], ['pass', 50])
})
