/** A line for each mail, session and attempt, where the configuration asks for it; with ids, and without what is nobody's business. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { noticesTo } from '../../src/cli/notices.ts'
import { parseConfig } from '../../src/config/load.ts'
import { around } from '../../src/log/around.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { openMailLines } from '../../src/mail-lines/index.ts'
import { acceptedAs, greeted } from '../client.ts'
import { configText, eventually, type Settings, startTestServer } from '../server.ts'

type Line = Readonly<Record<string, unknown>>

/** A playground, and the lines of JSON that stand on its standard error. */
const telling = async (t: TestContext, settings: Settings) => {
  const lines: Line[] = []
  const hears = noticesTo({ write: (text) => lines.push(JSON.parse(text) as Line) })
  const loopback = (service: string) => ({ service, address: '127.0.0.1', port: 0 })
  const server = await startTestServer(
    {
      ...{ playground: true, hostname: 'localhost', domains: [], listeners: ['mx'].map(loopback) },
      delivery: { retry: ['1h'], warnAfter: '2h', giveUpAfter: '5h' },
      ...settings,
    },
    { hears },
  )
  t.after(() => server.stop())
  const said = (msg: string) => lines.filter((line) => line.msg === msg)
  return { server, lines, said }
}

/** What is given to some, refused for one, and put off, delivered and bounced for others. */
const happen = async (port: number): Promise<string> => {
  const line = await greeted(port)
  const to = ['bob@example.org', '551@example.org', 'a@deferred.test', 'b@delivered.test', 'c@bounced.test']
  for (const command of ['MAIL FROM:<a@example.net>', ...to.map((one) => `RCPT TO:<${one}>`), 'DATA'])
    await line.say(command)
  const id = acceptedAs(await line.say('Subject: between us\r\n\r\nnot for the log\r\n.'))
  for (const command of ['MAIL FROM:<a@example.net>', 'RCPT TO:<bob@example.org>', 'DATA'])
    await line.say(command)
  await line.say(`${'Received: x\r\n'.repeat(101)}\r\nbetween us\r\n.`)
  await line.say('QUIT')
  line.hangUp()
  return id ?? assert.fail('not accepted')
}

test('each mail, refusal, session and attempt has its line, with the ids that lead on', async (t) => {
  const { server, lines, said } = await telling(t, { logging: { mail: true } })
  const message = await happen(server.port('mx'))
  await eventually(() => said('a delivery failed').length === 1 && said('a notice was written').length === 1)
  await eventually(
    () => said('a delivery was put off').length === 1 && said('a mail was delivered').length === 1,
  )
  await eventually(() => said('a session ended').length === 1)
  const [accepted] = said('a mail was accepted')
  const { session } = accepted ?? {}
  assert.match(String(session), /^[0-9a-z]{20}$/)
  const { time, level, size, ...rest } = accepted ?? {}
  assert.equal(level, 30)
  assert.ok(!Number.isNaN(Date.parse(String(time))) && Number(size) > 0)
  assert.deepEqual(rest, {
    ...{
      msg: 'a mail was accepted',
      session,
      peer: '127.0.0.1',
      message,
      user: null,
      sender: 'a@example.net',
    },
    recipients: ['bob@example.org', 'a@deferred.test', 'b@delivered.test', 'c@bounced.test'],
    recipientCount: 4,
  })
  const [refused] = said('a recipient was refused')
  assert.deepEqual(
    [
      refused?.session,
      refused?.sender,
      refused?.recipient,
      String(refused?.reply).slice(0, 3),
      refused?.peer,
    ],
    [session, 'a@example.net', '551@example.org', '551', '127.0.0.1'],
  )
  assert.equal(typeof refused?.reason, 'string')
  const [mail] = said('a mail was refused')
  assert.deepEqual([mail?.session, mail?.reason, mail?.reply], [session, 'mail-loop', '554 5.4.6'])
  const [ended] = said('a session ended')
  assert.deepEqual(
    [ended?.session, ended?.service, ended?.helo, ended?.messages, ended?.refusals, ended?.reason],
    [session, 'mx', 'client.example', 1, 2, 'quit'],
  )
  const [off] = said('a delivery was put off')
  assert.deepEqual([off?.message, off?.attempt, off?.recipients], [message, 1, ['a@deferred.test']])
  assert.match(String(off?.reply), /^4\d\d /)
  assert.ok(Date.parse(String(off?.nextAttemptAt)) > Date.now())
  assert.equal(String(off?.delivery).slice(0, -6), message)
  const [failed] = said('a delivery failed')
  assert.match(String(failed?.reply), /^5\d\d /)
  assert.equal(typeof failed?.ms, 'number')
  const [notice] = said('a notice was written')
  assert.deepEqual((notice?.cause as Line | undefined)?.delivery, failed?.delivery)
  assert.doesNotMatch(JSON.stringify(lines), /between us|not for the log/)
})

test('where nobody asked for lines there are none, and the log is waited for as it is', async (t) => {
  const { server, lines } = await telling(t, {})
  await happen(server.port('mx'))
  await server.until((events) => events.some(({ type }) => type === 'Failed'))
  assert.deepEqual(lines, [])
  const config = (mail: boolean) =>
    parseConfig(configText({ logging: { mail } }), { shown: null, file: null, folder: '/', data: '/' }).config
  const stored = Promise.resolve({ position: 1 })
  const told: string[] = []
  const mailLines = openMailLines(config(false), (what) => told.push(what))
  const log = mailLines.watchedLog(around(openMemoryLog(), { append: () => stored }))
  assert.equal(log.append([]), stored)
  // It is asked for while the server runs.
  mailLines.reload(config(true))
  assert.notEqual(log.append([]), stored)
  assert.deepEqual(told, [])
})
