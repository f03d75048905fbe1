/** The socket through which commands reach a running server, and what strangers to its manners may do to it. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { connectControl, controlPath, serveControl } from '../src/control.ts'
import { drained, LineTooLong, socketLines } from '../src/control-lines.ts'
import { fromWire, toWire } from '../src/control-wire.ts'
import { openMemoryLog } from '../src/log/memory.ts'
import { kindOf, WrongRevision } from '../src/log/port.ts'

const place = async (t: TestContext) => {
  const directory = await mkdtemp(join(tmpdir(), 'fsmtp-control-'))
  const log = openMemoryLog()
  const server = await serveControl(directory, log)
  t.after(async () => {
    await server.close()
    await rm(directory, { recursive: true, force: true })
  })
  return { directory, log, path: controlPath(directory) }
}

const reached = async (path: string): Promise<Socket> => {
  const socket = connect(path)
  await once(socket, 'connect')
  return socket
}

const append = {
  stream: 'domain-example.org',
  expected: -1,
  events: [
    {
      id: randomUUID(),
      kind: kindOf('DomainAdded', 1, { node: 'a' }),
      at: 5,
      data: { domain: 'example.org' },
    },
  ],
  contents: [{ id: '01kdy4z8m30000abcdef', bytes: Buffer.from([0, 255, 10]) }],
}

test('an append arrives whole, and the refusal of one too', async (t) => {
  const { directory, log } = await place(t)
  const control = await connectControl(directory)
  assert.ok(control)
  t.after(() => control.close())
  assert.deepEqual(await control.append([append]), { position: 1 })
  assert.deepEqual(Buffer.from((await log.content(append.contents[0]!.id)) ?? []), append.contents[0]!.bytes)
  const again = { ...append, events: [{ ...append.events[0]!, id: randomUUID() }] }
  await assert.rejects(control.append([again]), new WrongRevision('domain-example.org', -1, 0))
})

test('clients that go away without listening do no harm', async (t) => {
  const { directory, path } = await place(t)
  for (let round = 0; round < 50; round += 1) {
    const socket = await reached(path)
    socket.on('error', () => {})
    socket.write('{"do":"status"}\n'.repeat(20), () => socket.destroy())
    await once(socket, 'close')
  }
  const control = await connectControl(directory)
  assert.equal((await control?.status())?.pid, process.pid)
  control?.close()
})

const refusals: readonly [string, RegExp][] = [
  ['no JSON', /one line of JSON/],
  ['7', /an object that says what to do/],
  ['{"do":"stop"}', /"append", "act" or "status"/],
  ['{"do":"append","appends":{}}', /appends must be an array/],
]
for (const [line, why] of refusals)
  test(`${line} is refused in a line, and the next question is heard`, async (t) => {
    const { path } = await place(t)
    const socket = await reached(path)
    socket.end(`${line}\n{"do":"status"}\n`)
    const [first, second] = (await text(socket)).split('\n')
    assert.match((JSON.parse(first!) as { message: string }).message, why)
    assert.equal((JSON.parse(second!) as { ok: boolean }).ok, true)
  })

test('a line without end is cut off with a word, and only its limit is held', async (t) => {
  const { path } = await place(t)
  const socket = await reached(path)
  socket.on('error', () => {})
  const answer = text(socket).catch(() => '')
  const piece = Buffer.alloc(8 * 1024 * 1024, 'x')
  let sent = 0
  while (!socket.destroyed && sent < 40) {
    sent += 1
    if (!socket.write(piece)) await drained(socket)
  }
  assert.ok(socket.destroyed, 'the server still listens')
  assert.match(await answer, /^$|LineTooLong/)
})

test('lines are joined and parted as they come; the longest allowed still passes', async (t) => {
  const linesOf = async (pieces: readonly string[], longest: number): Promise<string[]> => {
    const server = createServer((socket) => socket.end(pieces.join('')))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    const socket = connect(address.port, '127.0.0.1')
    const found: string[] = []
    for await (const line of socketLines(socket, longest)) found.push(line)
    return found
  }
  assert.deepEqual(await linesOf(['ab\nc', 'd\n', '\nrest'], 4), ['ab', 'cd', ''])
  await assert.rejects(linesOf(['abcde\n'], 4), LineTooLong)
})

const event = { id: 'x', kind: { type: 'A', version: 1, meta: {} }, at: 1, data: {} }
const sent = { stream: 'a-b', expected: -1, events: [event] }
const spoiled: readonly [string, unknown, RegExp][] = [
  ['no append', 7, /an append must be an object/],
  ['a stream with a line end', { ...sent, stream: 'a-b\n' }, /stream/],
  ['a stream without category', { ...sent, stream: 'ab' }, /stream/],
  ['a revision before the first', { ...sent, expected: -2 }, /expected/],
  ['events that are none', { ...sent, events: {} }, /events must be an array/],
  ['an id that is none', { ...sent, events: [{ ...event, id: 3 }] }, /id must be/],
  ['a type that is none', { ...sent, events: [{ ...event, kind: { ...event.kind, type: 7 } }] }, /kind.type/],
  ['half a version', { ...sent, events: [{ ...event, kind: { ...event.kind, version: 1.5 } }] }, /version/],
  ['deep meta', { ...sent, events: [{ ...event, kind: { ...event.kind, meta: { a: {} } } }] }, /kind.meta/],
  ['own meta of numbers', { ...sent, events: [{ ...event, meta: { a: 1 } }] }, /meta must hold/],
  ['a time that is none', { ...sent, events: [{ ...event, at: null }] }, /at must be/],
  ['data that is an array', { ...sent, events: [{ ...event, data: [] }] }, /data must be an object/],
  ['content that leads elsewhere', { ...sent, contents: [{ id: '../a', base64: '' }] }, /message id/],
  ['content without bytes', { ...sent, contents: [{ id: 'abc' }] }, /base64/],
]
for (const [what, wire, why] of spoiled)
  test(`${what} is refused before the log sees it`, () => {
    assert.throws(() => fromWire(wire), { name: 'WireFault', message: why })
  })

test('what is sent is what arrives', () => {
  assert.deepEqual(fromWire(JSON.parse(JSON.stringify(toWire(append)))), append)
})
