/** Clients nobody would invent: any commands in any order, cut into any packets. */
import fc from 'fast-check'

/** What must never be in a history, whatever a client does with it. */
export const secret = 'sesam3-0pen-MARKER'
const base64 = (text: string): string => Buffer.from(text).toString('base64')
/** The forms in which it travels. */
export const secretForms: readonly string[] = [
  secret,
  base64(secret),
  base64(`\0alice\0${secret}`),
  base64(`alice\0alice\0${secret}`),
  Buffer.from(secret).toString('hex'),
]

const any = fc.constantFrom

const hello = any('EHLO client.example', 'HELO client.example', 'ehlo [192.0.2.1]', 'EHLO', 'HELO a b')
const mail = any(
  'MAIL FROM:<a@b.example>',
  'MAIL FROM:<>',
  'mail from: <alice@example.org> SIZE=100 BODY=8BITMIME',
  'MAIL FROM:<a@b.example> SIZE=999999999',
  'MAIL FROM:<ä@b.example> SMTPUTF8',
  'MAIL FROM:<a@b.example> RET=HDRS ENVID=x+2By',
  'MAIL FROM:<a>',
  'MAIL',
  'MAIL FROM:<a@b.example> FOO=1',
)
const recipient = any(
  'RCPT TO:<alice@example.org>',
  'RCPT TO:<bob@example.org> NOTIFY=NEVER',
  'RCPT TO:<nobody@example.org>',
  'RCPT TO:<a@elsewhere.example>',
  'RCPT TO:<Postmaster>',
  'RCPT TO:<ä@example.org>',
  'RCPT TO:<>',
  'RCPT',
)
const other = any(
  'RSET',
  'NOOP',
  'NOOP words',
  'VRFY alice',
  'VRFY',
  'EXPN all',
  'HELP',
  'HELP MAIL',
  'DATA',
  'DATA now',
  'STARTTLS',
  'BDAT 3 LAST',
  'FOO',
  '',
  '.',
  'GET / HTTP/1.1',
  'XCLIENT ADDR=192.0.2.7 NAME=a.example',
  'XCLIENT LOGIN=alice',
  'XCLIENT nonsense',
)
const login = any(
  `AUTH PLAIN ${base64(`\0alice\0${secret}`)}\r\n`,
  `AUTH PLAIN\r\n${base64(`\0alice\0${secret}`)}\r\n`,
  `AUTH LOGIN\r\n${base64('alice')}\r\n${base64(secret)}\r\n`,
  `AUTH LOGIN ${base64('alice')}\r\n${base64(secret)}\r\n`,
  `AUTH LOGIN\r\n*\r\n${base64(secret)}\r\n`,
  `AUTH LOGIN ${base64(secret)}\r\n*\r\n`,
  `AUTH PLAIN =\r\n${base64(`\0alice\0${secret}`)}\r\n`,
  `AUTH PLAIN ${base64('alice')}\r\n${secret}\r\n`,
  `AUTH CRAM-MD5\r\n${base64(secret)}\r\n${secret}\r\n`,
  `AUTH ${secret}\r\n`,
  `AUTH ${base64(secret)}\r\n`,
  `AUTH PLAIN${base64(secret)}\r\n`,
  `AUTH PLAIN ${secret} ${secret}\r\n`,
  `AUTH\r\nAUTH PLAIN \t${secret}\r\n`,
  `auth\t${secret}\r\n`,
  `AUTH=PLAIN ${base64(`\0alice\0${secret}`)}\r\n`,
  ` AUTH PLAIN ${base64(`\0alice\0${secret}`)}\r\n`,
  `AUTH LOGIN\r\n${secret}\r\n${secret}\r\n`,
  `AUTH PLAIN ${base64(`\0alice\0wrong`)}\r\n${base64(secret)}\r\n${secret}\r\n`,
)
const content = any(
  'DATA\r\nFrom: alice@example.org\r\nSubject: x\r\n\r\nbody\r\n.\r\n',
  'DATA\r\n.\r\n',
  'DATA\r\n..\r\n.x\r\n\r\n.\r\n',
  'DATA\r\nbare\nnewline\r\n.\r\n',
  'DATA\r\n\0\r\n.\r\n',
  `DATA\r\n${'Received: x\r\n'.repeat(6)}\r\n.\r\n`,
  `DATA\r\n${'y'.repeat(2500)}\r\n.\r\n`,
  `DATA\r\n${`${'z'.repeat(998)}\r\n`.repeat(70)}.\r\n`,
  `DATA\r\n${`${'z'.repeat(998)}\r\n`.repeat(110)}.\r\n`,
)
const junk = fc
  .uint8Array({ maxLength: 40 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'))
  .filter((text) => !text.includes('\n'))

const line = (text: string): string => `${Buffer.from(text, 'utf8').toString('latin1')}\r\n`
const transaction = fc
  .tuple(
    fc.oneof(any('MAIL FROM:<a@b.example>', 'MAIL FROM:<>'), mail),
    fc.array(recipient, { minLength: 1, maxLength: 4 }),
    content,
  )
  .map(([from, to, data]) => [from, ...to].map(line).join('') + data)

const piece = fc.oneof(
  { weight: 3, arbitrary: hello.map(line) },
  { weight: 3, arbitrary: mail.map(line) },
  { weight: 3, arbitrary: recipient.map(line) },
  { weight: 4, arbitrary: other.map(line) },
  { weight: 3, arbitrary: login },
  { weight: 2, arbitrary: content },
  { weight: 9, arbitrary: transaction },
  { weight: 2, arbitrary: junk.map((text) => `${text}\r\n`) },
  { weight: 1, arbitrary: junk },
  {
    weight: 1,
    arbitrary: any('QUIT\r\n', 'QUIT now\r\n', `NOOP ${'n'.repeat(2500)}\r\n`, `${'N'.repeat(13_000)}\r\n`),
  },
)

export type Client = {
  readonly packets: readonly Buffer[]
  /** `half`: closes its side in the end; `gone`: the connection breaks; both without waiting for anything. */
  readonly end: 'half' | 'gone'
}

/** Cuts `text` at these places, counted over its length. */
const cut = (text: string, places: readonly number[]): Buffer[] => {
  const bytes = Buffer.from(text, 'latin1')
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...at].map((start, index) => bytes.subarray(start, at[index] ?? bytes.length))
}

export const client: fc.Arbitrary<Client> = fc
  .record({
    pieces: fc.array(piece, { maxLength: 14 }),
    cuts: fc.array(fc.nat(), { maxLength: 12 }),
    start: fc.oneof(
      { weight: 2, arbitrary: transaction.map((text) => `EHLO client.example\r\n${text}`) },
      { weight: 2, arbitrary: any('EHLO client.example\r\n') },
      { weight: 1, arbitrary: any('') },
    ),
    end: fc.constantFrom<Client['end']>('half', 'half', 'gone'),
  })
  .map(({ pieces, cuts, start, end }) => ({
    packets: cut(start + pieces.join(''), cuts).filter((packet) => packet.length > 0),
    end,
  }))
