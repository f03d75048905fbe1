/** LMTP: a reply for each recipient that was accepted (RFC 2033). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Peer } from '../peer.ts'
import { meet, send, summary, two } from './stage.ts'

test('a reply for each accepted recipient', async () => {
  await using peer = await Peer.listen(`
    S: 220 mx.example LMTP
    C: LHLO us.example
    S: 250-mx.example
    S: 250 PIPELINING
    C: MAIL FROM:<a@us.example>
    C: RCPT TO:<b@mx.example>
    C: RCPT TO:<c@mx.example>
    C: RCPT TO:<d@mx.example>
    C: DATA
    S: 250 ok
    S: 250 ok
    S: 550 unknown
    S: 250 ok
    S: 354 go
    C> content
    S: 250 kept
    S: 452 full`)
  const { wire } = await meet(peer.port, { options: { protocol: 'lmtp' } })
  const sent = await send(wire, { ...two, recipients: [...two.recipients, { address: 'd@mx.example' }] })
  assert.deepEqual(summary(sent), [
    'b@mx.example delivered 250',
    'c@mx.example failed 550',
    'd@mx.example deferred 452',
  ])
  assert.equal(wire.usable, true)
  wire.destroy()
})

test('the connection lost between the replies leaves the rest uncertain', async () => {
  await using peer = await Peer.listen(`
    S: 220 mx.example LMTP
    C: LHLO us.example
    S: 250 mx.example
    C: MAIL FROM:<a@us.example>
    S: 250 ok
    C: RCPT TO:<b@mx.example>
    S: 250 ok
    C: RCPT TO:<c@mx.example>
    S: 250 ok
    C: DATA
    S: 354 go
    C> content
    S: 250 kept
    close`)
  const { wire } = await meet(peer.port, { options: { protocol: 'lmtp' } })
  const sent = await send(wire, two)
  assert.deepEqual(summary(sent), ['b@mx.example delivered 250'])
  assert.deepEqual([sent.fault?.kind, sent.uncertain, wire.usable], ['connection-lost', true, false])
})
