/** What a host may answer at each step, and what becomes of each recipient. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Peer } from '../peer.ts'
import {
  chunked,
  envelopeOfOne,
  envelopeOfTwo,
  meet,
  modern,
  one,
  plain,
  send,
  summary,
  taken,
  two,
} from './stage.ts'

const accepting = `
  ${taken}
  C> content
  S: 250 2.0.0 kept as 1`

test('delivered: the envelope in one packet, the dialogue told line by line', async () => {
  await using peer = await Peer.listen(`${modern}
    ${accepting}
    C: QUIT
    S: 221 bye
    gone`)
  const { wire, said, connected } = await meet(peer.port)
  assert.deepEqual(connected, [
    { greeting: 'mx.example here', extensions: ['PIPELINING'], securing: false, tls: null },
  ])
  assert.deepEqual(said, [
    'S: 220 mx.example here',
    'C: EHLO us.example',
    'S: 250-mx.example',
    'S: 250 PIPELINING',
  ])
  const sent = await send(wire)
  const reply = { code: 250, enhanced: '2.0.0', text: 'kept as 1', command: 'content' }
  assert.deepEqual(sent, {
    outcomes: [{ address: 'b@mx.example', result: 'delivered', reply }],
    fault: null,
    uncertain: false,
    said: [
      'C: MAIL FROM:<a@us.example>',
      'C: RCPT TO:<b@mx.example>',
      'C: DATA',
      'S: 250 ok',
      'S: 250 ok',
      'S: 354 go',
      'C: [6 bytes of content]',
      'C: .',
      'S: 250 2.0.0 kept as 1',
    ],
  })
  assert.equal(wire.usable, true)
  await wire.quit()
  assert.equal(wire.usable, false)
  await peer.played()
  assert.equal(peer.contents[0]?.toString(), 'hello\r\n')
})

test('a host that does not pipeline gets one command at a time', async () => {
  await using peer = await Peer.listen(`${plain}
    C: MAIL FROM:<a@us.example>
    S: 250 ok
    C: RCPT TO:<b@mx.example>
    S: 251 will forward
    C: DATA
    S: 354 go
    C> content
    S: 250 kept`)
  const { wire } = await meet(peer.port)
  const sent = await send(wire)
  await peer.played()
  assert.deepEqual(summary(sent), ['b@mx.example delivered 250'])
  assert.deepEqual(sent.said.slice(0, 4), [
    'C: MAIL FROM:<a@us.example>',
    'S: 250 ok',
    'C: RCPT TO:<b@mx.example>',
    'S: 251 will forward',
  ])
  wire.destroy()
})

for (const [code, result] of [
  [451, 'deferred'],
  [550, 'failed'],
] as const) {
  test(`MAIL refused with ${code}: every recipient ${result}, with that reply; RSET before the next`, async () => {
    await using peer = await Peer.listen(`${modern}
      ${envelopeOfTwo}
      S: ${code} ${String(code)[0]}.7.1 not from you
      S: 503 no
      S: 503 no
      S: 503 no
      C: RSET
      ${accepting.replace('S: 250 ok', 'S: 250 reset\nS: 250 ok')}`)
    const { wire } = await meet(peer.port)
    const refused = await send(wire, two)
    assert.deepEqual(summary(refused), [`b@mx.example ${result} ${code}`, `c@mx.example ${result} ${code}`])
    assert.equal(refused.outcomes[1]?.reply?.command, 'MAIL')
    assert.equal(refused.fault, null)
    assert.equal(wire.usable, true)
    assert.deepEqual(summary(await send(wire)), ['b@mx.example delivered 250'])
    await peer.played()
    wire.destroy()
  })
}

test('MAIL refused by a host that does not pipeline: no RCPT, and RSET before the next', async () => {
  await using peer = await Peer.listen(`${plain}
    C: MAIL FROM:<a@us.example>
    S: 450 later
    C: RSET
    S: 250 ok
    C: MAIL FROM:<a@us.example>
    S: 450 later`)
  const { wire } = await meet(peer.port)
  assert.deepEqual(summary(await send(wire)), ['b@mx.example deferred 450'])
  assert.deepEqual(summary(await send(wire)), ['b@mx.example deferred 450'])
  await peer.played()
  wire.destroy()
})

test('some recipients refused: each has its own reply', async () => {
  await using peer = await Peer.listen(`${modern}
    ${envelopeOfTwo}
    S: 250 ok
    S: 550 5.1.1 unknown
    S: 250 ok
    S: 354 go
    C> content
    S: 250 kept`)
  const { wire } = await meet(peer.port)
  const sent = await send(wire, two)
  assert.deepEqual(summary(sent), ['b@mx.example failed 550', 'c@mx.example delivered 250'])
  assert.equal(sent.outcomes[0]?.reply?.enhanced, '5.1.1')
  await peer.played()
  wire.destroy()
})

test('552 for one recipient too many is for now', async () => {
  await using peer = await Peer.listen(`${modern}
    ${envelopeOfTwo}
    S: 250 ok
    S: 250 ok
    S: 552 too many recipients
    S: 354 go
    C> content
    S: 250 kept`)
  const { wire } = await meet(peer.port)
  assert.deepEqual(summary(await send(wire, two)), [
    'b@mx.example delivered 250',
    'c@mx.example deferred 552',
  ])
  wire.destroy()
})

test('all recipients refused and DATA taken nonetheless: an empty message, nothing of ours', async () => {
  await using peer = await Peer.listen(`${modern}
    ${envelopeOfOne}
    S: 250 ok
    S: 452 full
    S: 354 go
    C: .
    S: 554 no valid recipients
    C: RSET
    C: MAIL FROM:<a@us.example>
    S: 250 ok`)
  const { wire } = await meet(peer.port)
  const sent = await send(wire)
  assert.deepEqual(summary(sent), ['b@mx.example deferred 452'])
  assert.equal(sent.fault, null)
  assert.equal(wire.usable, true)
  void send(wire)
  await peer.played()
  wire.destroy()
})

test('all recipients refused by a host that does not pipeline: no DATA', async () => {
  await using peer = await Peer.listen(`${plain}
    C: MAIL FROM:<a@us.example>
    S: 250 ok
    C: RCPT TO:<b@mx.example>
    S: 550 unknown
    C: QUIT
    S: 221 bye
    gone`)
  const { wire } = await meet(peer.port)
  assert.deepEqual(summary(await send(wire)), ['b@mx.example failed 550'])
  await wire.quit()
  await peer.played()
})

test('DATA refused: the recipients that were accepted get that reply', async () => {
  await using peer = await Peer.listen(`${modern}
    ${envelopeOfTwo}
    S: 250 ok
    S: 550 unknown
    S: 250 ok
    S: 451 no room`)
  const { wire } = await meet(peer.port)
  const sent = await send(wire, two)
  assert.deepEqual(summary(sent), ['b@mx.example failed 550', 'c@mx.example deferred 451'])
  assert.equal(sent.outcomes[1]?.reply?.command, 'DATA')
  wire.destroy()
})

for (const [code, result] of [
  [452, 'deferred'],
  [554, 'failed'],
] as const) {
  test(`the final dot answered with ${code}: ${result}`, async () => {
    await using peer = await Peer.listen(`${modern}
      ${taken}
      C> content
      S: ${code} not this`)
    const { wire } = await meet(peer.port)
    const sent = await send(wire)
    assert.deepEqual(summary(sent), [`b@mx.example ${result} ${code}`])
    assert.equal(sent.outcomes[0]?.reply?.command, 'content')
    assert.equal(sent.uncertain, false)
    wire.destroy()
  })
}

test('several messages go over one connection', async () => {
  const times = 5
  await using peer = await Peer.listen(`${modern}${accepting.repeat(times)}`)
  const { wire } = await meet(peer.port)
  for (let at = 0; at < times; at++) {
    const sent = await send(wire, one, { content: chunked(`number ${at}`) })
    assert.deepEqual(summary(sent), ['b@mx.example delivered 250'])
  }
  await peer.played()
  assert.deepEqual(
    peer.contents.map(String),
    Array.from({ length: times }, (_, at) => `number ${at}\r\n`),
  )
  wire.destroy()
})

test('a second message at the same time is a mistake', async () => {
  await using peer = await Peer.listen(`${modern}
    silence`)
  const { wire } = await meet(peer.port)
  const first = send(wire)
  assert.equal(wire.usable, false)
  await assert.rejects(send(wire), /one message at a time/)
  wire.destroy()
  assert.equal((await first).outcomes.length, 0)
})

test('of a long dialogue the first lines are told', async () => {
  const recipients = Array.from({ length: 300 }, (_, at) => ({ address: `r${at}@mx.example` }))
  await using peer = await Peer.listen(`${modern}
    C: MAIL FROM:<a@us.example>
    ${recipients.map(({ address }) => `C: RCPT TO:<${address}>\n`).join('')}
    C: DATA
    S: 250 ok
    ${'S: 250 ok\n'.repeat(300)}
    S: 354 go
    C> content
    S: 250 kept`)
  const { wire } = await meet(peer.port)
  const sent = await send(wire, { ...one, recipients })
  assert.equal(sent.outcomes.length, 300)
  assert.equal(sent.said.length, 200)
  wire.destroy()
})
