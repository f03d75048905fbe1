/** Mails that are large, or strangely built: their beginnings are shown, and what came with them is whole. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import PostalMime from 'postal-mime'
import { decoded, fromBase64, fromQuotedPrintable } from '../../src/opening/decoding.ts'
import { partsOf } from '../../src/opening/parts.ts'
import { sketchOf } from '../../src/opening/sketch.ts'

const opened = (text: string) => partsOf(Buffer.from(text, 'latin1'))
const mixed = (...parts: readonly string[]): string =>
  `Subject: x\r\nContent-Type: multipart/mixed; boundary="a b"\r\n\r\nbefore\r\n${parts.map((part) => `--a b\r\n${part}\r\n`).join('')}--a b--\r\nbehind\r\n`

test('ten megabytes in short lines are readable from their beginning, and cost no more than what is shown', async () => {
  const mail = `Subject: x\r\n\r\n${'word word word\r\n'.repeat(600_000)}`
  const { told } = await opened(mail)
  assert.match(told.text ?? '', /^(?:word word word\n){10000}/)
  assert.match(told.text?.slice(-30) ?? '', /word word word\n$/)
  assert.equal(told.truncated, true)
  assert.deepEqual(
    told.headers.map(({ name }) => name),
    ['subject'],
  )
  // What the parser does for each line, it does for a few.
  const { bytes } = sketchOf(Buffer.from(mail))
  assert.ok(bytes.length < 4 * 1024 * 1024)
  assert.ok(Buffer.from(bytes).toString('latin1').split('\n').length < 10)
})

test('a header of megabytes is cut, and the body behind it is found', async () => {
  const filler = `X-Filler: ${'y'.repeat(60)}\r\n`.repeat(25_000)
  const { told } = await opened(
    `Subject: first\r\n${filler}Content-Type: text/html\r\nFrom: late@example.org\r\n\r\n<b>hello</b>`,
  )
  assert.equal(told.headers[0]?.value, 'first')
  assert.deepEqual(told.from, [{ name: '', address: 'late@example.org' }])
  assert.equal(told.html, '<b>hello</b>\n')
  assert.equal(told.truncated, true)
  const long = await opened(`Subject: ${'z'.repeat(2_000_000)}\r\nFrom: a@example.org\r\n\r\nhello`)
  assert.equal(long.told.text, 'hello\n')
  assert.ok(long.told.truncated && JSON.stringify(long.told).length < 100_000)
})

test('what is in thousands of multiparts is found, whether they can be told apart or not', async () => {
  const depth = 3_000
  for (const name of [(at: number) => `b${at}`, () => 'b']) {
    const inner = Array.from(
      { length: depth },
      (_, at) => `--${name(at)}\r\nContent-Type: multipart/mixed; boundary=${name(at + 1)}\r\n\r\n`,
    ).join('')
    const { told } = await opened(
      `Subject: x\r\nContent-Type: multipart/mixed; boundary=${name(0)}\r\n\r\n${inner}--${name(depth)}\r\n\r\nhello\r\n--${name(depth)}--\r\n`,
    )
    assert.deepEqual([told.headers[0]?.value, told.text, told.truncated], ['x', 'hello\n', true])
  }
})

test('of ten thousand parts the first are told', async () => {
  const { told } = await opened(
    mixed(
      ...Array.from({ length: 10_000 }, (_, at) => `Content-Type: image/png; name=${at}.png\r\n\r\n${at}`),
    ),
  )
  assert.equal(told.attachments.length, 200)
  assert.deepEqual([told.attachments[199]?.name, told.attachments[199]?.size], ['199.png', 3])
  assert.equal(told.truncated, true)
})

test('what came with a mail is whole, however it was encoded', async () => {
  const bytes = Buffer.from(Array.from({ length: 3 * 1024 * 1024 }, (_, at) => (at * 7 + (at >> 8)) & 0xff))
  const lines = bytes.toString('base64').replace(/.{76}/g, '$&\r\n')
  const plain = 'a,b\r\n'.repeat(600_000)
  const { told, bytes: found } = await opened(
    mixed(
      `Content-Type: application/pdf\r\nContent-Transfer-Encoding: (so) BASE64\r\n\r\n${lines}`,
      `Content-Type: text/csv\r\n\r\n${plain}`,
      'Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3D=\r\nb=E4',
      'Content-Type: message/rfc822\r\n\r\nSubject: within\r\n\r\n--a b c\r\n',
      '\r\nhello',
    ),
  )
  assert.deepEqual(
    told.attachments.map(({ type, size }) => [type, size]),
    [
      ['application/pdf', bytes.length],
      ['text/csv', plain.length],
      ['text/plain', 4],
      ['message/rfc822', 'Subject: within\r\n\r\n--a b c\r\n'.length],
    ],
  )
  assert.ok(Buffer.from(found.get('1')!).equals(bytes))
  // The line's end before what parts two parts belongs to that (RFC 2046 §5.1.1).
  assert.equal(Buffer.from(found.get('2')!).toString(), plain)
  assert.deepEqual([...found.get('3')!], [...Buffer.from('a=b\xe4', 'latin1')])
  assert.deepEqual([told.text, told.truncated], ['hello\n', false])
})

test('a usual mail reads as it would if it were parsed as a whole', async () => {
  const quoted = 'Content-Transfer-Encoding: quoted-printable\r\n'
  const latin = 'Content-Type: text/plain; charset=iso-8859-1\r\n'
  const inner = `Content-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\n${latin}${quoted}\r\nGr=FC=DFe=\r\n !\r\n--in\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+R3LDvMOfZTwvYj4=\r\n--in--\r\n`
  const mails = [
    'Subject: x\r\n\r\nhello\r\n',
    'Subject: x\n\nhello\n\nyou',
    'Subject: only a header\r\n',
    '',
    '\r\n',
    `${latin}${quoted}\r\nGr=FC=DFe`,
    'Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\r\n\r\na \r\nb\r\n\r\n-- \r\nc',
    'Content-Type: text/html\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<p>\r\n\xc3\xa4</p>',
    mixed(inner, `Content-Type: text/plain\r\nContent-Disposition: inline\r\n\r\nsecond\r\n--\r\n--a bc`),
    mixed(inner).replace('--a b--', 'never ended'),
    mixed('Content-Type: text/plain', '', 'X: y\r\n\r\n--a b \r\n\r\nz'),
    'Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\nnot told apart\r\n--x--',
    'Content-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\nSubject: y\r\n\r\nz\r\n--x--',
    'Content-Type: multipart/mixed;\r\n boundary*0="a";\r\n boundary*1="b"\r\n\r\n--ab\r\n\r\nin pieces\r\n--ab--',
  ]
  for (const mail of mails) {
    const { told } = await opened(mail)
    const whole = await PostalMime.parse(Buffer.from(mail, 'latin1'), { forceRfc822Attachments: true })
    const { text = null, html = null, headers, attachments } = whole
    assert.deepEqual(
      { text: told.text, html: told.html, types: told.attachments.map(({ type }) => type) },
      { text, html, types: attachments.map(({ mimeType }) => mimeType) },
      mail,
    )
    assert.deepEqual(
      told.headers.map(({ name, value }) => [name, value]),
      headers.map(({ key, value }) => [key, value]),
    )
    assert.equal(told.truncated, false, mail)
  }
})

test('encoded content is decoded, and what is none stands for itself', () => {
  const base64 = (text: string): string => Buffer.from(fromBase64(Buffer.from(text))).toString('latin1')
  assert.deepEqual(['aGVsbG8=', 'aGVs\r\nbG8', 'aGU=bGxv', 'aGVs!! bG8=', '', '=', 'a'].map(base64), [
    'hello',
    'hello',
    'hello',
    'hello',
    '',
    '',
    '',
  ])
  const quoted = (text: string): string =>
    Buffer.from(fromQuotedPrintable(Buffer.from(text))).toString('latin1')
  assert.deepEqual(['a=3db', 'a=\r\nb=\nc', 'a=zz', 'a=', 'a=3', '=3D=3D'].map(quoted), [
    'a=b',
    'abc',
    'a=zz',
    'a=',
    'a=3',
    '==',
  ])
  assert.equal(Buffer.from(decoded(Buffer.from('as it is='), 'none')).toString(), 'as it is=')
})
