/** Clients that are slow, silent, deaf or too many: each is bounded, and the next one is served. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { acceptedAs, greeted, Line, send } from '../client.ts'
import { type Settings, startTestServer, type TestServer } from '../server.ts'

const playground = (limits: Settings): Settings => ({
  playground: true,
  hostname: 'localhost',
  domains: [],
  limits,
})

const server = async (t: TestContext, settings: Settings): Promise<TestServer> => {
  const started = await startTestServer(settings)
  t.after(() => started.stop())
  return started
}

/** How the first session with that many events ended, once it has. */
const ending = (from: TestServer, during?: string): Promise<Record<string, unknown>> =>
  from.until(
    (events) =>
      events.find(
        ({ type, data }) => type === 'SessionClosed' && (during === undefined || data.during === during),
      )?.data,
    { what: 'the end of the session' },
  )

const isServed = async (from: TestServer): Promise<void> => {
  const line = await greeted(from.port('mx'))
  assert.ok(acceptedAs(await send(line, 'Subject: still here')))
  assert.match(await line.say('QUIT'), /^221/)
}

/** Sends a piece every now and then until the other side has closed. */
const drip = async (line: Line, piece: string): Promise<void> => {
  let over = false
  const closed = line.closed().finally(() => {
    over = true
  })
  closed.catch(() => {})
  while (!over) {
    line.send(piece)
    await after(50)
  }
}

test('a client that never says a word is let go', async (t) => {
  const from = await server(t, playground({ commandTimeout: '1s' }))
  const line = await Line.to(from.port('mx'))
  assert.match(await line.read(), /^220/)
  assert.match(await line.read(), /^421 4\.4\.2/)
  await line.closed()
  assert.equal((await ending(from)).reason, 'timeout')
})

test('a command that drips in is not waited for any longer than silence', async (t) => {
  const from = await server(t, playground({ commandTimeout: '1s' }))
  const line = await Line.to(from.port('mx'))
  await line.read()
  await drip(line, 'x')
  assert.equal((await ending(from)).reason, 'timeout')
  await isServed(from)
})

test('content that drips in has its time, and no more', async (t) => {
  const from = await server(t, playground({ dataTimeout: '1s' }))
  const line = await greeted(from.port('mx'))
  for (const command of ['MAIL FROM:<a@b.example>', 'RCPT TO:<c@d.example>', 'DATA']) await line.say(command)
  await drip(line, 'x')
  assert.deepEqual(await ending(from, 'receiving'), { reason: 'timeout', during: 'receiving', messages: 0 })
  await isServed(from)
})

/** Bytes that something still needs. */
const held = (): number => {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

test('a client that never reads is held, then let go; memory stays bounded', async (t) => {
  const from = await server(t, playground({ commandTimeout: '1s', idleCommands: 10_000_000 }))
  const { connect } = await import('node:net')
  const deaf = connect(from.port('mx'), '127.0.0.1')
  deaf.on('error', () => {})
  deaf.pause()
  const before = held()
  // Each asks for a reply a hundred times its size.
  const flood = Buffer.from('HELP\r\n'.repeat(100_000))
  deaf.write(flood)
  const { reason } = await ending(from)
  assert.equal(reason, 'timeout')
  const answered = (await from.events()).filter(({ type }) => type === 'CommandAnswered').length
  assert.ok(answered < 100_000, 'it was not answered further than it read')
  const grown = held() - before
  assert.ok(grown < 50e6, `${grown} bytes more are held`)
  await isServed(from)
  deaf.destroy()
})

test('one session more than there may be hears 421, and a history says so', async (t) => {
  const from = await server(t, playground({ sessions: 2 }))
  const [one, two] = [await greeted(from.port('mx')), await greeted(from.port('mx'))]
  const three = await Line.to(from.port('mx'))
  assert.equal(await three.read(), '421 4.3.2 Too many connections, try again later')
  await three.closed()
  assert.match(await one.say('QUIT'), /^221/)
  await one.closed()
  one.hangUp()
  await ending(from)
  await isServed(from)
  two.hangUp()
  // An idle session's first event reaches the log a moment later, and sessions in the order in which they had to.
  const doors = await from.until((events) => {
    const openings = events.filter(({ type }) => type === 'SessionOpened')
    return openings.length >= 4 && openings.map(({ data }) => data.door)
  })
  assert.deepEqual(doors.sort(), ['open', 'open', 'open', 'too-many-sessions'])
})

test('one address may have so many sessions and no more', async (t) => {
  const from = await server(t, playground({ sessionsPerAddress: 1 }))
  const one = await greeted(from.port('mx'))
  const two = await Line.to(from.port('mx'))
  assert.equal(await two.read(), '421 4.7.0 Too many connections from your address, try again later')
  await two.closed()
  one.hangUp()
})

test('a client that leaves while its message is being stored loses nothing that was stored', async (t) => {
  const from = await server(t, playground({}))
  const line = await greeted(from.port('mx'))
  for (const command of ['MAIL FROM:<a@b.example>', 'RCPT TO:<c@d.example>', 'DATA']) await line.say(command)
  line.send('Subject: in doubt\r\n\r\nx\r\n.\r\n')
  line.drop()
  const closed = await ending(from)
  assert.equal(closed.reason, 'disconnected')
  const types = (await from.events()).map(({ type }) => type)
  // It came whole or not at all; either way the history says which.
  assert.ok(types.includes('MessageAccepted') === (closed.messages === 1))
  await isServed(from)
})

test('sessions outlive a clock that jumps back', async (t) => {
  const from = await server(t, playground({ commandTimeout: '30s' }))
  const line = await greeted(from.port('mx'))
  const real = Date.now
  Date.now = () => real() - 3_600_000
  try {
    assert.match(await line.say('NOOP'), /^250/)
    // Longer than deadlines are looked at apart, shorter than the timeout.
    await after(1500)
    assert.match(await line.say('NOOP'), /^250/)
    assert.ok(acceptedAs(await send(line, 'Subject: an hour ago')))
  } finally {
    Date.now = real
  }
  const times = (await from.events()).map(({ at }) => at)
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
    'times in the log never decrease',
  )
  line.hangUp()
})
