/** Sessions of the real machine, for tests and measurements of replay. */
import type { SessionPolicy } from '../../machines/session/policy.ts'
import type { Said } from './recorder.ts'

export const policy: SessionPolicy = {
  service: 'mx',
  hostname: 'mx.example.org',
  authentication: 'none',
  startTls: true,
  ownAddressesOnly: false,
  bareNewlines: 'refuse',
  magicRecipients: false,
  limits: {
    messageSize: 52_428_800,
    recipients: 1000,
    contentLine: 998,
    errors: 20,
    idleCommands: 100,
    loginFailures: 3,
    messages: 1000,
    received: 100,
  },
}
export const policyHash = 'a1b2c3d4e5f60718'

const peer = { address: '192.0.2.7', port: 40_123, name: null }

export type Mail = {
  readonly message: string
  readonly size: number
  readonly sha256: string
  readonly recipients?: readonly string[]
}

const opening: Said = {
  input: {
    type: 'OPEN',
    service: 'mx',
    local: { address: '192.0.2.1', port: 25 },
    peer,
    proxy: null,
    tls: null,
    policy: policyHash,
    trusted: false,
    node: 'mx',
    door: 'open',
  } as Said['input'],
}

const recipientSaid = (recipient: string): Said => ({
  line: `RCPT TO:<${recipient}>`,
  input: { type: 'RCPT', recipient, place: placeOf(recipient) } as Said['input'],
})
const placeOf = (recipient: string) =>
  recipient.endsWith('@example.org')
    ? { kind: 'mailbox', mailbox: recipient }
    : { kind: 'foreign', nextHop: recipient.slice(recipient.indexOf('@') + 1) }

const mailSaid = ({ message, size, sha256, recipients = ['ann@example.org'] }: Mail): Said[] => [
  {
    line: 'MAIL FROM:<bob@example.net>',
    input: { type: 'MAIL', sender: 'bob@example.net' } as Said['input'],
  },
  ...recipients.map(recipientSaid),
  { line: 'DATA', input: { type: 'DATA' } },
  {
    line: `(${size} bytes)`,
    input: {
      type: 'CONTENT',
      message,
      size,
      sha256,
      received: 0,
      subject: 'Hello',
      from: 'Bob <bob@example.net>',
      messageId: `<${message}@example.net>`,
    } as Said['input'],
  },
]

/** One whole session: greeting, EHLO, the mails, QUIT. */
export const sessionSaid = (mails: readonly Mail[]): Said[] => [
  opening,
  { line: 'EHLO client.example.net', input: { type: 'EHLO', helo: 'client.example.net' } as Said['input'] },
  ...mails.flatMap(mailSaid),
  { line: 'QUIT', input: { type: 'QUIT' } },
]
