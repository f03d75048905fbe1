/** Every conversation in this folder, held over a real socket; then every history they left, proved. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { machines } from '../../machines/index.ts'
import { verifyLog } from '../../src/history/verify.ts'
import type { StoredEvent } from '../../src/log/port.ts'
import type { TestServer } from '../server.ts'
import { accounts, type Called, callAt, everyHouse, houseOf } from './houses.ts'
import { Line } from './line.ts'
import { readScript, type Script, type Step } from './script.ts'

const here = dirname(fileURLToPath(import.meta.url))
const files = globSync('*.smtp', { cwd: here }).sort()

/** Those of the first session among them. */
const historyIn = (events: readonly StoredEvent[]): readonly StoredEvent[] => {
  const stream = events.find(({ type }) => type === 'SessionOpened')?.stream
  return stream === undefined ? [] : events.filter((event) => event.stream === stream)
}

const matches = (line: string, wanted: string): boolean =>
  wanted.endsWith('*') ? line.startsWith(wanted.slice(0, -1)) : line === wanted

const expect = async (line: Line, wanted: string): Promise<void> => {
  const got = await line.read()
  if (!matches(got, wanted)) assert.equal(got, wanted)
}

const handshake = async (line: Line, step: Extract<Step, { kind: 'tls' }>): Promise<void> => {
  if (step.refused) {
    await assert.rejects(line.secure(step))
    return
  }
  const secure = await line.secure(step)
  if (step.shows) assert.equal(secure.getPeerCertificate().subject.CN, step.shows)
}

const take = async (step: Step, line: Line, logged: (type: string) => Promise<void>): Promise<void> => {
  switch (step.kind) {
    case 'send':
      line.send(step.bytes)
      return
    case 'expect':
      return expect(line, step.line)
    case 'tls':
      return handshake(line, step)
    case 'closed':
      return line.closed()
    case 'quiet':
      assert.equal(line.unread, '')
      return
    case 'logged':
      return logged(step.type)
    case 'close':
      line.halfClose()
      return
    case 'reset':
      line.drop()
      return
  }
}

const hold = async (script: Script, { server, port, service }: Called, position: number): Promise<void> => {
  const line = await Line.to(port)
  const logged = async (type: string): Promise<void> => {
    await server.until((events) => historyIn(events).some((event) => event.type === type), {
      ...{ position, what: type },
    })
  }
  try {
    if (service === 'submissions' && !script.settings.plain && script.steps[0]?.kind !== 'tls')
      await line.secure()
    for (const step of script.steps)
      await take(step, line, logged).catch((error: Error) => {
        error.message = `line ${step.at}: ${error.message}`
        throw error
      })
  } finally {
    line.hangUp()
  }
}

/** Whether `value` has everything `wanted` has; lists must be as long. */
const includes = (value: unknown, wanted: unknown): boolean => {
  if (typeof wanted !== 'object' || wanted === null) return value === wanted
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(wanted) && (!Array.isArray(value) || value.length !== wanted.length)) return false
  return Object.entries(wanted).every(([key, inner]) =>
    includes((value as Record<string, unknown>)[key], inner),
  )
}

const checkHistory = async (script: Script, server: TestServer, position: number): Promise<void> => {
  if (script.history === null) {
    assert.deepEqual(historyIn(await server.events(position)), [])
    return
  }
  const events = await server.until(
    (all) => {
      const history = historyIn(all)
      return history.at(-1)?.meta.to === 'closed' && history
    },
    { position, what: 'the end of the history' },
  )
  assert.deepEqual(
    events.map(({ type }) => type),
    script.history,
  )
  for (const { type, data } of script.facts) {
    const candidates = events.filter((event) => event.type === type).map((event) => event.data)
    if (!candidates.some((candidate) => includes(candidate, data)))
      assert.deepEqual(candidates, data, `no ${type} has this data`)
  }
  if (script.content) await checkContent(script.content, events, server)
}

const checkContent = async (
  wanted: Buffer,
  events: readonly StoredEvent[],
  { running: { log } }: TestServer,
): Promise<void> => {
  const accepted = events.findLast(({ type }) => type === 'MessageAccepted')
  const bytes = await log.content(String(accepted?.data.message))
  assert.equal(bytes && Buffer.from(bytes).toString('latin1'), wanted.toString('latin1'))
}

type Dialogue = { readonly name: string; readonly script: Script }
const dialogues: readonly Dialogue[] = files.map((file) => ({
  name: basename(file, '.smtp'),
  script: readScript(readFileSync(join(here, file), 'utf8')),
}))

// One after another with each server, so that what is new in its log is the dialogue's own.
describe('dialogues', { concurrency: 4 }, () => {
  for (const [house, held] of Map.groupBy(dialogues, ({ name, script }) => houseOf(script.settings, name)))
    describe(house, { concurrency: 1 }, () => {
      for (const { name, script } of held)
        test(`${name}: ${script.why}`, async () => {
          const called = await callAt(script.settings, house)
          const position = await called.server.running.log.tail()
          await hold(script, called, position)
          await checkHistory(script, called.server, position)
        })
    })
})

test('every history can be lived again, and every message is where it was said to be', async () => {
  for (const server of await everyHouse()) {
    const findings: unknown[] = []
    const summary = await verifyLog(server.running.log, {
      machines,
      found: (finding) => findings.push(finding),
      content: null,
      books: null,
    })
    assert.deepEqual(findings, [])
    assert.equal(summary.streams, summary.ok)
  }
})

test('no history holds a password, in any coat', async () => {
  const coats = accounts.flatMap(({ addresses: [user], password }) => [
    password,
    Buffer.from(password).toString('base64').replace(/=+$/, ''),
    Buffer.from(`\0${user}\0${password}`).toString('base64').replace(/=+$/, ''),
  ])
  for (const server of await everyHouse()) {
    const text = JSON.stringify(await server.events())
    for (const coat of coats) assert.ok(!text.includes(coat), `${coat} is in the log`)
  }
})

after(async () => {
  await Promise.all((await everyHouse()).map((server) => server.stop()))
})
