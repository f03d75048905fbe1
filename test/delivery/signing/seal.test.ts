/** Seals of mail that is handed on, looked at by ourselves and by dkimpy. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import type { ArcFinding } from '../../../machines/vocabulary/findings.ts'
import { MessageExaminer } from '../../../src/authentication/message/examiner.ts'
import { loadSigners, type ToSeal } from '../../../src/delivery/signing/index.ts'
import { zoneResolver } from '../../authentication/message/zone.ts'
import { requireModule } from '../../programs.ts'
import { houseWithKeys, inPieces, mail } from './house.ts'

const house = await houseWithKeys()
const signers = await loadSigners(house.config)
const prefix = mail([
  'Delivered-To: sales@example.org',
  'Received: from x by mx.example.org; Thu, 1 Jan 2026 00:00:00 +0000',
])
const message = mail([
  ...[
    'DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=x; h=from; bh=AAAA; b=AAAA',
    'From: Eve',
    ' <eve@example.com>',
  ],
  ...['To: sales@example.org', 'Subject: h\u00e9llo', '', 'a  b\t c  ', '.dot', '', ''],
])
const results =
  'mx.example.org;\r\n\tspf=pass smtp.mailfrom=eve@example.com;\r\n\tdmarc=pass (p=none) header.from=example.com'
const none: ArcFinding = { result: 'none', sealers: [] }

const seal = async (content: string, more: Partial<ToSeal> = {}): Promise<string> => {
  const lines = await signers.seal({
    domain: 'example.org',
    content: inPieces(content),
    prefix,
    arc: none,
    results,
    ...more,
  })
  return lines === '' ? '' : lines + (more.prefix ?? prefix) + content
}
const resolver = zoneResolver(
  Object.fromEntries([...house.records].map(([name, record]) => [name, { TXT: [[record]] }])),
)
const look = async (content: string): Promise<ArcFinding> => {
  const examiner = new MessageExaminer({ resolver, hostname: 'mx.example.net', draw: 0 })
  examiner.push(Buffer.from(content))
  return (await examiner.end()).arc!
}
const dkimpy = (python: string, content: string): string => {
  const script = `
import sys, json, base64, dkim
given = json.load(sys.stdin)
records = given['records']
txt = lambda name, timeout=5: records[name.decode().rstrip('.')].encode()
print(dkim.arc_verify(base64.b64decode(given['message']), dnsfunc=txt)[0].decode())`
  const input = JSON.stringify({
    records: Object.fromEntries(house.records),
    message: Buffer.from(content).toString('base64'),
  })
  const { stdout, stderr } = spawnSync(python, ['-c', script], { input, encoding: 'utf8' })
  return stdout.trim() || stderr
}

test('a seal holds, and says what was found', async (t) => {
  const sealed = await seal(message)
  assert.match(sealed, /^ARC-Seal: i=1; a=rsa-sha256; .*cv=none; d=example\.org; s=rsa1;/)
  assert.match(sealed, /ARC-Message-Signature: [\s\S]*h=[\s\S]*DKIM-Signature/)
  assert.deepEqual(await look(sealed), { result: 'pass', sealers: ['example.org'], dmarc: 'pass' })
  const python = requireModule(t, 'dkim')
  if (python !== null) assert.equal(dkimpy(python, sealed), 'pass')
})

test('a chain that passed is sealed on, as often as it is handed on', async (t) => {
  const once = await seal(message)
  const twice = await seal(once, { arc: await look(once) })
  const thrice = await seal(twice, { arc: await look(twice) })
  assert.deepEqual(await look(thrice), {
    result: 'pass',
    sealers: Array(3).fill('example.org'),
    dmarc: 'pass',
  })
  const python = requireModule(t, 'dkim')
  if (python !== null) assert.equal(dkimpy(python, thrice), 'pass')
})

test('a chain that failed is sealed as failed, and then no more', async () => {
  const broken = (await seal(message)).replace('.dot', '.dots')
  const arc = await look(broken)
  assert.equal(arc.result, 'fail')
  const sealed = await seal(broken, { arc })
  assert.match(sealed, /^ARC-Seal: i=2; .*cv=fail/)
  const again = await look(sealed)
  assert.equal(again.result, 'fail')
  assert.equal(await seal(sealed, { arc: again }), '')
})

test('a chain that was said to pass, and does not hang together, is not sealed as passed', async () => {
  const once = await seal(message)
  const without = once.replace(/^ARC-Seal: [\s\S]*?\r\n(?=A)/, '')
  assert.equal(await seal(without, { arc: { result: 'pass', sealers: ['example.org'] } }), '')
  assert.equal(await seal(once, { arc: none }), '', 'one that is there is not overlooked')
})

test('what could not be looked at is not sealed; nor is a header without end, nor for a domain without a key', async () => {
  const once = await seal(message)
  assert.equal(await seal(once, { arc: { result: 'fail', sealers: [], about: 'no answer for a key' } }), '')
  assert.equal(await seal(`${'X: y\r\n'.repeat(6000)}${message}`), '')
  assert.equal(
    await seal(`ARC-Seal: ${'x'.repeat(9000)}\r\n${message}`, { arc: { result: 'fail', sealers: [] } }),
    '',
  )
  assert.equal(await seal(message, { domain: 'example.net' }), '')
})

test('fifty sets are enough', { timeout: 120_000 }, async () => {
  let content = message
  let arc: ArcFinding = none
  for (let sets = 0; sets < 50; sets++) {
    content = await seal(content, { arc, prefix: '' })
    arc = { result: 'pass', sealers: [] }
  }
  assert.match(content, /^ARC-Seal: i=50;/)
  assert.equal((await look(content)).result, 'pass')
  assert.equal(await seal(content, { arc }), '')
})
