/** Connections that end between two messages, or because we say so. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Peer } from '../peer.ts'
import {
  chunked,
  meet,
  modern,
  nobody,
  one,
  refusedMeeting,
  send,
  summary,
  taken,
  whenOver,
} from './stage.ts'

test('an idle connection that the host closes is usable no more, and gives its fault', async () => {
  await using peer = await Peer.listen(modern)
  const { wire } = await meet(peer.port)
  peer.say('421 idle for too long\r\n')
  await whenOver(wire)
  const sent = await send(wire)
  assert.deepEqual([sent.fault?.kind, sent.fault?.during], ['host-closing', 'MAIL'])
  assert.deepEqual([sent.outcomes, sent.uncertain, wire.usable], [[], false, false])
})

test('an idle connection that breaks after a message: nothing of the next is uncertain', async () => {
  await using peer = await Peer.listen(`${modern}${taken}
    C> content
    S: 250 kept
    close`)
  const { wire } = await meet(peer.port)
  assert.deepEqual(summary(await send(wire)), ['b@mx.example delivered 250'])
  const sent = await send(wire)
  assert.deepEqual([sent.fault?.kind, sent.fault?.during, sent.uncertain], ['connection-lost', 'MAIL', false])
  assert.equal(wire.usable, false)
})

test('stopped: while connecting, in the greeting, in the envelope, after the dot', async () => {
  await using peer = await Peer.listen([
    'silence',
    `${modern}\nC: MAIL FROM:*\nsilence`,
    `${modern}${taken}\nC> content`,
  ])
  const early = await refusedMeeting(peer.port, { options: { signal: AbortSignal.abort() } })
  assert.equal(early.kind, 'stopped')
  const greeting = new AbortController()
  const meeting = refusedMeeting(peer.port, { options: { signal: greeting.signal } })
  await peer.connected(1)
  greeting.abort()
  assert.deepEqual([(await meeting).kind, (await meeting).temporary], ['stopped', true])

  const envelope = new AbortController()
  const second = await meet(peer.port)
  const unanswered = send(second.wire, one, { signal: envelope.signal })
  await peer.hears('MAIL')
  envelope.abort()
  assert.deepEqual([(await unanswered).fault?.kind, (await unanswered).uncertain], ['stopped', false])
  assert.equal(second.wire.usable, false)

  const final = new AbortController()
  const third = await meet(peer.port)
  const dotted = send(third.wire, one, { signal: final.signal })
  await peer.takes(1)
  final.abort()
  assert.deepEqual([(await dotted).fault?.kind, (await dotted).uncertain], ['stopped', true])
})

test('a signal that is over does not touch a connection between messages', async () => {
  const control = new AbortController()
  await using peer = await Peer.listen(`${modern}${taken}
    C> content
    S: 250 kept
    ${taken}
    C> content
    S: 250 kept`)
  const { wire } = await meet(peer.port, { options: { signal: control.signal } })
  await send(wire, one, { signal: control.signal })
  control.abort()
  assert.equal(wire.usable, true)
  assert.deepEqual(summary(await send(wire, one, { signal: nobody, content: chunked('x') })), [
    'b@mx.example delivered 250',
  ])
  wire.destroy()
})
