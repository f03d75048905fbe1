/** With Postfix at the far side: pipelining, STARTTLS, and mail filed by its own delivery agent. */
import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startPostfix } from '../../../bench/postfix.ts'
import { makeCertificate } from '../../../src/config/own-certificate.ts'
import { scratch } from '../../server.ts'
import { assertSigned, assertWhole } from './arrived.ts'
import { atEnd, begunAsRoot, type House, house, next } from './house.ts'
import { filed, filedIn, makeMailFolder, nobody, withCrlf, withLf } from './maildir.ts'
import { international, mails } from './mails.ts'

type Far = { readonly house: House; readonly maildir: (name: string) => string }

const inline = (rows: Readonly<Record<string, string>>): string =>
  `inline:{ ${Object.entries(rows)
    .map(([key, value]) => `{ ${key} = ${value} }`)
    .join(', ')} }`

const people = ['bob', 'carl', 'busy', 'j\u00f6rg']

const parameters = (directory: string): Readonly<Record<string, string>> => ({
  virtual_mailbox_domains: 'far.example',
  virtual_transport: 'virtual',
  virtual_mailbox_base: makeMailFolder(directory),
  virtual_mailbox_maps: inline(Object.fromEntries(people.map((name) => [`${name}@far.example`, `${name}/`]))),
  virtual_uid_maps: `static:${nobody}`,
  virtual_gid_maps: `static:${nobody}`,
  // What a client on loopback sends is not to be completed.
  local_header_rewrite_clients: '',
  smtpd_recipient_restrictions: `check_recipient_access ${inline({ 'busy@far.example': '450 4.2.1 come back later' })}, permit_mynetworks`,
  message_size_limit: '1500000',
  smtpd_tls_security_level: 'may',
  smtpd_tls_cert_file: join(directory, 'cert.pem'),
  smtpd_tls_key_file: join(directory, 'key.pem'),
})

const startFar = async (): Promise<Far> => {
  const directory = scratch('postfix')
  chmodSync(directory, 0o755)
  const { cert, key } = await makeCertificate({ hostname: 'localhost', now: new Date() })
  writeFileSync(join(directory, 'cert.pem'), cert)
  writeFileSync(join(directory, 'key.pem'), key, { mode: 0o600 })
  const running = await startPostfix(directory, new Map(), {
    parameters: parameters(directory),
    services: ['virtual unix - n n - - virtual', 'tlsmgr unix - - n 1000? 1 tlsmgr'],
  })
  atEnd(() => running.stop())
  return {
    house: await house(`127.0.0.1:${running.port}`),
    maildir: (name) => join(directory, 'mail', name),
  }
}

const farSide = begunAsRoot('postfix', startFar)

// The first test: later ones find a connection that is kept.
test('STARTTLS is used, and the envelope leaves in one go', async (t) => {
  const far = await farSide(t)
  if (far === null) return
  const { dialogue, extensions } = await next(
    far.house.attempts(await far.house.submit(mails.plain!, ['bob@far.example'])),
  )
  for (const keyword of ['PIPELINING', 'STARTTLS', 'SIZE', '8BITMIME', 'SMTPUTF8'])
    assert.ok(extensions.includes(keyword), `${keyword} of ${extensions}`)
  assert.match(dialogue, /C: STARTTLS\nS: 220 .*\n+C: EHLO/)
  assert.match(dialogue, /C: MAIL FROM:.*\nC: RCPT TO:.*\nC: DATA\n/)
})

for (const [name, mail] of Object.entries(mails))
  test(`${name} is filed as it left, and signed`, async (t) => {
    const far = await farSide(t)
    if (far === null) return
    const message = await far.house.submit(mail, ['bob@far.example'])
    const attempt = await next(far.house.attempts(message))
    assert.deepEqual(attempt.outcomes, ['bob@far.example delivered 250'])
    const arrived = await filed(far.maildir('bob'), message)
    assertWhole(arrived, withLf(await far.house.left(message, mail)))
    await assertSigned(t, withCrlf(arrived), far.house.keys)
  })

test('two recipients, one unknown, one put off: each has an answer of its own', async (t) => {
  const far = await farSide(t)
  if (far === null) return
  const to = ['bob', 'nobody', 'busy', 'carl'].map((name) => `${name}@far.example`)
  const message = await far.house.submit(mails.plain!, to)
  const attempts = far.house.attempts(message)
  const first = await next(attempts)
  assert.deepEqual(first.outcomes, [
    'bob@far.example delivered 250',
    'nobody@far.example failed 550',
    'busy@far.example deferred 450',
    'carl@far.example delivered 250',
  ])
  assert.equal(first.replies.get('nobody@far.example')?.enhanced, '5.1.1')
  assert.deepEqual((await next(attempts)).outcomes, ['busy@far.example deferred 450'])
  for (const name of ['bob', 'carl']) await filed(far.maildir(name), message)
  const copies = [...filedIn(far.maildir('bob')), ...filedIn(far.maildir('carl'))]
  assert.equal(copies.filter((mail) => mail.includes(message)).length, 2)
})

test('addresses and header beyond ASCII', async (t) => {
  const far = await farSide(t)
  if (far === null) return
  const message = await far.house.submit(international, ['j\u00f6rg@far.example'])
  const attempt = await next(far.house.attempts(message))
  assert.deepEqual(attempt.outcomes, ['j\u00f6rg@far.example delivered 250'])
  const arrived = await filed(far.maildir('j\u00f6rg'), message)
  assertWhole(arrived, withLf(await far.house.left(message, international)))
  await assertSigned(t, withCrlf(arrived), far.house.keys)
})

test('beyond its size: refused before the content is sent', async (t) => {
  const far = await farSide(t)
  if (far === null) return
  const large = mails['a megabyte']!
  const twice = { ...large, content: Buffer.concat([large.content, large.content]) }
  const attempt = await next(far.house.attempts(await far.house.submit(twice, ['bob@far.example'])))
  assert.deepEqual([attempt.type, attempt.outcomes], ['Failed', ['bob@far.example failed 552']])
  assert.doesNotMatch(attempt.dialogue, /C: MAIL/)
})
