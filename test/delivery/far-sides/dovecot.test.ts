/** With Dovecot's LMTP at the far side: users that are not there, a mailbox that is full, and mail filed byte for byte. */
import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort, start } from '../../../bench/process.ts'
import { scratch } from '../../server.ts'
import { assertSigned, assertWhole } from './arrived.ts'
import { atEnd, begunAsRoot, type House, house, next } from './house.ts'
import { filed, filedIn, makeMailFolder, nobody } from './maildir.ts'
import { mails } from './mails.ts'

type Far = { readonly house: House; readonly maildir: (name: string) => string }

const settings = (directory: string, port: number): string => `
protocols = lmtp
listen = 127.0.0.1
base_dir = ${join(directory, 'run')}
state_dir = ${join(directory, 'state')}
log_path = ${join(directory, 'log')}
ssl = no
first_valid_uid = ${nobody}
first_valid_gid = ${nobody}
mail_location = maildir:${join(directory, 'mail')}/%n
# As it came, not with the line ends of this system.
mail_save_crlf = yes
hostname = far.example
mail_plugins = quota
plugin {
  quota = count:mailbox
  quota_vsizes = yes
}
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = passwd-file
  args = ${join(directory, 'users')}
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${port}
  }
}
`

const user = (name: string, more = ''): string =>
  `${name}@far.example::${nobody}:${nobody}::/nonexistent::${more}\n`
const users = `${user('bob')}${user('carl')}${user('small', 'userdb_quota_rule=*:bytes=10000')}`

const startFar = async (command: string): Promise<Far> => {
  const directory = scratch('dovecot')
  chmodSync(directory, 0o755)
  const port = await freePort()
  const mail = makeMailFolder(directory)
  writeFileSync(join(directory, 'users'), users)
  writeFileSync(join(directory, 'dovecot.conf'), settings(directory, port))
  const running = await start({ command, args: ['-F', '-c', join(directory, 'dovecot.conf')], port })
  atEnd(() => running.stop())
  return { house: await house(`lmtp://127.0.0.1:${port}`), maildir: (name) => join(mail, name) }
}

const farSide = begunAsRoot('dovecot', startFar)

for (const [name, mail] of Object.entries(mails))
  test(`${name} is filed byte for byte, and signed`, async (t) => {
    const far = await farSide(t)
    if (far === null) return
    const message = await far.house.submit(mail, ['bob@far.example'])
    const attempt = await next(far.house.attempts(message))
    assert.deepEqual(attempt.outcomes, ['bob@far.example delivered 250'])
    const arrived = await filed(far.maildir('bob'), message)
    assertWhole(arrived, await far.house.left(message, mail))
    await assertSigned(t, arrived, far.house.keys)
  })

test('a user that is not there is refused, the others have the mail', async (t) => {
  const far = await farSide(t)
  if (far === null) return
  const to = ['bob', 'nobody', 'carl'].map((name) => `${name}@far.example`)
  const message = await far.house.submit(mails.plain!, to)
  const attempt = await next(far.house.attempts(message))
  assert.deepEqual(attempt.outcomes, [
    'bob@far.example delivered 250',
    'nobody@far.example failed 550',
    'carl@far.example delivered 250',
  ])
  const refused = attempt.replies.get('nobody@far.example')
  assert.deepEqual([refused?.enhanced, refused?.command], ['5.1.1', 'RCPT'])
  for (const name of ['bob', 'carl']) await filed(far.maildir(name), message)
})

test('a mailbox that is full: refused after the content, while another recipient has it', async (t) => {
  const far = await farSide(t)
  if (far === null) return
  const to = ['small', 'carl'].map((name) => `${name}@far.example`)
  const message = await far.house.submit(mails['a megabyte']!, to)
  const attempt = await next(far.house.attempts(message))
  assert.equal(attempt.outcomes[1], 'carl@far.example delivered 250')
  const refused = attempt.replies.get('small@far.example')
  assert.deepEqual([refused?.code, refused?.enhanced, refused?.command], [552, '5.2.2', 'content'])
  assert.deepEqual(filedIn(far.maildir('small')), [])
})
