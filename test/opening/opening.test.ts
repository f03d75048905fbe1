/** Messages that were written to keep whoever opens them busy. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { type OpenerOptions, opener, TooManyWaiting, Unopened } from '../../src/opening/index.ts'

const told = { kind: 'told' } as const
let count = 0
const letter = (text: string) => ({
  ...{ message: String(++count), size: text.length, body: async () => Readable.from([Buffer.from(text)]) },
})
const letters = (t: TestContext, options: OpenerOptions = {}) => {
  const { open, close } = opener(options)
  t.after(close)
  return (text: string) => open(told, letter(text))
}

/** Each address takes a hundred bytes and more while it is taken apart. */
const manyAddresses = `To: ${'a,'.repeat(30_000)}\r\n`.repeat(16)

test('a message that takes too much memory ends its thread, and nothing else', async (t) => {
  const open = letters(t, { threads: 1, memory: 24, patience: 60_000 })
  await assert.rejects(open(manyAddresses), Unopened)
  assert.equal((await open('Subject: x\r\n\r\nhello')).text, 'hello\n')
})

test('a message that takes too long is given up, and the next has its turn', async (t) => {
  const open = letters(t, { threads: 1, patience: 1 })
  await assert.rejects(open(`\r\n${'x'.repeat(60_000_000)}`), Unopened)
  const patient = letters(t, { threads: 1 })
  assert.equal((await patient('Subject: x\r\n\r\nhello')).text, 'hello\n')
})

test('while one is taken apart others go on, and no more wait than there is room for', async (t) => {
  const open = letters(t, { threads: 1, waiting: 1 })
  const [first, second, third] = await Promise.allSettled([open('\r\n1'), open('\r\n2'), open('\r\n3')])
  assert.deepEqual([first.status, second.status], ['fulfilled', 'fulfilled'])
  assert.ok(third.status === 'rejected' && third.reason instanceof TooManyWaiting)
})

test('what cannot be read from where it is says so, and holds up nobody', async (t) => {
  const { open, close } = opener({ threads: 1 })
  t.after(close)
  const gone = async (): Promise<Readable> => {
    throw new Error('it is not there')
  }
  await assert.rejects(open(told, { ...letter(''), body: gone }), /it is not there/)
  const cut = async () =>
    Readable.from(
      (async function* () {
        yield Buffer.from('Subject: x\r\n')
        throw new Error('the disk is gone')
      })(),
    )
  await assert.rejects(open(told, { ...letter(''), body: cut }), /the disk is gone/)
  assert.equal((await open(told, letter('\r\nx'))).text, 'x\n')
})

test('names are bounded, however long they are written', async (t) => {
  const part = `Content-Type: application/x; name="${'n'.repeat(90_000)}"\r\nContent-ID: <${'i'.repeat(90_000)}>\r\n\r\nhi`
  const { attachments } = await letters(t)(
    `MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n${part}\r\n--x--\r\n`,
  )
  assert.equal(attachments.length, 1)
  assert.ok(JSON.stringify(attachments).length < 4_000, String(JSON.stringify(attachments).length))
})

test('a name is that of a file, in the order in which it is read', async (t) => {
  const name = Buffer.from('../a\\b/invoice\u202efdp\u0007.exe').toString('base64')
  const part = `Content-Disposition: attachment; filename="=?utf-8?B?${name}?="\r\n\r\nhi`
  const { attachments } = await letters(t)(
    `MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n${part}\r\n--x--\r\n`,
  )
  assert.equal(attachments[0]?.name, '.._a_b_invoicefdp.exe')
})

test('header fields are told as they stand and as they are read, and addresses are taken apart before they are decoded', async (t) => {
  const { headers, from, replyTo, to, cc } = await letters(t)(
    [
      'From: =?utf-8?q?M=C3=BCller=2C_=C3=84nne?= <anne@app.example>, bob@app.example',
      'Reply-To: =?utf-8?q?B=C3=BCro?= <buero@app.example>',
      'To: Team: ann@x.example, "Q, \\"R\\"" <q@x.example>;',
      'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= =?utf-8?q?_da=0D=0ABcc=3A?=',
      '',
      'hello',
    ].join('\r\n'),
  )
  assert.deepEqual(headers.at(-1), {
    name: 'subject',
    value: '=?utf-8?q?Gr=C3=BC=C3=9Fe?= =?utf-8?q?_da=0D=0ABcc=3A?=',
    text: 'Grüße da Bcc:',
  })
  assert.deepEqual(from, [
    { name: 'Müller, Änne', address: 'anne@app.example' },
    { name: '', address: 'bob@app.example' },
  ])
  assert.deepEqual(replyTo, [{ name: 'Büro', address: 'buero@app.example' }])
  assert.deepEqual(to, [
    { name: '', address: 'ann@x.example' },
    { name: 'Q, "R"', address: 'q@x.example' },
  ])
  assert.deepEqual(cc, [])
})
