/** Hosts that break off, fall silent or talk nonsense in answer to one of our commands: each comes to a fault that says so. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Peer } from '../peer.ts'
import {
  envelopeOfOne,
  envelopeOfTwo,
  hasty,
  meet,
  modern,
  plain,
  refusedMeeting,
  send,
  summary,
  taken,
  two,
} from './stage.ts'

test('250 to everything: the content is never sent', async () => {
  await using peer = await Peer.listen(`${modern}
    ${envelopeOfOne}
    S: 250 ok
    S: 250 ok
    S: 250 ok
    gone`)
  const { wire } = await meet(peer.port)
  const sent = await send(wire)
  assert.deepEqual([sent.fault?.kind, sent.fault?.during, sent.uncertain], ['protocol', 'DATA', false])
  assert.deepEqual([sent.outcomes, wire.usable], [[], false])
  await peer.played()
})

for (const [step, text] of [
  ['MAIL', 'S: 354 go'],
  ['RCPT', 'S: 250 ok\nS: 354 go'],
  ['DATA', 'S: 250 ok\nS: 250 ok\nS: 334 go'],
] as const) {
  test(`an answer to ${step} that is none`, async () => {
    await using peer = await Peer.listen(`${modern}
      ${envelopeOfOne}
      ${text}
      gone`)
    const { wire } = await meet(peer.port)
    const { fault, outcomes } = await send(wire)
    assert.deepEqual([fault?.kind, fault?.during, outcomes, wire.usable], ['protocol', step, [], false])
    await peer.played()
  })
}

/** Everything up to where a host goes wrong, and what it was to answer there. */
const steps = [
  ['EHLO', 'S: 220 hi\nC: EHLO us.example', 'hello'],
  ['MAIL', `${plain}\nC: MAIL FROM:<a@us.example>`, 'mail'],
  ['RCPT', `${plain}\nC: MAIL FROM:<a@us.example>\nS: 250 ok\nC: RCPT TO:<b@mx.example>`, 'rcpt'],
  [
    'DATA',
    `${plain}\nC: MAIL FROM:<a@us.example>\nS: 250 ok\nC: RCPT TO:<b@mx.example>\nS: 250 ok\nC: DATA`,
    'data',
  ],
  ['content', `${modern}${taken}\nC> content`, 'final'],
] as const

for (const [step, before, own] of steps) {
  const outcome = async (after: string, meeting = {}) => {
    await using peer = await Peer.listen(`${before}\n${after}`)
    if (step === 'EHLO')
      return { fault: await refusedMeeting(peer.port, meeting), uncertain: false, outcomes: [] }
    const { wire } = await meet(peer.port, meeting)
    const sent = await send(wire)
    assert.equal(wire.usable, false)
    await wire.quit()
    return sent
  }

  test(`421 in answer to ${step}`, async () => {
    const { fault, uncertain, outcomes } = await outcome('S: 421 4.3.2 going down\nsilence')
    assert.deepEqual([fault?.kind, fault?.during, uncertain, outcomes], ['host-closing', step, false, []])
    const reply = { code: 421, enhanced: '4.3.2', text: 'going down', command: step }
    assert.deepEqual([fault?.reply, fault?.temporary], [reply, true])
  })

  test(`the connection closed instead of an answer to ${step}`, async () => {
    const { fault, uncertain, outcomes } = await outcome('close')
    assert.deepEqual([fault?.kind, fault?.during, outcomes], ['connection-lost', step, []])
    assert.equal(uncertain, step === 'content')
  })

  test(`the connection reset instead of an answer to ${step}`, async () => {
    const { fault, uncertain } = await outcome('reset')
    assert.deepEqual([fault?.kind, fault?.during, uncertain], ['connection-lost', step, step === 'content'])
  })

  test(`half an answer to ${step}, then nothing`, async () => {
    const { fault, uncertain } = await outcome('raw "250-wait\\r\\n250"\nsilence', hasty(own))
    assert.deepEqual([fault?.kind, fault?.during, uncertain], ['timeout', step, step === 'content'])
    assert.equal(fault?.temporary, true)
  })

  test(`nonsense in answer to ${step}`, async () => {
    const { fault, uncertain } = await outcome('S: <html>\nsilence')
    assert.deepEqual([fault?.kind, fault?.during, uncertain], ['protocol', step, step === 'content'])
  })
}

test('421 after some were refused: the refusals stand, the others are unanswered', async () => {
  await using peer = await Peer.listen(`${modern}
    ${envelopeOfTwo}
    S: 250 ok
    S: 550 unknown
    S: 421 bye
    close`)
  const { wire } = await meet(peer.port)
  const sent = await send(wire, two)
  assert.deepEqual(summary(sent), ['b@mx.example failed 550'])
  assert.deepEqual([sent.fault?.kind, sent.fault?.during], ['host-closing', 'RCPT'])
})
