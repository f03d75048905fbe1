/** MAIL and RCPT as a host takes them, and envelopes that are refused before a word is spoken. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { envelopeRefusal, isWritable, mailLine, rcptLine } from '../../../src/delivery/wire/envelope.ts'
import { Peer } from '../peer.ts'
import { meet, modern, one, send, summary, two } from './stage.ts'

const offering = (...keywords: readonly string[]) => ({
  extensions: new Map(keywords.map((line) => [line.split(' ')[0]!, line.split(' ')[1] ?? ''])),
  tls: null,
})
const everything = offering('SIZE 1000', '8BITMIME', 'SMTPUTF8', 'DSN')

test('what is offered is used', () => {
  const envelope = { ...one, body: '8BITMIME', smtputf8: true, ret: 'HDRS', envid: 'a+b=c d' } as const
  assert.equal(
    mailLine(envelope, everything),
    'MAIL FROM:<a@us.example> SIZE=6 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb+3Dc+20d',
  )
  assert.equal(mailLine(envelope, offering()), 'MAIL FROM:<a@us.example>')
  assert.equal(mailLine({ ...one, sender: '', body: '7BIT' }, everything), 'MAIL FROM:<> SIZE=6')
})

test('notifications are passed on where the host knows them', () => {
  const recipient = { address: 'b@mx.example', notify: ['SUCCESS', 'DELAY'], orcpt: 'rfc822;B+x@old.example' }
  assert.equal(
    rcptLine(recipient, everything.extensions),
    'RCPT TO:<b@mx.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;B+2Bx@old.example',
  )
  assert.equal(rcptLine(recipient, offering().extensions), 'RCPT TO:<b@mx.example>')
  const utf8 = { address: 'b@mx.example', orcpt: 'utf-8;jürgen@old.example' }
  assert.equal(
    rcptLine(utf8, everything.extensions),
    'RCPT TO:<b@mx.example> ORCPT=utf-8;j\\x{FC}rgen@old.example',
  )
})

test('a route is for hosts that offer XROUTE, and for no others', () => {
  const routed = { ...one, route: '127.0.0.1:2626' }
  assert.equal(mailLine(routed, offering('XROUTE')), 'MAIL FROM:<a@us.example> XROUTE=127.0.0.1:2626')
  assert.equal(envelopeRefusal(routed, offering('XROUTE')), null)
  assert.equal(envelopeRefusal(routed, everything)?.code, 555)
  assert.equal(
    mailLine({ ...one, route: 'x SIZE=1\r\nRSET' }, offering('XROUTE')),
    'MAIL FROM:<a@us.example>',
  )
})

test('nothing in a parameter ends it, or the line', () => {
  const recipient = { address: 'b@mx.example', notify: ['NEVER\r\nDATA'], orcpt: 'rfc822;x\r\nRSET' }
  assert.equal(rcptLine(recipient, everything.extensions), 'RCPT TO:<b@mx.example>')
  assert.equal(mailLine({ ...one, envid: 'x\r\nRSET' }, everything), 'MAIL FROM:<a@us.example> SIZE=6')
  assert.equal(
    rcptLine({ address: 'b@mx.example', orcpt: 'rfc822;x SIZE=1' }, everything.extensions),
    'RCPT TO:<b@mx.example> ORCPT=rfc822;x+20SIZE+3D1',
  )
})

test('addresses that can be written', () => {
  for (const address of [
    'b@mx.example',
    'postmaster',
    '"a b"@mx.example',
    '"<>\\""@mx.example',
    'ü@mx.example',
    'b@[192.0.2.1]',
  ])
    assert.ok(isWritable(address), address)
})

test('addresses that cannot', () => {
  for (const address of [
    '',
    'a b@mx.example',
    'a>@mx.example',
    '<a@mx.example',
    'a@mx\r\nDATA',
    '"a\r\n"@x',
    'a\0@x',
    '"a@x',
    'a\\ b@x',
    'a@x\u0085',
    '"a\ud800"@x',
  ])
    assert.ok(!isWritable(address), JSON.stringify(address))
})

test('whatever the address, what is writable is one path in one line', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '@', '"', '\\', ' ', '<', '>', '\r', '\n', '\0', 'ü') })
  fc.assert(
    fc.property(text, (address) => {
      if (!isWritable(address)) return
      // What a host makes of it: quoted strings, then nothing that ends the path.
      const bare = address.replace(/"(?:[^"\\]|\\.)*"/g, '')
      assert.doesNotMatch(bare, /[<> "]/)
      assert.doesNotMatch(address, /[\r\n\0]/)
    }),
  )
})

test('limits of size: none, nought, enough, too little', () => {
  for (const extensions of [
    offering(),
    offering('SIZE'),
    offering('SIZE 0'),
    offering('SIZE 6'),
    offering('SIZE x'),
  ])
    assert.equal(envelopeRefusal(one, extensions), null)
  const reply = envelopeRefusal(one, offering('SIZE 5'))
  assert.deepEqual([reply?.code, reply?.enhanced], [552, '5.3.4'])
  assert.match(reply?.text ?? '', /\b5\b/)
})

test('too large for the host: failed, and nothing is said', async () => {
  await using peer = await Peer.listen(`${modern.replace('S: 250 PIPELINING', 'S: 250 SIZE 5')}
    C: QUIT
    S: 221 bye`)
  const { wire } = await meet(peer.port)
  const sent = await send(wire, two)
  assert.deepEqual(summary(sent), ['b@mx.example failed 552', 'c@mx.example failed 552'])
  assert.deepEqual([sent.said, sent.fault, wire.usable], [[], null, true])
  await wire.quit()
  await peer.played()
})

test('an address beyond ASCII, for a host that cannot: failed, and nothing is said', async () => {
  await using peer = await Peer.listen(`${modern}
    C: QUIT
    S: 221 bye`)
  const { wire } = await meet(peer.port)
  for (const envelope of [
    { ...one, smtputf8: true },
    { ...one, sender: 'ü@us.example' },
  ]) {
    const sent = await send(wire, envelope)
    assert.deepEqual(sent.outcomes[0], {
      address: 'b@mx.example',
      result: 'failed',
      reply: {
        code: 550,
        enhanced: '5.6.7',
        text: 'the host does not take internationalised addresses (SMTPUTF8)',
        command: 'MAIL',
        own: true,
      },
    })
    assert.deepEqual(sent.said, [])
  }
  await wire.quit()
  await peer.played()
})

test('a recipient that cannot be written fails alone', async () => {
  await using peer = await Peer.listen(`${modern}
    C: MAIL FROM:<a@us.example>
    C: RCPT TO:<c@mx.example>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 354 go
    C> content
    S: 250 kept`)
  const { wire } = await meet(peer.port)
  const recipients = [{ address: 'b@mx.example>\r\nDATA' }, { address: 'c@mx.example' }]
  const sent = await send(wire, { ...one, recipients })
  assert.deepEqual(
    sent.outcomes.map(({ result, reply }) => `${result} ${reply?.code} ${reply?.enhanced}`),
    ['failed 550 5.1.3', 'delivered 250 '],
  )
  await peer.played()
  wire.destroy()
})

test('a sender that cannot be written fails all', async () => {
  await using peer = await Peer.listen(`${modern}
    C: QUIT
    S: 221 bye`)
  const { wire } = await meet(peer.port)
  const sent = await send(wire, { ...two, sender: 'a@us.example>\r\nRSET' })
  assert.deepEqual(summary(sent), ['b@mx.example failed 550', 'c@mx.example failed 550'])
  await wire.quit()
  await peer.played()
})
