/** The lines that the page gives to copy: for the listeners that the server has, on their ports. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type SmtpListener, sendingLines } from '../../src/web/pieces/sending-lines.ts'

const at = (service: SmtpListener['service'], port: number, address = '0.0.0.0'): SmtpListener => ({
  ...{ service, port, address },
})
const all = [at('mx', 10025), at('submission', 10587), at('submissions', 10465)]
const rest = { to: ['you@example.org'], pageHost: 'mx.example.org', account: null } as const
const body = (from: string) => `printf 'From: ${from}\\r\\nSubject: Hello\\r\\n\\r\\nIt works\\r\\n'`

test('strangers hand in at mx, wherever that is', () => {
  assert.deepEqual(sendingLines({ ...rest, smtp: all }), [
    'swaks --server mx.example.org:10025 --to you@example.org --header "Subject: Hello"',
    `${body('me@example.org')} | curl smtp://mx.example.org:10025 --mail-from me@example.org --mail-rcpt you@example.org -T -`,
  ])
  const [line] = sendingLines({ ...rest, smtp: [at('mx', 2600, '::1')], to: ['a@x.example', 'b@x.example'] })
  assert.match(line ?? '', /--server \[::1\]:2600 --to a@x\.example,b@x\.example /)
})

test('accounts submit, under TLS, and are asked for their password', () => {
  const account = 'ann@example.org'
  assert.deepEqual(sendingLines({ ...rest, smtp: all, account }), [
    'swaks --server mx.example.org:10587 --to you@example.org -tls --auth-user ann@example.org --from ann@example.org --header "Subject: Hello"',
    `${body(account)} | curl smtp://mx.example.org:10587 --ssl-reqd --user ann@example.org --mail-from ann@example.org --mail-rcpt you@example.org -T -`,
  ])
  const [swaks, curl] = sendingLines({ ...rest, smtp: [at('submissions', 10465, '127.0.0.1')], account })
  assert.match(swaks ?? '', /--server 127\.0\.0\.1:10465 .* -tlsc --auth-user/)
  assert.match(curl ?? '', /curl smtps:\/\/127\.0\.0\.1:10465 --ssl-reqd --user ann@example\.org --insecure /)
  // Where nothing is for accounts, mail for mailboxes here comes in as from anybody.
  assert.deepEqual(
    sendingLines({ ...rest, smtp: [at('mx', 25)], account }),
    sendingLines({ ...rest, smtp: [at('mx', 25)] }),
  )
})

test('where nobody could send, nothing is given to copy', () => {
  assert.deepEqual(sendingLines({ ...rest, smtp: [] }), [])
  assert.deepEqual(sendingLines({ ...rest, smtp: [at('submission', 587)] }), [])
})
