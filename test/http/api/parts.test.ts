/** Parts of a mail, asked for by clients who stay, and by those who leave. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { attachmentNamed } from '../../../src/http/api/file-name.ts'
import { leaving } from '../../../src/http/api/leaving.ts'
import { apiServer } from './asking.ts'

test('an attachment is saved under the name it came with, and nothing else', () => {
  const names: readonly (readonly [string | null, string])[] = [
    [null, 'attachment'],
    ['', 'attachment'],
    ['..', 'attachment'],
    ['invoice.pdf', 'attachment; filename="invoice.pdf"'],
    ['../etc/passwd', 'attachment; filename="_etc_passwd"'],
    ['a"b;\r\nX-Y: z', `attachment; filename="a_b;X-Y: z"; filename*=UTF-8''a%22b%3BX-Y%3A%20z`],
    ['50%.txt', `attachment; filename="50_.txt"; filename*=UTF-8''50%25.txt`],
    ['Grüße (1).pdf', `attachment; filename="Gr__e (1).pdf"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%281%29.pdf`],
    ['a\u202efdp.exe', 'attachment; filename="afdp.exe"'],
    ['\ud800.txt', `attachment; filename="_.txt"; filename*=UTF-8''%EF%BF%BD.txt`],
    [`${'n'.repeat(1000)}.pdf`, `attachment; filename="${'n'.repeat(196)}.pdf"`],
  ]
  for (const [name, expected] of names) assert.equal(attachmentNamed(name), expected)
})

test('an attachment of any encoding comes with its name and its bytes', async (t) => {
  const api = await apiServer(t)
  const id = await api.mail(
    [
      'Content-Type: multipart/mixed; boundary=x\r\n',
      '--x\r\n\r\nhello',
      '--x\r\nContent-Type: text/csv; name="Gr=?utf-8?q?=C3=BC=C3=9Fe?=.csv"\r\n\r\na,b\r\nc,d',
      '--x--',
    ].join('\r\n'),
  )
  const saved = await api.ask(`/messages/${id}/parts/1`)
  assert.equal(saved.text, 'a,b\r\nc,d')
  assert.equal(
    saved.headers['content-disposition'],
    `attachment; filename="Gr__e.csv"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.csv`,
  )
})

test('a mail of ten megabytes in short lines is told, from its beginning', async (t) => {
  const api = await apiServer(t)
  const id = await api.mail(`Subject: long\r\n\r\n${'word word word\r\n'.repeat(600_000)}`)
  const parts = await api.get(`/messages/${id}/parts`)
  assert.match(String(parts.text), /^(?:word word word\n){10000}/)
  assert.equal(parts.truncated, true)
})

test('a client that leaves is known to have left, and one that stays is not', async (t) => {
  const signals: AbortSignal[] = []
  const server = createServer((_, raw) => {
    signals.push(leaving({ raw } as Parameters<typeof leaving>[0]))
    server.emit('asked')
  })
  t.after(() => server.closeAllConnections())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const asking = async () => {
    const socket = connect(port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(server, 'asked')
    return socket
  }
  const stays = await asking()
  const leaves = await asking()
  const left = once(signals[1]!, 'abort')
  leaves.destroy()
  await left
  assert.equal(signals[0]!.aborted, false)
  stays.destroy()
  server.close()
})
