/** Greetings, EHLO, HELO and LHLO: answers that are none, and goodbyes before a word was said. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Peer } from '../peer.ts'
import { meet, modern, refusedMeeting } from './stage.ts'

for (const [greeting, kind, temporary] of [
  ['554 no mail here', 'greeting-refused', true],
  ['451 not now', 'greeting-refused', true],
  ['550 5.7.1 never', 'greeting-refused', false],
  ['421 too busy', 'host-closing', true],
  ['SSH-2.0-OpenSSH_9.9', 'protocol', true],
  ['354 what', 'protocol', true],
  ['220-fine\r\n421 not fine', 'protocol', true],
] as const) {
  test(`greeted with ${JSON.stringify(greeting)}`, async () => {
    await using peer = await Peer.listen(`raw ${JSON.stringify(`${greeting}\r\n`)}
      gone`)
    const fault = await refusedMeeting(peer.port)
    assert.deepEqual([fault.kind, fault.during, fault.temporary], [kind, 'connect', temporary])
    await peer.played()
  })
}

test('a greeting of a megabyte in one line', async () => {
  await using peer = await Peer.listen(`raw "220 "
    flood "x" 1048576`)
  const fault = await refusedMeeting(peer.port)
  assert.deepEqual([fault.kind, fault.during], ['protocol', 'connect'])
  assert.match(fault.text, /does not end/)
})

test('an endless reply', async () => {
  await using peer = await Peer.listen(`S: 220 hi
    C: EHLO us.example
    flood "250-x\\r\\n" 10000000`)
  const fault = await refusedMeeting(peer.port)
  assert.deepEqual([fault.kind, fault.during], ['protocol', 'EHLO'])
  assert.equal(fault.said.length, 102)
})

test('a host that answers before it is asked', async () => {
  await using peer = await Peer.listen(`S: 220 hi
    S: 250 ok
    S: 250 ok
    silence`)
  assert.equal((await refusedMeeting(peer.port)).kind, 'protocol')
})

test('EHLO refused: HELO', async () => {
  await using peer = await Peer.listen(`S: 220 hi
    C: EHLO us.example
    S: 502 what
    C: HELO us.example
    S: 250 hello`)
  const { wire, connected } = await meet(peer.port)
  assert.deepEqual(wire.extensions, [])
  assert.deepEqual(connected[0]?.extensions, [])
  wire.destroy()
})

for (const [reply, temporary] of [
  ['450 later', true],
  ['501 bad name', true],
  ['550 blocked', false],
] as const) {
  test(`EHLO and HELO answered with ${reply}`, async () => {
    const isAskedAgain = reply.startsWith('5')
    await using peer = await Peer.listen(`S: 220 hi
      C: EHLO us.example
      S: ${reply}
      ${isAskedAgain ? `C: HELO us.example\nS: ${reply}` : ''}
      gone`)
    const fault = await refusedMeeting(peer.port)
    assert.deepEqual([fault.kind, fault.during, fault.temporary], ['hello-refused', 'EHLO', temporary])
    assert.equal(fault.reply?.code, Number(reply.slice(0, 3)))
    await peer.played()
  })
}

test('LHLO refused is no reason to say HELO', async () => {
  await using peer = await Peer.listen(`S: 220 hi
    C: LHLO us.example
    S: 500 what
    gone`)
  const fault = await refusedMeeting(peer.port, { options: { protocol: 'lmtp' } })
  assert.deepEqual([fault.kind, fault.temporary], ['hello-refused', true])
  await peer.played()
})

test('a host that says goodbye right behind its answer to EHLO', async () => {
  await using peer = await Peer.listen(`${modern}
    S: 421 on second thoughts
    gone`)
  assert.equal((await refusedMeeting(peer.port)).kind, 'host-closing')
  await peer.played()
})
