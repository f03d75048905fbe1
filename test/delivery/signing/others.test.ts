/** What other people's verifiers say of our signatures: opendkim, and dkimpy. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { loadSigners } from '../../../src/delivery/signing/index.ts'
import { requireProgram } from '../../programs.ts'
import { type House, houseWithKeys, inPieces, mail } from './house.ts'

const run = promisify(execFile)
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

const python = async (message: string, { records }: House): Promise<string> => {
  const child = run('/usr/bin/python3', [new URL('verify.py', import.meta.url).pathname])
  const given = { records: Object.fromEntries(records), message: Buffer.from(message).toString('base64') }
  child.child.stdin?.end(JSON.stringify(given))
  return (await child).stdout
}

/** What `opendkim -t` says of a file; keys come from a file instead of DNS. */
const opendkim = async (program: string, name: string, message: string): Promise<string> => {
  const { at, records } = house
  const keys = [...records].map(([key, value]) => `${key} ${value}`).join('\n')
  writeFileSync(join(at, 'keys'), `${keys}\n`)
  writeFileSync(
    join(at, 'opendkim.conf'),
    `Mode v\nSyslog no\nTestPublicKeys ${join(at, 'keys')}\nInternalHosts ${join(at, 'hosts')}\n`,
  )
  writeFileSync(join(at, 'hosts'), '192.0.2.99\n')
  const file = join(at, `${name}.eml`)
  writeFileSync(file, message)
  const { stdout, stderr } = await run(program, ['-x', join(at, 'opendkim.conf'), '-vvv', '-t', file])
  return stdout + stderr
}

for (const [name, text] of Object.entries(samples)) {
  test(`dkimpy believes both signatures: ${name}`, async (t: TestContext) => {
    if (requireProgram(t, 'dkimverify') === null) return
    const said = (await python(await signed(text), house)).trim().split('\n').sort()
    assert.deepEqual(said, ['ed1 pass', 'rsa1 pass'])
  })
  test(`opendkim believes the RSA signature: ${name}`, async (t: TestContext) => {
    const program = requireProgram(t, 'opendkim')
    if (program === null) return
    const said = await opendkim(program, name, await signed(text))
    assert.match(said, /verification \(s=rsa1,? ?d=example\.org.*\) succeeded/, said)
  })
}

test('dkimpy sees that a From was added', async (t: TestContext) => {
  if (requireProgram(t, 'dkimverify') === null) return
  const said = await python(`From: eve@example.com\r\n${await signed(samples.plain!)}`, house)
  assert.doesNotMatch(said, /pass/)
})

test('opendkim sees that the body was changed', async (t: TestContext) => {
  const program = requireProgram(t, 'opendkim')
  if (program === null) return
  const changed = (await signed(samples.plain!)).replace('Hello', 'Goodbye')
  assert.doesNotMatch(await opendkim(program, 'changed', changed), /succeeded/)
})
