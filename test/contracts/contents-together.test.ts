/** Small bodies in one file beside a log that keeps none: what is written stays, whose name is taken, and what a crash leaves. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { placesIn } from '../../src/content/places.ts'
import { type Bodies, ContentFull, ContentUnavailable } from '../../src/content/port.ts'
import { openContentStore } from '../../src/content/store.ts'
import { bodiesTogether } from '../../src/content/together/index.ts'
import { openMemoryLog } from '../../src/log/memory.ts'
import { type EventLog, kindOf } from '../../src/log/port.ts'
import { cannotMount, smallDisk } from '../faults/small-disk.ts'
import { scratch } from '../scratch.ts'

const opened = (context: TestContext, directory: string): Bodies => {
  const bodies = bodiesTogether({ directory })
  context.after(() => bodies.close())
  return bodies
}
const text = async (bodies: Bodies, id: string): Promise<string | null> => {
  const bytes = await bodies.read(id)
  return bytes && Buffer.from(bytes).toString()
}
const body = (id: string, of = id) => ({ id, bytes: Buffer.from(`body of ${of}`) })

test('what was written together is there after closing, and for others before it', async (context) => {
  const directory = scratch()
  const bodies = bodiesTogether({ directory })
  const ids = Array.from({ length: 300 }, (_, n) => `01j${String(n).padStart(17, '0')}`)
  assert.equal(await bodies.read(ids[0]!), null)
  assert.deepEqual(
    await Promise.all(ids.map((id) => bodies.write(body(id)))),
    ids.map(() => true),
  )
  const beside = opened(context, directory)
  assert.equal(await text(beside, ids[299]!), `body of ${ids[299]}`)
  await bodies.close()
  const again = opened(context, directory)
  for (const id of ids) assert.equal(await text(again, id), `body of ${id}`)
})

test('a name is taken once, within a batch and later; an empty body is a body', async (context) => {
  const bodies = opened(context, scratch())
  const fresh = await Promise.all([bodies.write(body('first')), bodies.write(body('first', 'second'))])
  assert.deepEqual(fresh, [true, false])
  assert.equal(await bodies.write(body('first', 'third')), false)
  assert.equal(await text(bodies, 'first'), 'body of first')
  await bodies.write({ id: 'empty', bytes: new Uint8Array() })
  assert.equal(await text(bodies, 'empty'), '')
})

test('what is taken away is gone, in the order of asking', async (context) => {
  const bodies = opened(context, scratch())
  const [, , fresh] = await Promise.all([
    bodies.write(body('one')),
    bodies.remove('one'),
    bodies.write(body('one', 'another')),
    bodies.write(body('two')),
  ])
  assert.equal(fresh, true)
  assert.equal(await text(bodies, 'one'), 'body of another')
  await Promise.all(['one', 'nothing', 'one'].map((id) => bodies.remove(id)))
  assert.equal(await text(bodies, 'one'), null)
  assert.equal(await text(bodies, 'two'), 'body of two')
})

test('a body that lies in a file of its own is found, too', async (context) => {
  const directory = scratch()
  const file = placesIn(directory).fileOf('01j0000000000000000a')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, 'from before')
  assert.equal(await text(opened(context, directory), '01j0000000000000000a'), 'from before')
})

test('reading makes no file; writing makes one', async (context) => {
  const directory = scratch()
  const bodies = opened(context, directory)
  assert.equal(await bodies.read('nothing'), null)
  assert.deepEqual(readdirSync(directory), [])
  await bodies.write(body('one'))
  assert.ok(readdirSync(directory).includes('bodies.sqlite'))
})

test('a file that is none of ours, or of a later release, is named, and written again once it is well', async (context) => {
  const directory = scratch()
  const { together } = placesIn(directory)
  const later = new DatabaseSync(together)
  later.exec('PRAGMA user_version = 99')
  const bodies = opened(context, directory)
  const tooNew = { name: 'ContentUnavailable', message: /bodies\.sqlite was written by a later release/ }
  await assert.rejects(bodies.write(body('one')), tooNew)
  await assert.rejects(bodies.read('one'), tooNew)
  later.exec('PRAGMA user_version = 0')
  later.close()
  assert.equal(await bodies.write(body('one')), true)
  const damaged = scratch()
  writeFileSync(placesIn(damaged).together, 'x'.repeat(20_000))
  const other = opened(context, damaged)
  await assert.rejects(other.write(body('one')), /bodies\.sqlite is damaged/)
  await assert.rejects(other.read('one'), ContentUnavailable)
})

test('a writer that does not answer is given up; the next body has another', async (context) => {
  const directory = scratch()
  const { together } = placesIn(directory)
  const bodies = bodiesTogether({ directory, answerWithin: 2_000 })
  context.after(() => bodies.close())
  await bodies.write(body('one'))
  const holder = new DatabaseSync(together)
  holder.exec('BEGIN IMMEDIATE')
  await assert.rejects(bodies.write(body('two')), /has not been written to for 2000 ms/)
  holder.exec('ROLLBACK')
  holder.close()
  assert.equal(await bodies.write(body('three')), true)
})

test('where there is no room, it says so, and takes bodies again when there is', {
  skip: cannotMount,
}, async (context) => {
  const disk = smallDisk(context, { megabytes: 8 })
  const bodies = bodiesTogether({ directory: join(disk.directory, 'data') })
  disk.closing(async () => bodies.close())
  await bodies.write(body('one'))
  disk.fill(200_000)
  await assert.rejects(bodies.write({ id: 'two', bytes: Buffer.alloc(500_000, 'x') }), ContentFull)
  disk.makeRoom()
  assert.equal(await bodies.write(body('two')), true)
  assert.equal(await text(bodies, 'one'), 'body of one')
})

const told = (log: EventLog, message: string, at: number) =>
  log.append([
    {
      ...{ stream: 'smtp_session-a', expected: at },
      events: [
        {
          id: `00000000-0000-4000-8000-${message.slice(-12)}`,
          kind: kindOf('MessageAccepted', 1, {}),
          at: 1,
          data: { message },
        },
      ],
    },
  ])

test('each start sweeps what came since the start before and has no event, also under a number that was free again', async (context) => {
  const directory = scratch()
  const log = openMemoryLog()
  const bodies = opened(context, directory)
  const sweep = async (): Promise<number> => {
    const store = await openContentStore({ directory, log })
    const { untold } = await store.swept
    await store.close()
    return untold
  }
  assert.equal(await sweep(), 0)
  const [first, second, third] = ['000000000001', '000000000002', '000000000003'].map((id) => `01j00000${id}`)
  await bodies.write(body(first!))
  await told(log, first!, -1)
  await bodies.write(body(second!))
  assert.equal(await sweep(), 1)
  assert.deepEqual([await text(bodies, first!), await text(bodies, second!)], [`body of ${first}`, null])
  // It has the number that the second had.
  await bodies.write(body(third!))
  assert.equal(await sweep(), 1)
  assert.equal(await text(bodies, third!), null)
  assert.equal(await sweep(), 0)
  assert.equal(await text(bodies, first!), `body of ${first}`)
})
