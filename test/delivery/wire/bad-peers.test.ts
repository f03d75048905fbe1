/** Hosts that are broken, hostile or gone: each comes to a fault that says so, and nothing hangs. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectSocket, createServer } from 'node:net'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { Patience, WireSettings } from '../../../src/delivery/wire/index.ts'
import { Peer } from '../peer.ts'
import {
  chunked,
  envelopeOfOne,
  meet,
  modern,
  nobody,
  one,
  plain,
  refusedMeeting,
  send,
  summary,
  two,
} from './stage.ts'

/** Little time for one step, so that a test sees it end; the usual time for all others. */
const hasty = (step: keyof Patience): { readonly settings: WireSettings } => ({
  settings: { patience: { [step]: 200 } },
})

const taken = `
  ${envelopeOfOne}
  S: 250 ok
  S: 250 ok
  S: 354 go`

test('nobody listens there', async () => {
  const { port } = await Peer.listen('').then(async (peer) => {
    const found = peer.port
    await peer.close()
    return { port: found }
  })
  const fault = await refusedMeeting(port)
  assert.deepEqual([fault.kind, fault.during, fault.temporary], ['connection-refused', 'connect', true])
})

test('an address that leads nowhere', async () => {
  // Nobody can connect to everybody: the system refuses at once, and nothing leaves it.
  const host = { name: 'nowhere.example', address: '255.255.255.255', port: 25 }
  const fault = await refusedMeeting(25, { options: { host } })
  assert.deepEqual([fault.kind, fault.during, fault.temporary], ['host-unreachable', 'connect', true])
})

/** Listens with room for one in its queue, and never takes anybody out of it. */
const sleeper = `
  const { createServer } = require('node:net')
  const { parentPort } = require('node:worker_threads')
  const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`

test('a connection that does not come about', async () => {
  const worker = new Worker(sleeper, { eval: true })
  const [port] = (await once(worker, 'message')) as [number]
  const before = Array.from({ length: 6 }, () => connectSocket(port, '127.0.0.1').on('error', () => {}))
  const fault = await refusedMeeting(port, hasty('connect'))
  assert.deepEqual([fault.kind, fault.during, fault.temporary], ['connection-timeout', 'connect', true])
  for (const socket of before) socket.destroy()
  await worker.terminate()
})

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

test('a host that accepts and says nothing', async () => {
  await using peer = await Peer.listen('silence')
  const fault = await refusedMeeting(peer.port, hasty('greeting'))
  assert.deepEqual([fault.kind, fault.during, fault.temporary], ['timeout', 'connect', true])
})

test('a host that drips lines of a reply for ever is late, too', async () => {
  const server = createServer((socket) => {
    const drip = setInterval(() => socket.write('220-x\r\n'), 20)
    socket.on('close', () => clearInterval(drip)).on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const fault = await refusedMeeting(address.port, hasty('greeting'))
  assert.equal(fault.kind, 'timeout')
  server.close()
})

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

test('421 after some were refused: the refusals stand, the others are unanswered', async () => {
  await using peer = await Peer.listen(`${modern}
    C: MAIL FROM:<a@us.example>
    C: RCPT TO:<b@mx.example>
    C: RCPT TO:<c@mx.example>
    C: DATA
    S: 250 ok
    S: 550 unknown
    S: 421 bye
    close`)
  const { wire } = await meet(peer.port)
  const sent = await send(wire, two)
  assert.deepEqual(summary(sent), ['b@mx.example failed 550'])
  assert.deepEqual([sent.fault?.kind, sent.fault?.during], ['host-closing', 'RCPT'])
})

test('an idle connection that the host closes is usable no more, and gives its fault', async () => {
  await using peer = await Peer.listen(modern)
  const { wire } = await meet(peer.port)
  peer.say('421 idle for too long\r\n')
  const deadline = AbortSignal.timeout(5000)
  while (wire.usable && !deadline.aborted) await new Promise(setImmediate)
  const sent = await send(wire)
  assert.deepEqual([sent.fault?.kind, sent.fault?.during], ['host-closing', 'MAIL'])
  assert.deepEqual([sent.outcomes, sent.uncertain, wire.usable], [[], false, false])
})

test('a host that says goodbye right behind its answer to EHLO', async () => {
  await using peer = await Peer.listen(`${modern}
    S: 421 on second thoughts
    gone`)
  assert.equal((await refusedMeeting(peer.port)).kind, 'host-closing')
  await peer.played()
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
