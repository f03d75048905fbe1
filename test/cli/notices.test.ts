/** Notices are lines that programs can read: each id under its own name. */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { noticesTo } from '../../src/cli/notices.ts'
import { parseConfig } from '../../src/config/load.ts'
import type { StoredEvent } from '../../src/log/port.ts'
import { startServer } from '../../src/main.ts'
import { greeted, Line, send } from '../client.ts'
import { configText, eventually, type Settings, scratch } from '../server.ts'

test('a notice is a line of JSON with the ids of what it is about', () => {
  const lines: string[] = []
  const { info, warn } = noticesTo({ write: (line) => void lines.push(line) })
  info('stopped')
  warn('it rains')
  warn('content could not be stored', new TypeError('no room'), { session: 's1', message: 'm1' })
  const told = lines.map((line) => {
    const { time, ...rest } = JSON.parse(line) as Record<string, unknown>
    assert.match(String(time), /^\d{4}-\d\d-\d\dT.*Z$/)
    return rest
  })
  assert.deepEqual(told, [
    { level: 30, msg: 'stopped' },
    { level: 40, msg: 'it rains' },
    {
      ...{ level: 40, session: 's1', message: 'm1', msg: 'content could not be stored' },
      err: { type: 'TypeError', message: 'no room' },
    },
  ])
})

/** A server whose notices are read as lines. */
const noticing = async (t: TestContext, settings: Settings = {}) => {
  const data = scratch()
  const lines: string[] = []
  const { config } = parseConfig(configText(settings), { shown: null, file: null, folder: data, data })
  const running = await startServer(config, noticesTo({ write: (line) => void lines.push(line) }))
  t.after(() => running.stop())
  const said = (words: RegExp) =>
    eventually(() =>
      lines
        .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
        .find(({ msg }) => words.test(String(msg))),
    )
  const events = async (): Promise<readonly StoredEvent[]> => {
    const found: StoredEvent[] = []
    for await (const page of running.log.readAll(0)) found.push(...page)
    return found
  }
  return { running, data, said, events, port: running.listeners[0]!.port }
}

test('what goes wrong in one session is said with its id, and that of the mail', async (t) => {
  const { data, said, events, port } = await noticing(t)
  const line = await greeted(port)
  rmSync(join(data, 'content'), { recursive: true, force: true })
  writeFileSync(join(data, 'content'), 'no folder')
  const reply = await send(line, `Subject: x\r\n\r\n${'y'.repeat(70)}`.repeat(2000), {
    to: ['postmaster@example.org'],
  })
  assert.match(reply, /^45[12] /)
  await line.say('QUIT')
  line.hangUp()
  const notice = await said(/^content could not be stored$/)
  const opened = await eventually(async () => (await events()).find(({ type }) => type === 'SessionOpened'))
  assert.equal(`smtp_session-${notice.session}`, opened.stream)
  assert.match(String(notice.message), /^[0-9a-z]{20}$/)
  assert.notEqual(notice.message, notice.session)
})

test('a connection that never became a conversation has a session, too', async (t) => {
  const { said, events, port } = await noticing(t, {
    proxy: { trusted: ['127.0.0.1/32'], protocols: ['proxy'] },
  })
  const line = await Line.to(port)
  line.send('EHLO no.header.example\r\n')
  const notice = await said(/sent no usable PROXY header$/)
  const opened = await eventually(async () => (await events()).find(({ type }) => type === 'SessionOpened'))
  assert.equal(`smtp_session-${notice.session}`, opened.stream)
  line.hangUp()
})
