import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { openContentReader, openContentStore } from '../../src/content/store.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { type EventLog, kindOf } from '../../src/log/port.ts'
import { contentContract } from './content.ts'

const newDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'fsmtp-content-'))

contentContract('files', async () => {
  const directory = await newDirectory()
  const log = openMemoryLog()
  const content = await openContentStore({ directory, log })
  const dispose = async (): Promise<void> => {
    await content.close()
    await log.close()
    await rm(directory, { recursive: true })
  }
  return { content, log, dispose }
})

const directoryFor = async (test: TestContext): Promise<string> => {
  const directory = await newDirectory()
  test.after(() => rm(directory, { recursive: true }))
  return directory
}
const accepted = kindOf('MessageAccepted', 1, {})
const tell = (log: EventLog, message: string) =>
  log.append([
    {
      stream: `smtp_session-${message}`,
      expected: -1,
      events: [{ id: message, kind: accepted, at: 0, data: { message } }],
    },
  ])
/** One run of a server: opens the store, writes bodies, tells of some; ends without a word. */
const run = async (directory: string, log: EventLog, bodies: { told?: string[]; untold?: string[] }) => {
  const content = await openContentStore({ directory, log })
  const swept = await content.swept
  for (const id of [...(bodies.told ?? []), ...(bodies.untold ?? [])]) {
    const writer = await content.begin(id)
    await writer.write(randomBytes(1000))
    await writer.finish()
  }
  for (const id of bodies.told ?? []) await tell(log, id)
  return { content, swept }
}

describe('files of message content', () => {
  it('are for their owner only, and lie spread over folders', async (test) => {
    const directory = await directoryFor(test)
    await run(directory, openMemoryLog(), { told: ['01aaaaaa7k', '01aaaaaa8m'] })
    const root = join(directory, 'content')
    assert.deepEqual(readdirSync(root).sort(), ['7k', '8m', 'incoming', 'opened.json'])
    assert.equal(statSync(join(root, '7k')).mode & 0o777, 0o700)
    assert.equal(statSync(join(root, '7k', '01aaaaaa7k')).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(join(root, 'incoming')), [])
  })

  it('that were never finished are swept at the next start', async (test) => {
    const directory = await directoryFor(test)
    const log = openMemoryLog()
    const { content } = await run(directory, log, {})
    const writer = await content.begin('01unfinished')
    await writer.write(randomBytes(1000))
    const { swept } = await run(directory, log, {})
    assert.deepEqual(swept, { unfinished: 1, untold: 0 })
    assert.deepEqual(readdirSync(join(directory, 'content', 'incoming')), [])
    await writer.discard()
  })

  it('of which no event tells are swept; the others stay', async (test) => {
    const directory = await directoryFor(test)
    const log = openMemoryLog()
    await run(directory, log, { told: ['01first'] })
    await run(directory, log, { told: ['01told'], untold: ['01untold'] })
    const { content, swept } = await run(directory, log, {})
    assert.deepEqual(swept, { unfinished: 0, untold: 1 })
    assert.equal(await content.read('01untold'), null)
    for (const id of ['01first', '01told']) assert.ok(await content.read(id))
    assert.deepEqual((await run(directory, log, {})).swept, { unfinished: 0, untold: 0 })
  })

  it('are never swept while an event tells of them, however new they look', async (test) => {
    const directory = await directoryFor(test)
    const log = openMemoryLog()
    await run(directory, log, { told: ['01old'] })
    await run(directory, log, {})
    await run(directory, log, {})
    // As after a restored backup: the event is from long before the last opening, the file is not.
    const file = join(directory, 'content', '00', '01old')
    utimesSync(file, new Date(), new Date())
    utimesSync(join(file, '..'), new Date(), new Date())
    assert.deepEqual((await run(directory, log, {})).swept, { unfinished: 0, untold: 0 })
    assert.ok(existsSync(file))
  })

  it('are swept when the only event that tells of them refuses them', async (test) => {
    const directory = await directoryFor(test)
    const log = openMemoryLog()
    await run(directory, log, { untold: ['01refused'] })
    const kind = kindOf('MessageRefused', 1, {})
    const event = { id: randomUUID(), kind, at: 1, data: { message: '01refused' } }
    await log.append([{ stream: 'smtp_session-1', expected: -1, events: [event] }])
    assert.deepEqual((await run(directory, log, {})).swept, { unfinished: 0, untold: 1 })
  })

  it('can be removed once they are refused, and removing nothing is nothing', async (test) => {
    const directory = await directoryFor(test)
    const content = await openContentStore({ directory, log: openMemoryLog() })
    const writer = await content.begin('01refused')
    await writer.write(randomBytes(1000))
    await writer.finish()
    await content.remove('01refused')
    await content.remove('01refused')
    assert.equal(await content.read('01refused'), null)
  })

  it('that are not ours are left alone', async (test) => {
    const directory = await directoryFor(test)
    const log = openMemoryLog()
    await run(directory, log, { told: ['01told'] })
    writeFileSync(join(directory, 'content', '00', 'notes.txt'), 'mine')
    writeFileSync(join(directory, 'content', 'README'), 'mine too')
    await run(directory, log, {})
    assert.ok(existsSync(join(directory, 'content', '00', 'notes.txt')))
    assert.ok(existsSync(join(directory, 'content', 'README')))
  })

  it('written by a run that has begun are safe from its own sweep', async (test) => {
    const directory = await directoryFor(test)
    const log = openMemoryLog()
    await run(directory, log, { untold: ['01garbage'] })
    const content = await openContentStore({ directory, log })
    const writer = await content.begin('01inflight')
    await writer.write(randomBytes(1000))
    await writer.finish()
    assert.deepEqual(await content.swept, { unfinished: 0, untold: 1 })
    assert.ok(await content.read('01inflight'))
  })

  it('are read by a process beside, which sweeps nothing', async (test) => {
    const directory = await directoryFor(test)
    const log = openMemoryLog()
    const { content } = await run(directory, log, { untold: ['01untold'] })
    const writer = await content.begin('01unfinished')
    const reader = openContentReader({ directory, log })
    assert.equal((await reader.read('01untold'))?.byteLength, 1000)
    assert.equal(readdirSync(join(directory, 'content', 'incoming')).length, 1)
    await writer.discard()
  })
})
