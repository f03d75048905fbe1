/** Signatures that mailauth's own verifier believes, and those it does not once something was changed or added. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { loadSigners, longestHead, mostLines } from '../../../src/delivery/signing/index.ts'
import { type House, houseWithKeys, inPieces, mail } from './house.ts'

const house = await houseWithKeys()
const signers = await loadSigners(house.config)
const prefix = mail([
  'Received: from client.example by mx.example.org with ESMTPA id 1; Thu, 1 Jan 2026 00:00:00 +0000',
  'Message-ID: <1@mx.example.org>',
  'Date: Thu, 1 Jan 2026 00:00:00 +0000',
])
const content = mail([
  'From: Bob <bob@example.org>',
  'To: ann@example.net',
  'Subject: a  long',
  '\tstory',
  '',
  'Once  upon',
  'a time. ',
  '',
  '',
])
const sign = (text = content, from: string | null = 'example.org') =>
  signers.sign({ sender: 'bob@example.org', from, content: inPieces(text), prefix })

const verdicts = async (message: string, { records }: House = house): Promise<string[]> => {
  const { results } = await dkimVerify(Buffer.from(message), {
    resolver: async (name: string) => {
      const record = records.get(name)
      if (record === undefined) throw Object.assign(new Error('none'), { code: 'ENOTFOUND' })
      return [[record]]
    },
  })
  return results.map(({ selector, status }) => `${selector} ${status?.result}`).sort()
}
/** The tag's value in each signature, white space removed. */
const tags = (signatures: string, tag: string): string[] =>
  signatures
    .split(/(?=^DKIM-Signature:)/m)
    .map((one) => new RegExp(`[;:]\\s*${tag}=([^;]*)`).exec(one)?.[1]?.replace(/\s/g, '') ?? '')

test('both keys sign, and what they sign is believed', async () => {
  const signatures = await sign()
  assert.deepEqual(tags(signatures, 'a').sort(), ['ed25519-sha256', 'rsa-sha256'])
  assert.deepEqual(tags(signatures, 'c'), ['relaxed/relaxed', 'relaxed/relaxed'])
  assert.deepEqual(tags(signatures, 'd'), ['example.org', 'example.org'])
  assert.deepEqual(await verdicts(signatures + prefix + content), ['ed1 pass', 'rsa1 pass'])
})

test('lines are folded and end in CRLF', async () => {
  const lines = (await sign()).split('\r\n')
  assert.equal(lines.pop(), '')
  assert.ok(!lines.join('').includes('\n'))
  for (const line of lines) assert.ok(line.length <= 78 && /^(?:DKIM-Signature: |[ \t]+\S)/.test(line), line)
})

test('lines in front are signed where their fields are, trace lines are not', async () => {
  const signatures = await sign()
  const names = tags(signatures, 'h')[0]!.toLowerCase().split(':')
  assert.ok(names.includes('message-id') && names.includes('date') && !names.includes('received'))
  const rewritten = prefix.replace('client.example', 'other.example')
  assert.deepEqual(await verdicts(signatures + rewritten + content), ['ed1 pass', 'rsa1 pass'])
  const redated = prefix.replace('Date: Thu', 'Date: Fri')
  assert.deepEqual(await verdicts(signatures + redated + content), ['ed1 fail', 'rsa1 fail'])
})

for (const line of [
  'From: eve@example.com',
  'Reply-To: eve@example.com',
  'Subject: another',
  'Cc: eve@example.com',
  'Date: Fri, 2 Jan 2026 00:00:00 +0000',
])
  test(`another field breaks the signatures: ${line}`, async () => {
    const signatures = await sign()
    const believed = await verdicts(mail([line]) + signatures + prefix + content)
    assert.deepEqual(believed, ['ed1 fail', 'rsa1 fail'])
  })

test('two fields of one name are both signed', async () => {
  const twice = `Subject: second\r\n${content}`
  const signatures = await sign(twice)
  assert.deepEqual(await verdicts(signatures + prefix + twice), ['ed1 pass', 'rsa1 pass'])
  const swapped = `Subject: a  long\r\n\tstory\r\n${content.replace(/Subject: a {2}long\r\n\tstory/, 'Subject: second')}`
  assert.deepEqual(await verdicts(signatures + prefix + swapped), ['ed1 fail', 'rsa1 fail'])
})

test('a changed body is not believed', async () => {
  const changed = content.replace('Once', 'Twice')
  assert.deepEqual(await verdicts((await sign()) + prefix + changed), ['ed1 neutral', 'rsa1 neutral'])
})

test('an empty body, none at all, and bytes beyond ASCII', async () => {
  for (const text of [
    'From: bob@example.org\r\n\r\n',
    'From: bob@example.org\r\n',
    'From: Bj\u00f6rn <bob@example.org>\r\nSubject: \u96ea\r\n\r\n\u96ea\r\n',
  ])
    assert.deepEqual(await verdicts((await sign(text)) + prefix + text), ['ed1 pass', 'rsa1 pass'])
})

test('the time of the signature is what was said', async () => {
  const at = Date.UTC(2026, 0, 1)
  const signed = await signers.sign({
    sender: '',
    from: 'example.org',
    content: inPieces(content),
    prefix,
    at,
  })
  assert.deepEqual(tags(signed, 't'), [String(at / 1000), String(at / 1000)])
})

test('domains in any case or as A-labels; no signature for others, and their content is closed', async () => {
  assert.notEqual(await sign(content, 'EXAMPLE.org'), '')
  assert.ok(signers.has('Example.ORG') && !signers.has('sub.example.org'))
  for (const from of ['example.net', 'sub.example.org', '', null]) {
    const unread = Readable.from(inPieces(content))
    assert.equal(await signers.sign({ sender: '', from, content: unread, prefix }), '')
    assert.ok(unread.destroyed)
  }
})

test('no signature without From, and none for a header too long to hold', async () => {
  assert.equal(await sign('Subject: x\r\n\r\nx\r\n'), '')
  assert.equal(await sign(`From: bob@example.org\r\nX-Long: ${'x'.repeat(longestHead)}\r\n\r\nx\r\n`), '')
  assert.equal(await sign(`From: bob@example.org\r\nX: ${'\r'.repeat(9)}y\r\n\r\nx\r\n`), '')
  assert.equal(await sign(`From: bob@example.org\r\n${'X: y\r\n'.repeat(mostLines)}\r\nx\r\n`), '')
})

test('content that is given up is closed', async () => {
  const unread = Readable.from(inPieces(`X: ${'x'.repeat(longestHead)}${content}`))
  await signers.sign({ sender: '', from: 'example.org', content: unread, prefix })
  assert.ok(unread.destroyed)
})

test('a body that cannot be read to its end is an error, not a signature', async () => {
  const broken = async function* () {
    yield* inPieces(content)
    throw new Error('the disk is gone')
  }
  await assert.rejects(
    signers.sign({ sender: '', from: 'example.org', content: broken(), prefix }),
    /the disk is gone/,
  )
})

test('50 MB pass by without being held', async () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const held = (): number => {
    collect()
    return process.memoryUsage().arrayBuffers
  }
  const text = `${'0123456789'.repeat(7)}\r\n`.repeat(910) // 64 KiB
  const before = held()
  let most = 0
  const large = async function* () {
    yield Buffer.from(content)
    for (let at = 0; at < 800; at++) {
      yield Buffer.from(text)
      if (at % 100 === 99) most = Math.max(most, held())
    }
  }
  const signed = await signers.sign({ sender: '', from: 'example.org', content: large(), prefix })
  assert.notEqual(signed, '')
  assert.ok(most > 0 && most - before < 16 * 1024 * 1024, `${most - before} bytes were held`)
})
