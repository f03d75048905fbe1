/** What other people's verifiers say of our signatures: opendkim, and dkimpy. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { loadSigners } from '../../../src/delivery/signing/index.ts'
import { requireProgram } from '../../programs.ts'
import { houseWithKeys, inPieces, mail } from './house.ts'
import { believed, dkimpy, opendkim } from './verifiers.ts'

const house = await houseWithKeys()
const signers = await loadSigners(house.config)
const prefix = mail(['Message-ID: <1@mx.example.org>', 'Date: Thu, 1 Jan 2026 00:00:00 +0000'])
const samples: Readonly<Record<string, string>> = {
  plain: mail(['From: Bob <bob@example.org>', 'To: ann@example.net', 'Subject: hello', '', 'Hello', '']),
  folded: mail([
    'FROM:  Bob',
    '  <bob@example.org>',
    'To: ann@example.net,',
    '\tbea@example.net',
    'Subject: x',
    'Resent-To: one@example.net',
    'Resent-To: two@example.net',
    'Content-Type: text/plain;  charset=utf-8',
    '',
    'a  b\t c  ',
    ' \t',
    '.dot',
    '',
    '',
  ]),
  international: mail(['From: Bj\u00f6rn <bob@example.org>', 'Subject: \u96ea', '', '\u96ea\u3000\u96ea']),
  bodiless: mail(['From: bob@example.org', '']),
}
const signed = async (text: string): Promise<string> =>
  (await signers.sign({ sender: '', from: 'example.org', content: inPieces(text), prefix })) + prefix + text

for (const [name, text] of Object.entries(samples)) {
  test(`dkimpy believes both signatures: ${name}`, async (t: TestContext) => {
    if (requireProgram(t, 'dkimverify') === null) return
    assert.deepEqual(await dkimpy(await signed(text), house), ['ed1 pass', 'rsa1 pass'])
  })
  test(`opendkim believes the RSA signature: ${name}`, async (t: TestContext) => {
    const program = requireProgram(t, 'opendkim')
    if (program === null) return
    assert.match(await opendkim(await signed(text), { program, signed: house }), believed)
  })
}

test('dkimpy sees that a From was added', async (t: TestContext) => {
  if (requireProgram(t, 'dkimverify') === null) return
  const said = await dkimpy(`From: eve@example.com\r\n${await signed(samples.plain!)}`, house)
  assert.doesNotMatch(said.join(), /pass/)
})

test('opendkim sees that the body was changed', async (t: TestContext) => {
  const program = requireProgram(t, 'opendkim')
  if (program === null) return
  const changed = (await signed(samples.plain!)).replace('Hello', 'Goodbye')
  assert.doesNotMatch(await opendkim(changed, { program, signed: house }), /succeeded/)
})
