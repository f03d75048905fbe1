/** With Postfix's smtp-sink at the far side, in SMTP and in LMTP. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { freePort, start } from '../../../bench/process.ts'
import { requireProgram } from '../../programs.ts'
import { scratch } from '../../scratch.ts'
import { chunked, meet, one, send, summary, two } from './stage.ts'

type Sink = { readonly port: number; readonly dumps: () => Promise<readonly string[]> }

const sink = async (t: TestContext, ...flags: readonly string[]): Promise<Sink | null> => {
  const program = requireProgram(t, 'smtp-sink')
  if (program === null) return null
  const folder = scratch('sink')
  const port = await freePort()
  const owner = process.getuid?.() === 0 ? ['-u', 'root'] : []
  const args = [...owner, ...flags, '-d', join(folder, 'mail.'), `127.0.0.1:${port}`, '20']
  const running = await start({ command: program, args, port })
  t.after(() => running.stop())
  const dumps = async (): Promise<readonly string[]> => {
    const names = (await readdir(folder, { recursive: true })).filter((name) => name.startsWith('mail.'))
    return Promise.all(names.sort().map((name) => readFile(join(folder, name), 'latin1')))
  }
  return { port, dumps }
}

const message = ['Subject: x\r\n\r\n.one dot\r\n..two', ' dots\r\n.\r\nend'] as const

test('smtp-sink takes several messages over one connection, dots and all', async (t) => {
  const far = await sink(t)
  if (far === null) return
  const { wire } = await meet(far.port)
  assert.ok(wire.extensions.includes('PIPELINING'))
  for (let at = 0; at < 3; at++) {
    const sent = await send(wire, two, { content: chunked(...message) })
    assert.deepEqual(summary(sent), ['b@mx.example delivered 250', 'c@mx.example delivered 250'])
  }
  await wire.quit()
  const kept = await far.dumps()
  assert.equal(kept.length, 3)
  for (const text of kept)
    assert.ok(text.replaceAll('\r\n', '\n').includes('\n.one dot\n..two dots\n.\nend\n'), text)
})

test('smtp-sink in LMTP answers for each recipient', async (t) => {
  const far = await sink(t, '-L')
  if (far === null) return
  const { wire } = await meet(far.port, { options: { protocol: 'lmtp' } })
  const sent = await send(wire, two, { content: chunked(...message) })
  assert.deepEqual(summary(sent), ['b@mx.example delivered 250', 'c@mx.example delivered 250'])
  assert.equal(wire.usable, true)
  await wire.quit()
})

for (const [flag, command, result] of [
  ['-f', 'RCPT', 'failed'],
  ['-r', 'RCPT', 'deferred'],
  ['-r', 'MAIL', 'deferred'],
  ['-f', '.', 'failed'],
] as const) {
  test(`smtp-sink that refuses ${command} (${flag}): ${result}, and the connection serves on`, async (t) => {
    const far = await sink(t, flag, command)
    if (far === null) return
    const { wire } = await meet(far.port)
    for (let at = 0; at < 2; at++) {
      const sent = await send(wire, one)
      assert.deepEqual(
        sent.outcomes.map((outcome) => outcome.result),
        [result],
      )
      assert.equal(wire.usable, true)
    }
    await wire.quit()
  })
}

test('smtp-sink that hangs up at the final dot: uncertain', async (t) => {
  const far = await sink(t, '-q', '.')
  if (far === null) return
  const { wire } = await meet(far.port)
  const sent = await send(wire, one)
  assert.deepEqual(
    [sent.fault?.kind, sent.fault?.during, sent.uncertain],
    ['connection-lost', 'content', true],
  )
})
