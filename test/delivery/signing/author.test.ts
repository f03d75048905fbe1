/** In whose name a mail speaks: read from what is stored, and one name or none. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { authorDomainOf, loadSigners } from '../../../src/delivery/signing/index.ts'
import { houseWithKeys, inPieces, mail } from './house.ts'

const author = (text: string | Buffer, size = 64): Promise<string | null> =>
  authorDomainOf(Readable.from(inPieces(text, size)))

const cases: readonly (readonly [string, string | null])[] = [
  ['Bob <bob@Example.org>', 'example.org'],
  ['bob@b\u00fccher.example', 'xn--bcher-kva.example'],
  ['a@example.org, b@example.org', 'example.org'],
  ['a@example.org, b@example.net', null],
  ['"x <a@example.net>" <b@example.org>', 'example.org'],
  ['<a@example.net> <b@example.org>', null],
  ['nobody', null],
  ['', null],
  ['=?utf-8?q?Bob?= <bob@example.org>', 'example.org'],
  ['=?utf-8?q?=3Cbob=40example.net=3E?= <a@example.org>', 'example.org'],
]
for (const [from, domain] of cases)
  test(`From: ${from}`, async () => {
    assert.equal(await author(mail([`From: ${from}`, 'Subject: x', '', 'From: eve@example.com', ''])), domain)
  })

test('several From fields speak for one domain, or for none', async () => {
  const from = (...fields: string[]) => author(mail([...fields.map((field) => `From: ${field}`), '', 'x']))
  assert.equal(await from('a@example.org', 'b@example.org'), 'example.org')
  assert.equal(await from('a@example.org', 'b@example.net'), null)
  assert.equal(await author(mail(['Subject: x', '', 'From: a@example.org'])), null)
})

test('of a long body only the beginning is read', async () => {
  let read = 0
  const stored = Readable.from(
    (async function* () {
      yield Buffer.from('From: a@example.org\r\n\r\n')
      for (; read < 1000; read++) yield Buffer.alloc(64 * 1024)
    })(),
  )
  assert.equal(await authorDomainOf(stored), 'example.org')
  assert.ok(stored.destroyed && read < 100, `${read} pieces`)
})

test('an address hidden in an encoded word is not signed for', async () => {
  const house = await houseWithKeys()
  const signers = await loadSigners(house.config)
  const attack = (theirs: string, ours: string): string =>
    mail([`From: =?utf-8?q?=3Cbob=40${theirs}=3E_=22?= <alice@${ours}> (")`, 'Subject: x', '', 'x'])
  const signed = async (text: string): Promise<string> =>
    signers.sign({ sender: '', from: await author(text), content: inPieces(text), prefix: '' })
  assert.equal(await signed(attack('example.org', 'a.example')), '')
  assert.match(await signed(attack('b.example', 'example.org')), /^DKIM-Signature: /)
})
