import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { serveControl } from '../../src/control.ts'
import type { EventLog } from '../../src/log/port.ts'
import { openSqliteLog, openSqliteReader } from '../../src/log/sqlite/index.ts'
import { viewsFile } from '../../src/views/database.ts'
import { openViews, startViews } from '../../src/views/index.ts'
import { eventually } from '../eventually.ts'
import { Teller } from '../projections/marbles.ts'
import { atEnd, directoryFor } from '../projections/views.ts'
import { story } from './stories.ts'

const until = (isSo: () => boolean | Promise<boolean>, what: string): Promise<boolean> =>
  eventually(isSo, { what })

test('beside a server the views follow the log, and readers wait for them', async (context) => {
  const directory = directoryFor(context)
  const log = await openSqliteLog({ directory })
  atEnd(context, () => log.close())
  const control = await serveControl(directory, log)
  atEnd(context, () => control.close())
  const views = await startViews({ directory })
  atEnd(context, () => views.stop())
  const readerLog = openSqliteReader({ directory })
  atEnd(context, () => readerLog.close())
  const reader = openViews({ directory, log: readerLog })
  atEnd(context, () => reader.close())
  const teller = new Teller(log)
  for (let message = 1; message <= 5; message++) {
    await teller.tell(`t${message}:open t${message}:accept(t${message} a@x)`)
    assert.deepEqual(await reader.caughtUp(), { behind: 0, stopped: [], foreign: [] })
    assert.equal(reader.mailbox('a@x')?.length, message)
  }
  const tail = await log.tail()
  await until(() => views.position() === tail, 'the position of the last event')

  const before = await reader.checked()
  assert.deepEqual(await reader.rebuild(['mailboxes']), { behind: 0, stopped: [], foreign: [] })
  const after = await reader.checked()
  const sums = (all: typeof before) => all.map(({ name, checksum }) => `${name} ${checksum}`)
  assert.deepEqual(sums(after), sums(before))
  const rebuilt = after.filter(({ generation }, at) => generation !== before[at]!.generation)
  assert.deepEqual(
    rebuilt.map(({ name }) => name),
    ['mailboxes'],
  )
})

test('the server itself can have a view built again', async (context) => {
  const directory = directoryFor(context)
  const log = await openSqliteLog({ directory })
  atEnd(context, () => log.close())
  const views = await startViews({ directory })
  atEnd(context, () => views.stop())
  await new Teller(log).tell('open accept(t1 a@x)')
  await until(() => views.position() === 2, 'the last position')
  const reader = openViews({ directory, log })
  atEnd(context, () => reader.close())
  const generation = async () => (await reader.status()).find(({ name }) => name === 'sessions')!.generation
  const before = await generation()
  views.rebuild('sessions')
  await until(async () => (await generation()) > before, 'another generation')
  assert.equal(reader.session('s1')?.outcome, 'open')
})

test('a reader of a server that is too busy says how far behind it is', async (context) => {
  const directory = directoryFor(context)
  const log = await openSqliteLog({ directory })
  atEnd(context, () => log.close())
  // A server is there, but nothing keeps the views.
  const control = await serveControl(directory, log)
  atEnd(context, () => control.close())
  await new Teller(log).tell('open ehlo quit')
  const reader = openViews({ directory, log })
  atEnd(context, () => reader.close())
  assert.deepEqual(await reader.caughtUp({ timeout: 30 }), { behind: 3, stopped: [], foreign: [] })
})

test('without a server whoever reads folds what is missing', async (context) => {
  const directory = directoryFor(context)
  const log = await openSqliteLog({ directory })
  await new Teller(log).tell('open accept(t1 a@x)')
  await log.close()
  const readerLog = openSqliteReader({ directory })
  atEnd(context, () => readerLog.close())
  const reader = openViews({ directory, log: readerLog })
  atEnd(context, () => reader.close())
  assert.deepEqual(await reader.caughtUp(), { behind: 0, stopped: [], foreign: [] })
  assert.equal(reader.mailbox('a@x')?.length, 1)
  reader.close()
  for (const suffix of ['', '-wal', '-shm']) rmSync(viewsFile(directory) + suffix, { force: true })
  await reader.caughtUp()
  assert.equal(reader.mailbox('a@x')?.length, 1)
})

const rowCount = 'SELECT count(*) AS rows FROM messages'
const position = `SELECT position FROM views WHERE name = 'messages' AND role = 'live'`

/** Rows and position as a reader finds them after a crash. */
const found = (directory: string): { rows: number; position: number } => {
  const db = new DatabaseSync(viewsFile(directory), { timeout: 5_000 })
  try {
    return {
      rows: Number(db.prepare(rowCount).get()?.rows),
      position: Number(db.prepare(position).get()?.position),
    }
  } finally {
    db.close()
  }
}

const acceptedUpTo = async (log: Pick<EventLog, 'readAll'>, last: number): Promise<number> => {
  let count = 0
  for await (const page of log.readAll(0))
    for (const event of page) if (event.position <= last && event.type === 'MessageAccepted') count++
  return count
}

test('killed in the middle, rows and position still belong together', async (context) => {
  const directory = directoryFor(context)
  const log = await openSqliteLog({ directory })
  atEnd(context, () => log.close())
  const teller = new Teller(log)
  await teller.tell(story({ seed: 77, sessions: 150 }))
  const tail = await log.tail()
  const program = fileURLToPath(new URL('./slow-runner.ts', import.meta.url))
  let crashes = 0
  for (let last = 0; last < tail; ) {
    const child = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
    // It says something after each batch; the kill falls somewhere into the next ones.
    let said = 0
    child.stdout.on('data', () => {
      if (++said === 2 + (crashes % 2)) child.kill('SIGKILL')
    })
    await once(child, 'close')
    if (child.signalCode === 'SIGKILL') crashes++
    const { rows, position: at } = found(directory)
    assert.equal(rows, await acceptedUpTo(log, at), `rows up to position ${at}`)
    assert.ok(at > last || at === tail, 'it went on from where it was')
    last = at
  }
  assert.ok(crashes >= 3, `only ${crashes} crashes`)
})

test('a thread that ends before it is ready keeps nobody waiting; one that ends later is told of', async (context) => {
  const directory = directoryFor(context)
  const programOf = (text: string) => new URL(`data:text/javascript,${encodeURIComponent(text)}`)
  await assert.rejects(
    startViews({ directory, script: programOf('await new Promise(() => {})') }),
    /the thread that keeps the views ended \(exit code 13\)/,
  )
  const said = Promise.withResolvers<string>()
  await startViews({
    ...{ directory, notice: said.resolve },
    script: programOf(
      "import { parentPort } from 'node:worker_threads'; parentPort.postMessage({ kind: 'ready' })",
    ),
  })
  assert.match(await said.promise, /^the views are no longer kept: the thread that keeps the views ended/)
})
