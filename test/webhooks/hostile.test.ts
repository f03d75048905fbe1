/** Receivers that say anything: each is an answer, within the time there is, and the next event is sent. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { Post, type Posted } from '../../src/webhooks/post.ts'

const asked = async (
  t: TestContext,
  says: (socket: Socket) => void,
  timeout = 60_000,
): Promise<readonly [Posted['kind'], string | null]> => {
  const server = createServer((socket) => {
    t.after(() => socket.destroy())
    socket.on('error', () => {}).once('data', () => says(socket))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const post = new Post()
  t.after(() => {
    post.close()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/`
  const { signal } = new AbortController()
  const posted = await post.send({ url, headers: {}, body: '{}', timeout, signal })
  return [posted.kind, posted.kind === 'refused' ? posted.error : null]
}

const says =
  (text: string) =>
  (socket: Socket): void => {
    socket.write(text)
  }
const goingOn =
  (head: string, more: string) =>
  (socket: Socket): void => {
    socket.write(head)
    const write = (): void => {
      while (!socket.destroyed && socket.write(more));
      socket.once('drain', write)
    }
    write()
  }

test('what is no answer is a failure, at once', async (t) => {
  const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nhello'
  assert.deepEqual(await asked(t, says(upgrade)), ['refused', 'answered 101'])
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'
  assert.deepEqual(await asked(t, says(chunked)), ['refused', 'HPE_INVALID_CHUNK_SIZE'])
  assert.deepEqual(await asked(t, says('\0garbage\r\n\r\n')), ['refused', 'HPE_INVALID_CONSTANT'])
  const headers = `HTTP/1.1 200 OK\r\n${'X: a\r\n'.repeat(50_000)}\r\n`
  assert.deepEqual(await asked(t, says(headers)), ['refused', 'HPE_HEADER_OVERFLOW'])
  assert.deepEqual(await asked(t, (socket) => void socket.end()), ['refused', 'ECONNRESET'])
})

test('an answer without an end is one as soon as it is long enough; one without a beginning takes its time', async (t) => {
  const endless = 'x'.repeat(65_536)
  assert.deepEqual(await asked(t, goingOn('HTTP/1.1 200 OK\r\n\r\n', endless)), ['taken', null])
  assert.deepEqual(await asked(t, goingOn('HTTP/1.1 500 No\r\n\r\n', endless)), ['refused', 'answered 500'])
  assert.deepEqual(await asked(t, says('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx'), 50), [
    ...['refused', 'timeout'],
  ])
  assert.deepEqual(await asked(t, says('HTTP/1.1 103 Early Hints\r\n\r\n'), 50), ['refused', 'timeout'])
})
