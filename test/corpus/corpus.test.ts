/** Every file of this folder, thrown at a real server in every state. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { machines } from '../../machines/index.ts'
import { sessionMachine } from '../../machines/session/machine.ts'
import type { Service } from '../../machines/vocabulary/events.ts'
import { verifyLog } from '../../src/history/verify.ts'
import { Line } from '../client.ts'
import { startTestServer, type TestServer } from '../server.ts'

const here = dirname(fileURLToPath(import.meta.url))
const files = globSync('*.{txt,bin}', { cwd: here }).sort()

type Way = { readonly service: Service; readonly tls: boolean; readonly said: readonly string[] }
const mail = ['EHLO client.example', 'MAIL FROM:<a@b.example>', 'RCPT TO:<alice@example.org>', 'DATA']
const login = `AUTH PLAIN ${Buffer.from('\0alice@example.org\0open sesame').toString('base64')}`
const clear = (count: number): Way => ({ service: 'mx', tls: false, said: mail.slice(0, count) })

/** The states in which a client can speak, and how to get there. */
const ways: Readonly<Record<string, Way>> = {
  greeted: clear(0),
  identified: clear(1),
  addressing: clear(2),
  addressed: clear(3),
  receiving: clear(4),
  securing: { service: 'mx', tls: false, said: ['STARTTLS'] },
  authenticating: { service: 'submissions', tls: true, said: ['EHLO client.example', 'AUTH LOGIN'] },
  'identified, logged in': { service: 'submissions', tls: true, said: ['EHLO client.example', login] },
  'before the TLS handshake': { service: 'submissions', tls: false, said: [] },
}

let server: TestServer
before(async () => {
  const domains = [{ name: 'example.org' }]
  const limits = {
    loginFailures: { perAddress: 100_000, perAccount: 100_000 },
    sessionsPerAddress: 1000,
    commandTimeout: '3s',
  }
  server = await startTestServer({ domains, limits })
  await server.addAccount({ addresses: ['alice@example.org'], password: 'open sesame' })
  await server.addAccount({ addresses: ['bob@example.org'], password: 'tr0mbone, twice' })
})
after(() => server.stop())

const reach = async ({ service, tls, said }: Way, name: string): Promise<Line> => {
  const line = await Line.to(server.port(service))
  if (tls) await line.secure()
  if (service === 'mx' || tls) await line.reply()
  for (const command of said)
    assert.match(await line.say(command), /^[23]/, `${command} on the way to ${name}`)
  return line
}

/** RFC 5321 §4.2.3, RFC 4954 §6: what we may say, and nothing that came from the client. */
const reply =
  /^(?:2(?:14|20|21|35|50|52)|334|354|4(?:21|51|52|54)|5(?:0[0-4]|3[058]|5[0-5]))[ -][\x20-\x7e]*$/

/** Everything the server says until it closes. */
const rest = async (line: Line): Promise<string[]> => {
  const lines: string[] = []
  for (;;)
    try {
      lines.push(await line.read())
    } catch {
      // Closed in order, or reset because it did not wait for all we had to say.
      return lines
    }
}

test('the list of ways reaches every state in which a client can speak', () => {
  const reached = new Set(Object.keys(ways).map((name) => name.split(',')[0]))
  const silent = new Set(['arriving', 'closed'])
  for (const state of Object.keys(sessionMachine.states))
    assert.ok(silent.has(state) || reached.has(state), state)
})

for (const file of files)
  test(`${file}, in every state`, async () => {
    const bytes = readFileSync(join(here, file))
    const thrown = Object.entries(ways).map(async ([name, way]) => {
      const line = await reach(way, name)
      line.send(bytes)
      line.halfClose()
      // What is no whole handshake may wait for its other half; it has its time, and we do not wait for its end.
      if (name === 'securing' || name === 'before the TLS handshake') return line
      for (const said of await rest(line)) assert.match(said, reply, `${name}: ${JSON.stringify(said)}`)
      return line
    })
    const lines = await Promise.all(thrown)
    const next = await reach(clear(3), 'the next client')
    assert.match(await next.say('DATA'), /^354/)
    assert.match(await next.say(`Subject: after ${file}\r\n\r\nx\r\n.`), /^250 2\.6\.0/)
    assert.match(await next.say('QUIT'), /^221/)
    for (const line of [...lines, next]) line.hangUp()
  })

test('afterwards every session has an end, every history can be proved, and nobody had to complain', async () => {
  const wanted = files.length * Object.keys(ways).length
  const ended = await server.until(
    (events) => {
      const open = events.filter(({ type }) => type === 'SessionOpened').length
      return open >= wanted && events.filter(({ meta }) => meta.to === 'closed').length === open && open
    },
    { what: 'the end of every session' },
  )
  const findings: unknown[] = []
  const { transitions } = await verifyLog(server.running.log, {
    machines,
    books: null,
    content: null,
    found: (finding) => findings.push(finding),
  })
  assert.deepEqual(findings, [])
  assert.ok(transitions > ended * 2)
  const complaints = server.notices.filter((notice) => !/handshake|TLS|ssl|SSL|Socket closed/.test(notice))
  assert.deepEqual(complaints, [])
})
