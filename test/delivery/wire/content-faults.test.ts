/** What goes wrong while the content is on its way: with the host, and with our own store. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Peer } from '../peer.ts'
import { hasty, meet, modern, one, send, summary, taken } from './stage.ts'

const endless = async function* (): AsyncGenerator<Uint8Array> {
  for (;;) yield Buffer.alloc(64 * 1024, 'x\r\n')
}

test('a host that stops reading in the middle of the content', async () => {
  await using peer = await Peer.listen(`${modern}${taken}`)
  const { wire } = await meet(peer.port, hasty('block'))
  peer.deafen()
  const sent = await send(wire, one, { content: endless() })
  assert.deepEqual([sent.fault?.kind, sent.fault?.during, sent.uncertain], ['timeout', 'content', false])
})

test('the connection lost in the middle of the content', async () => {
  await using peer = await Peer.listen(`${modern}${taken}
    read 100000
    reset`)
  const { wire } = await meet(peer.port)
  const sent = await send(wire, one, { content: endless() })
  assert.deepEqual(
    [sent.fault?.kind, sent.fault?.during, sent.uncertain],
    ['connection-lost', 'content', false],
  )
  assert.deepEqual([sent.outcomes, wire.usable], [[], false])
  assert.match(sent.said.at(-1) ?? '', /^C: \[\d+ bytes of content\]$/)
})

test('a host that has heard enough before the final dot', async () => {
  await using peer = await Peer.listen(`${modern}${taken}
    read 100000
    S: 552 5.3.4 too much
    silence`)
  const { wire } = await meet(peer.port)
  const sent = await send(wire, one, { content: endless() })
  assert.deepEqual(summary(sent), ['b@mx.example failed 552'])
  assert.deepEqual([sent.fault, sent.uncertain, wire.usable], [null, false, false])
})

test('a host that says yes before the final dot is not believed', async () => {
  await using peer = await Peer.listen(`${modern}${taken}
    read 100000
    S: 250 thanks
    silence`)
  const { wire } = await meet(peer.port)
  const sent = await send(wire, one, { content: endless() })
  assert.deepEqual([sent.fault?.kind, sent.outcomes, sent.uncertain], ['protocol', [], false])
})

test('421 in the middle of the content', async () => {
  await using peer = await Peer.listen(`${modern}${taken}
    read 100000
    S: 421 bye
    close`)
  const { wire } = await meet(peer.port)
  const sent = await send(wire, one, { content: endless() })
  assert.deepEqual([sent.fault?.kind, sent.uncertain], ['host-closing', false])
})

test('content that cannot be read: the connection ends without the dot', async () => {
  await using peer = await Peer.listen(`${modern}${taken}
    C: some
    gone`)
  const { wire } = await meet(peer.port)
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`some\r\n${''.padEnd(70_000, '.')}`)
    throw new Error('the disk is gone')
  }
  const sent = await send(wire, one, { content: broken() })
  assert.deepEqual([sent.fault?.kind, sent.fault?.temporary], ['content-unreadable', true])
  assert.match(sent.fault?.text ?? '', /the disk is gone/)
  assert.deepEqual([sent.uncertain, sent.outcomes, wire.usable], [false, [], false])
  // What was written stays unfinished: no CRLF.CRLF.
  await assert.rejects(peer.played(), /went on: "\.{70001}"/)
})

test('content that does not come', async () => {
  await using peer = await Peer.listen(`${modern}${taken}
    gone`)
  const { wire } = await meet(peer.port, hasty('block'))
  const stuck = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }
  const sent = await send(wire, one, { content: stuck })
  assert.deepEqual([sent.fault?.kind, sent.uncertain], ['content-unreadable', false])
  await peer.played()
})
